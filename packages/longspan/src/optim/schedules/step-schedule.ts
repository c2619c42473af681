import { atLeastZero, checkSettings, factor, size } from "../../check/index.js";
import { scheduleOf } from "./kinds.js";
import type { Schedule } from "./schedule.js";

/** Settings of `stepSchedule`. */
export interface StepScheduleOptions {
  /** The rate at the beginning: a finite number of at least 0. */
  readonly rate: number;
  /** What the rate is multiplied by each time, in (0, 1). */
  readonly factor: number;
  /** Steps between two changes: at least 1. */
  readonly every: number;
}

/**
 * Falls by a factor every so many steps.
 *
 *     alpha(k) = rate factor^floor(k / every),  k = 0, 1, ...
 *
 * @throws RangeError if a setting lies outside its range
 * @example stepSchedule({ rate: 0.4, factor: 0.5, every: 10 })({ step: 25, fraction: 0, validations: [] }) // 0.1
 */
export function stepSchedule(options: StepScheduleOptions): Schedule {
  const {
    rate,
    factor: by,
    every,
  } = checkSettings("stepSchedule", options, { rate: atLeastZero, factor, every: size });
  return scheduleOf("stepSchedule", ({ step }) => rate * by ** Math.floor(step / every));
}
