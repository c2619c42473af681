import {
  cast,
  cos,
  cumulativeSum,
  equal,
  iota,
  lessEqual,
  log,
  minimum,
  mul,
  reshape,
  slice,
  sqrt,
  sub,
  sum,
} from "../../ops/index.js";
import type { DType, Value } from "../../tensor/index.js";

/** Standard normal numbers by the Box-Muller transform. @param uniform [..., 2 features] in [0, 1) @returns [..., features] */
export function normalsOf(uniform: Value): Value {
  const features = uniform.shape.at(-1)! / 2;
  const [a, b] = [slice(uniform, -1, 0, features), slice(uniform, -1, features, 2 * features)];
  // 1 - u lies in (0, 1], so the logarithm is finite.
  return mul(sqrt(mul(log(sub(1, a)), -2)), cos(mul(b, 2 * Math.PI)));
}

/**
 * The class that a uniform number falls to, one-hot.
 * @param probabilities [..., classes] @param uniform [..., 1]
 */
export function drawnClass(probabilities: Value, uniform: Value): Value {
  const { dtype, shape } = probabilities;
  const passed = sum(cast(lessEqual(cumulativeSum(probabilities), uniform), dtype), -1);
  // Rounding may leave a crumb above the last sum.
  return oneHot(minimum(passed, shape.at(-1)! - 1), shape.at(-1)!, dtype);
}

/** 1 at a class, 0 at the others. @param index [...] @returns [..., classes] */
export function oneHot(index: Value, classes: number, dtype: DType): Value {
  const positions = cast(iota([classes]), index.dtype);
  return cast(equal(positions, reshape(index, [...index.shape, 1])), dtype);
}
