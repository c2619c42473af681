import { atLeastZero, check, checkSettings, optional, size } from "../../check/index.js";
import { add, div, mean, mul, reshape, sqrt, square, sub } from "../../ops/index.js";
import { formatShape, ones, ShapeError, type Tensor, type Value, zeros } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import type { Layer } from "../module.js";
import { checkApply, checkInit } from "./check-call.js";

/** Settings of `layerNorm`. */
export interface LayerNormConfig {
  /** Elements of the last axis. */
  readonly features: number;
  /** Added to the variance, in squared units of x; 1e-5 by default. */
  readonly epsilon?: number;
}

/** Parameters of `layerNorm`: gain [features], bias [features]. */
export interface LayerNormParams {
  readonly gain: Tensor;
  readonly bias: Tensor;
}

/**
 * Layer normalisation: mean 0 and variance 1 over the last axis, then a gain and a bias per element. See
 * `layerNormalise`.
 *
 * x [..., features] gives the same shape. Parameters gain [features], 1 at first, and bias [features], 0 at first.
 *
 * @throws ShapeError if x does not end in an axis of `features` elements
 * @example
 * const norm = layerNorm({ features: 3 });
 * norm.apply(norm.init(Key.of(1)), tensor([[1, 2, 3]])) // [[-1.2247, 0, 1.2247]]
 */
export function layerNorm(config: LayerNormConfig): Layer<LayerNormParams> {
  const { features, epsilon = 1e-5 } = checkSettings("layerNorm", config, {
    features: size,
    epsilon: optional(atLeastZero),
  });
  return {
    input: [features],
    features,
    init(key, dtype = "float32") {
      checkInit("layerNorm", key, dtype);
      return { gain: ones([features], dtype), bias: zeros([features], dtype) };
    },
    apply(params, x) {
      checkApply("layerNorm", params, x);
      check("layerNorm.apply", "params.gain", params.gain, valueKind);
      check("layerNorm.apply", "params.bias", params.bias, valueKind);
      if (x.shape.at(-1) !== features)
        throw new ShapeError(
          `layerNorm: the input is ${formatShape(x.shape)}, expected ${features} elements on the last axis`,
        );
      return layerNormalise(x, params.gain, params.bias, epsilon);
    },
  };
}

/**
 * Layer normalisation as a function, for use inside a cell too:
 *
 *     y = gain (x - mean(x)) / sqrt(var(x) + epsilon) + bias
 *
 * with mean and variance over the last axis; the variance divides by the number of elements, not by one less.
 *
 * @param x [..., n] @param gain [n] @param bias [n]
 * @param epsilon added to the variance; keeps a constant x, whose result is the bias, from dividing by zero
 * @see Ba, Kiros, Hinton (2016), "Layer normalization", equations 2 to 4
 * @example layerNormalise(tensor([1, 2, 3]), ones([3]), zeros([3])) // [-1.2247, 0, 1.2247]
 */
export function layerNormalise(x: Value, gain: Value, bias: Value, epsilon = 1e-5): Value {
  check("layerNormalise", "x", x, valueKind);
  check("layerNormalise", "gain", gain, valueKind);
  check("layerNormalise", "bias", bias, valueKind);
  check("layerNormalise", "epsilon", epsilon, atLeastZero);
  const perRow = [...x.shape.slice(0, -1), 1];
  const centred = sub(x, reshape(mean(x, -1), perRow));
  const variance = reshape(mean(square(centred), -1), perRow);
  return add(mul(div(centred, sqrt(add(variance, epsilon))), gain), bias);
}
