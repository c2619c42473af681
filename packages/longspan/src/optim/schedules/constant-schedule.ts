import { atLeastZero, check } from "../../check/index.js";
import { scheduleOf } from "./kinds.js";
import type { Schedule } from "./schedule.js";

/**
 * The same learning rate, or the same momentum, at every step.
 *
 * @param rate a finite number of at least 0
 * @throws RangeError if it is not
 * @example constantSchedule(0.1)({ step: 7, fraction: 0.5, validations: [] }) // 0.1
 */
export function constantSchedule(rate: number): Schedule {
  check("constantSchedule", "rate", rate, atLeastZero);
  return scheduleOf("constantSchedule", () => rate);
}
