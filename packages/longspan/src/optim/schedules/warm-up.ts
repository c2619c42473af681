import { checkCount } from "../check-settings.js";
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
  checkCount("warmUp", "number of steps", 0, steps);
  return (progress) => (steps === 0 ? 1 : Math.min(1, (progress.step + 1) / steps)) * schedule(progress);
}
