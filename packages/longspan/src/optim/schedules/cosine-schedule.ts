import { atLeastZero, checkSettings, optional } from "../../check/index.js";
import { scheduleOf } from "./kinds.js";
import type { Schedule } from "./schedule.js";

/** Settings of `cosineSchedule`. */
export interface CosineOptions {
  /** The rate at the beginning: a finite number of at least 0. */
  readonly peak: number;
  /** The rate at the end of the budget, at most the peak; 0 by default. */
  readonly floor?: number;
}

/**
 * Falls along half a period of the cosine over the budget: slowly at both ends, fastest in the middle.
 *
 *     alpha = floor + (peak - floor) (1 + cos(pi fraction)) / 2
 *
 * @throws RangeError if a setting lies outside its range
 * @see Loshchilov and Hutter (2017), equation 5, without restarts
 * @example cosineSchedule({ peak: 0.4 })({ step: 50, fraction: 0.5, validations: [] }) // 0.2
 */
export function cosineSchedule(options: CosineOptions): Schedule {
  const { peak, floor = 0 } = checkSettings("cosineSchedule", options, {
    peak: atLeastZero,
    floor: optional(atLeastZero),
  });
  if (floor > peak) throw new RangeError(`cosineSchedule: floor is at most peak, got ${floor} and ${peak}`);
  return scheduleOf(
    "cosineSchedule",
    ({ fraction }) => floor + ((peak - floor) * (1 + Math.cos(Math.PI * Math.min(1, fraction)))) / 2,
  );
}
