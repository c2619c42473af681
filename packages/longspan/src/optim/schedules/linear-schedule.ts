import { atLeastZero, check } from "../../check/index.js";
import { scheduleOf } from "./kinds.js";
import type { Schedule } from "./schedule.js";

/**
 * Falls in a straight line to zero at the end of the budget.
 *
 *     alpha = peak (1 - fraction)
 *
 * @param peak a finite number of at least 0
 * @throws RangeError if it is not
 * @example linearSchedule(0.4)({ step: 70, fraction: 0.75, validations: [] }) // 0.1
 */
export function linearSchedule(peak: number): Schedule {
  check("linearSchedule", "peak", peak, atLeastZero);
  return scheduleOf("linearSchedule", ({ fraction }) => peak * (1 - Math.min(1, fraction)));
}
