// The treatments of the gradient that are compared, and the settings among which each is tuned: as many for each.

import { clipByJointNorm, clipByValue, compose, onExplosion, sgd } from "longspan";

/** Thresholds v, each in the unit of its method. */
export const thresholds = {
  element: [0.03, 0.1, 0.3],
  joint: [0.3, 1, 3],
  hidden: [0.0003, 0.003, 0.03],
  random: [1, 3, 10],
};

export const methods = Object.keys(thresholds);

/**
 * The optimiser of a method, and what is clipped inside the recurrence.
 *
 *     element   g_i clipped to [-v, v]
 *     joint     g v / |g| where |g| > v
 *     hidden    each element of the gradient that flows back through the state clipped to [-v, v] at every step
 *     random    where |g| > v, a vector of length v and uniform direction in place of g
 *
 * A gradient that is not finite is skipped by all four.
 */
export function treatment(method, rate, v) {
  const rule = sgd({ learningRate: rate });
  const guarded = (inner, policy) => onExplosion(inner, { nonFinite: "skip", ...policy });
  switch (method) {
    case "element":
      return { optimiser: guarded(compose(clipByValue(v), rule)) };
    case "joint":
      return { optimiser: guarded(compose(clipByJointNorm(v), rule)) };
    case "hidden":
      return { optimiser: guarded(rule), clipState: v };
    case "random":
      return {
        optimiser: guarded(rule, { above: { norm: v, action: "random" }, learningRate: rate }),
      };
  }
}
