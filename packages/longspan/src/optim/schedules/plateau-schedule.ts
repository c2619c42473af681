import { atLeastZero, checkSettings, factor, type KindsOf, optional, size } from "../../check/index.js";
import { scheduleOf } from "./kinds.js";
import type { Schedule } from "./schedule.js";

/** Settings of `plateauSchedule`. */
export interface PlateauOptions {
  /** The rate at the beginning: a finite number of at least 0. */
  readonly rate: number;
  /** What the rate is multiplied by each time, in (0, 1). */
  readonly factor: number;
  /** Validations in a row without improvement that lower the rate: at least 1. */
  readonly patience: number;
  /** How much lower than the lowest loss so far a loss must be to count as an improvement: at least 0; 0 by default. */
  readonly threshold?: number;
  /** The rate never falls below this, at most the rate; 0 by default. */
  readonly floor?: number;
}

/**
 * Falls by a factor whenever the validation loss has stopped falling.
 *
 *     for each validation:  if loss < best - threshold:  best <- loss, bad <- 0
 *                           else:  bad <- bad + 1
 *                           if bad = patience:  alpha <- max(factor alpha, floor), bad <- 0
 *
 * It is worked out from the list of validations each time. A loss that is NaN is no improvement.
 *
 * Same as torch.optim.lr_scheduler.ReduceLROnPlateau with threshold_mode "abs", eps 0 and a patience smaller by 1: there
 * it counts the validations without improvement that change nothing yet.
 *
 * @throws RangeError if a setting lies outside its range
 * @example
 * const schedule = plateauSchedule({ rate: 0.4, factor: 0.5, patience: 2 });
 * schedule({ step: 40, fraction: 0, validations: [3, 2, 2.5, 2.1, 1.9] }); // 0.2
 */
export function plateauSchedule(options: PlateauOptions): Schedule {
  checkSettings("plateauSchedule", options, kinds);
  const { rate, factor: by, patience, threshold = 0, floor = 0 } = options;
  if (floor > rate) throw new RangeError(`plateauSchedule: floor is at most rate, got ${floor} and ${rate}`);
  return scheduleOf("plateauSchedule", ({ validations }) => {
    let [alpha, best, bad] = [rate, Number.POSITIVE_INFINITY, 0];
    for (const loss of validations) {
      if (loss < best - threshold) [best, bad] = [loss, 0];
      else bad += 1;
      if (bad < patience) continue;
      alpha = Math.max(by * alpha, floor);
      bad = 0;
    }
    return alpha;
  });
}

const kinds: KindsOf<PlateauOptions> = {
  rate: atLeastZero,
  factor,
  patience: size,
  threshold: optional(atLeastZero),
  floor: optional(atLeastZero),
};
