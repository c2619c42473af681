import { checkSettings, optional, rate, size } from "../../check/index.js";
import { scheduleOf } from "./kinds.js";
import type { Schedule } from "./schedule.js";

/** Settings of `momentumSchedule2013`. */
export interface MomentumSchedule2013Options {
  /** mu_max, in [0, 1): 0.9, 0.99, 0.995 and 0.999 in the paper. */
  readonly most: number;
  /** Steps between two rises: at least 1; 250 by default. */
  readonly every?: number;
}

/**
 * A momentum that rises towards 1 as Nesterov's does for convex functions, up to a largest one.
 *
 *     mu(t) = min(1 - 2^(-1 - log2(floor(t / every) + 1)), most) = min(1 - 1 / (2 (floor(t / every) + 1)), most),  t = 0, 1, ...
 *
 * With 250 steps between rises it is 1/2, 3/4, 5/6, 7/8, ... and reaches 0.9 after 1,000 steps, 0.99 after 12,250, 0.995 after 24,750.
 *
 * @throws RangeError if a setting lies outside its range
 * @see Sutskever, Martens, Dahl, Hinton (2013), "On the importance of initialization and momentum in deep learning", equation 5
 * @example momentumSchedule2013({ most: 0.99 })({ step: 250, fraction: 0, validations: [] }) // 0.75
 */
export function momentumSchedule2013(options: MomentumSchedule2013Options): Schedule {
  const { most, every = 250 } = checkSettings("momentumSchedule2013", options, {
    most: rate,
    every: optional(size),
  });
  return scheduleOf("momentumSchedule2013", ({ step }) =>
    Math.min(1 - 0.5 / (Math.floor(step / every) + 1), most),
  );
}
