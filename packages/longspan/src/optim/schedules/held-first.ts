import { atLeastZero, check, count } from "../../check/index.js";
import { checkSchedule, scheduleOf } from "./kinds.js";
import type { Schedule } from "./schedule.js";

/**
 * One value over the first steps, then what another schedule says.
 *
 *     alpha(k) = value for k < steps, then schedule(k),  k = 0, 1, ...
 *
 * The recurrent nets of Sutskever et al. (2013) have the momentum 0.9 for 1,000 updates and a constant one from then on.
 *
 * @param steps how many: an integer of at least 0; 0 for none
 * @param value a finite number of at least 0
 * @throws RangeError if one of them is not
 * @see Sutskever, Martens, Dahl, Hinton (2013), section 4
 * @example heldFirst(1000, 0.9, constantSchedule(0.995))({ step: 1000, fraction: 0, validations: [] }) // 0.995
 */
export function heldFirst(steps: number, value: number, schedule: Schedule): Schedule {
  check("heldFirst", "steps", steps, count);
  check("heldFirst", "value", value, atLeastZero);
  checkSchedule("heldFirst", schedule);
  return scheduleOf("heldFirst", (progress) => (progress.step < steps ? value : schedule(progress)));
}
