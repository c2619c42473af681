import { check, count } from "../../check/index.js";
import { checkSchedule, scheduleOf } from "./kinds.js";
import type { Schedule } from "./schedule.js";

/**
 * Rises in a straight line over the first steps to what another schedule says.
 *
 *     alpha(k) = min(1, (k + 1) / steps) schedule(k),  k = 0, 1, ...
 *
 * @param steps steps of the rise: an integer of at least 0; 0 for none
 * @throws RangeError if it is not
 * @example warmUp(100, linearSchedule(0.002))({ step: 49, fraction: 0, validations: [] }) // 0.001
 */
export function warmUp(steps: number, schedule: Schedule): Schedule {
  check("warmUp", "steps", steps, count);
  checkSchedule("warmUp", schedule);
  return scheduleOf(
    "warmUp",
    (progress) => (steps === 0 ? 1 : Math.min(1, (progress.step + 1) / steps)) * schedule(progress),
  );
}
