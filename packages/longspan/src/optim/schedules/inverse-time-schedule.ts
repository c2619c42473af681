import { atLeastZero, checkSettings } from "../../check/index.js";
import { scheduleOf } from "./kinds.js";
import type { Schedule } from "./schedule.js";

/** Settings of `inverseTimeSchedule`. */
export interface InverseTimeOptions {
  /** The rate at the beginning: a finite number of at least 0. */
  readonly rate: number;
  /** The rate is halved after 1 / decay steps: a finite number of at least 0. */
  readonly decay: number;
}

/**
 * Falls with the number of steps, as 1/t in the end.
 *
 *     alpha(k) = rate / (1 + decay k),  k = 0, 1, ...
 *
 * The sum of the rates has no bound while the sum of their squares has one: what stochastic approximation asks for.
 * After many steps, consecutive ones have almost the same rate.
 *
 * @throws RangeError if a setting lies outside its range
 * @see Robbins and Monro (1951); Goodfellow, Bengio, Courville (2016), equations 8.12 and 8.13
 * @example inverseTimeSchedule({ rate: 0.4, decay: 0.01 })({ step: 300, fraction: 0, validations: [] }) // 0.1
 */
export function inverseTimeSchedule(options: InverseTimeOptions): Schedule {
  const { rate, decay } = checkSettings("inverseTimeSchedule", options, {
    rate: atLeastZero,
    decay: atLeastZero,
  });
  return scheduleOf("inverseTimeSchedule", ({ step }) => rate / (1 + decay * step));
}
