import { cast, div, equal, mul, neg, normal, sub, where } from "../ops/index.js";
import { type Key, leaves, mapTree, scope, type Value, zeros } from "../tensor/index.js";
import { perType } from "./aligned.js";
import { scaledNorm } from "./joint-norm.js";
import { learningRateOf } from "./learning-rate.js";
import type { StepSettings } from "./transform.js";

/** A step in a direction drawn uniformly, worked out when it is asked for. */
export interface RandomStep<P> {
  /** 1 if its length is a finite number in the types of the parameters, else 0 (int32 scalar). */
  readonly possible: Value;
  /** -alpha v u */
  updates(): P;
}

/**
 * The random step in place of a gradient. Call it inside a scope.
 *
 * @param length v
 * @param usual alpha where the settings give none
 * @throws TypeError if there is no key or no learning rate
 */
export function randomStep<P>(
  params: P,
  length: number,
  usual: number | undefined,
  { key, learningRate = usual }: StepSettings = {},
): RandomStep<P> {
  if (key === undefined)
    throw new TypeError(
      "onExplosion: a random step needs a key; give one in the settings of each step, such as { key: key.fold(step) }",
    );
  if (learningRate === undefined)
    throw new TypeError(
      "onExplosion: a random step needs a learning rate; give one in the settings of the step or in the policy",
    );
  const rate = learningRateOf("onExplosion", params, 0, { learningRate });
  const rates = perType((dtype) => neg(cast(rate, dtype)));
  let possible: Value = equal(sub(rate, rate), 0);
  for (const dtype of new Set(leaves(params).map((v) => v.dtype))) {
    if (dtype === "int32") continue;
    const product = mul(rates(dtype), length);
    possible = mul(possible, equal(sub(product, product), 0));
  }
  return {
    possible,
    updates: () =>
      scope(() =>
        mapTree(randomVector(key, params, length), (v) => (v.dtype === "int32" ? v : mul(v, rates(v.dtype)))),
      ),
  };
}

/**
 * A vector of uniform direction over all float elements of a tree jointly: independent normal numbers, divided by their
 * joint norm. Call it inside a scope.
 *
 * @param like tree that gives form, shapes and types; leaves of type int32 give zeros.
 * @param length the joint norm of the result: positive, finite in the types of the tree.
 */
function randomVector<P>(key: Key, like: P, length: number): P {
  let drawn = 0;
  const numbers = mapTree(like, (v) =>
    v.dtype === "int32" ? zeros(v.shape, "int32") : normal(key.fold(drawn++), v.shape, v.dtype),
  );
  const { scale, root } = scaledNorm(numbers);
  // Normal numbers that are all 0 have no direction. It happens to a single float32 number once in 2^24 draws.
  const lost = equal(root, 0);
  const elements = leaves(like).reduce((n, v) => n + (v.dtype === "int32" ? 0 : v.size), 0);
  const divisor = where(lost, Math.sqrt(elements), root);
  const parts = perType((dtype) => [cast(scale, dtype), cast(divisor, dtype)] as const);
  return mapTree(numbers, (v) => {
    if (v.dtype === "int32") return v;
    const [s, d] = parts(v.dtype);
    return mul(div(where(lost, 1, div(v, s)), d), length);
  });
}
