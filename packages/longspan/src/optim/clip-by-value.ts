import { check, positive } from "../check/index.js";
import { less, where } from "../ops/index.js";
import { scope } from "../tensor/index.js";
import { mapFloats } from "./aligned.js";
import { checked } from "./checked.js";
import type { Transform } from "./transform.js";

/** State of a transform that has none. */
export type NoState = Readonly<Record<string, never>>;

/**
 * Clips the gradient element by element.
 *
 *     g_i <- min(max(g_i, -limit), limit)
 *
 * The direction changes, but the result is still a descent direction: g . clip(g) > 0 unless g = 0. NaN stays NaN; an
 * infinite element becomes the limit, so a guard against them (`onExplosion`) goes around the clipping. What it did to
 * the norm is told by `measured(clipByValue(limit))`; the clipping itself needs no norm.
 *
 * @param limit positive, in units of the gradient.
 * @throws RangeError if the limit is not positive.
 * @see Goodfellow, Bengio, Courville (2016), section 10.11.1, after Mikolov (2012).
 * @example
 * const params = { w: tensor([1, 2]) };
 * clipByValue(1).update({ w: tensor([-3, 0.5]) }, {}, params).updates; // { w: [-1, 0.5] }
 */
export function clipByValue(limit: number): Transform<NoState> {
  check("clipByValue", "limit", limit, positive);
  return checked("clipByValue", [], {
    init: () => ({}),
    update: (grads, _, params) =>
      scope(() => ({
        // Comparisons rather than min and max, which may drop a NaN.
        updates: mapFloats("clipByValue", grads, { parameter: params }, (g) =>
          where(less(limit, g), limit, where(less(g, -limit), -limit, g)),
        ),
        state: {},
      })),
  });
}
