import { check, positive } from "../check/index.js";
import { full, scope, type Tensor, zeros } from "../tensor/index.js";
import { floatTypeOf, mapFloats } from "./aligned.js";
import { checked } from "./checked.js";
import { type KnownNormSetting, scaledNorm } from "./joint-norm.js";
import { knownNormKinds } from "./kinds.js";
import { normClip } from "./norm-clip.js";
import { own } from "./own.js";
import type { Transform } from "./transform.js";

/** What a treatment of the gradient did at the last step, for reading; the next step does not depend on it. */
export interface NormState {
  /** |g| before: scalar. Infinity if it exceeds the type's range, though the clipping itself is right then. */
  readonly norm: Tensor;
  /** |g| after: scalar. */
  readonly normAfter: Tensor;
  /** What |g| was multiplied by: scalar. 1 if nothing was clipped. */
  readonly factor: Tensor;
}

/**
 * Clips the gradient by its norm over all parameters jointly.
 *
 *     if |g| > v:  g <- g v / |g|          (10.48, 10.49)
 *
 * The direction stays (cosine 1) and the norm is at most v, both up to rounding, at any scale of g. A zero gradient
 * stays zero. A gradient with Inf or NaN is passed on as it is: what to do about it is another policy's business
 * (`onExplosion`).
 *
 * The state tells the norm before, the norm after, min(|g|, v), and the factor, min(1, v / |g|); all three come from the
 * one norm that the clipping needs.
 *
 * @param threshold v, positive, in units of the gradient; Infinity never clips and still records the norm.
 * @throws RangeError if the threshold is not positive.
 * @see Goodfellow, Bengio, Courville (2016), equations 10.48 and 10.49, after Pascanu et al. (2013).
 * @example
 * const clip = clipByJointNorm(1);
 * const params = { w: tensor([0, 0]), b: tensor([0]) };
 * const { updates, state } = clip.update({ w: tensor([0, 3]), b: tensor([4]) }, clip.init(params), params);
 * // updates { w: [0, 0.6], b: [0.8] }, state { norm: 5, normAfter: 1, factor: 0.2 }
 */
export function clipByJointNorm(threshold: number): Transform<NormState, KnownNormSetting> {
  check("clipByJointNorm", "threshold", threshold, positive);
  return checked(
    "clipByJointNorm",
    ["norm", "factor"],
    {
      init(params) {
        const dtype = floatTypeOf(params);
        return { norm: zeros([], dtype), normAfter: zeros([], dtype), factor: full([], 1, dtype) };
      },
      update: (grads, _, params, settings) =>
        scope(() => {
          const found = scaledNorm(grads, settings?.knownNorm);
          const { clip, normAfter, factor } = normClip(found, threshold);
          const updates = mapFloats("clipByJointNorm", grads, { parameter: params }, clip);
          return {
            updates,
            state: {
              norm: own(found.norm) as Tensor,
              normAfter: normAfter as Tensor,
              factor: factor as Tensor,
            },
          };
        }),
    },
    knownNormKinds,
  );
}
