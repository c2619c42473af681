import { cast, div, less, mul, where } from "../ops/index.js";
import { full, scope, type Tensor, zeros } from "../tensor/index.js";
import { floatTypeOf, mapFloats, perType } from "./aligned.js";
import { checkPositive } from "./check-settings.js";
import { scaledNorm } from "./joint-norm.js";
import type { Transform } from "./transform.js";

/** State of `clipByJointNorm`: what the last step did, for reading; the next step does not depend on it. */
export interface JointNormState {
  /** |g| before clipping: scalar. Infinity if it exceeds the type's range, though the clipping itself is right then. */
  readonly norm: Tensor;
  /** What the gradient was multiplied by, min(1, v / |g|): scalar. */
  readonly factor: Tensor;
}

/**
 * Clips the gradient by its norm over all parameters jointly.
 *
 *     if |g| > v:  g <- g v / |g|          (10.48, 10.49)
 *
 * The direction stays (cosine 1) and the norm is at most v, both up to rounding, at any scale of g. A zero gradient
 * stays zero. A gradient with Inf or NaN is passed on as it is: what to do about it is another policy's business
 * (`skipNonFinite`, `stopNonFinite`).
 *
 * @param threshold v, positive, in units of the gradient; Infinity never clips and still records the norm.
 * @throws RangeError if the threshold is not positive.
 * @see Goodfellow, Bengio, Courville (2016), equations 10.48 and 10.49, after Pascanu et al. (2013).
 * @example
 * const clip = clipByJointNorm(1);
 * const params = { w: tensor([0, 0]), b: tensor([0]) };
 * const { updates, state } = clip.update({ w: tensor([0, 3]), b: tensor([4]) }, clip.init(params), params);
 * // updates { w: [0, 0.6], b: [0.8] }, state { norm: 5, factor: 0.2 }
 */
export function clipByJointNorm(threshold: number): Transform<JointNormState> {
  checkPositive("clipByJointNorm", "threshold", threshold);
  return {
    init(params) {
      const dtype = floatTypeOf(params);
      return { norm: zeros([], dtype), factor: full([], 1, dtype) };
    },
    update: (grads, _, params) =>
      scope(() => {
        const { norm, scale, root, finite } = scaledNorm(grads);
        const clipped = mul(finite, less(threshold, norm));
        // v / |g| alone may be too small a number for float32; its two factors are not.
        const divisor = where(clipped, scale, 1);
        const multiplier = where(clipped, div(threshold, root), 1);
        const parts = perType((dtype) => [cast(divisor, dtype), cast(multiplier, dtype)] as const);
        const updates = mapFloats("clipByJointNorm", grads, { parameter: params }, (g) => {
          const [d, m] = parts(g.dtype);
          return mul(div(g, d), m);
        });
        const factor = div(multiplier, divisor);
        return { updates, state: { norm: norm as Tensor, factor: factor as Tensor } };
      }),
  };
}
