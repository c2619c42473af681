import { check, func, type KindsOf, optional, positive, record, size } from "../check/index.js";
import type { TrainingState, Validation } from "./training-state.js";

/** How a run is watched on data that it does not learn from. */
export interface ValidationOptions<P, S, C> {
  /** The mean loss on held-out data; null if it was broken off, as when the signal came. */
  readonly run: (params: P) => Promise<number | null>;
  /**
   * How often: every so many steps (a run that is cut in two then validates where the whole one does), or so many seconds apart
   * and at most for this share of the time (0.05 by default).
   */
  readonly every: { readonly steps: number } | { readonly seconds: number; readonly share?: number };
  /** The parameters that are looked at and kept if they are the best, such as averages; `state.params` by default. */
  readonly params?: (state: TrainingState<P, S, C>) => P;
  /** Ends the run after so many validations in a row without a new lowest loss; never by default. */
  readonly patience?: number;
}

/**
 * Whether the lowest loss is `patience` or more validations old: with losses 2, 2.1, 2.2 it is two old.
 * @param validations oldest first; a loss that is not a number is no improvement
 */
export function isStale(validations: readonly Validation[], patience: number): boolean {
  let [lowest, age] = [Number.POSITIVE_INFINITY, 0];
  for (const { loss } of validations) {
    age = loss < lowest ? 0 : age + 1;
    if (loss < lowest) lowest = loss;
  }
  return age >= patience;
}

/** The kinds of the settings of a validation. */
export const validationKinds: KindsOf<ValidationOptions<unknown, unknown, unknown>> = {
  run: func,
  every: record,
  params: optional(func),
  patience: optional(size),
};

/** When a validation is due. */
export class ValidationClock {
  private last: number;
  private wait: number;

  /** @param now elapsed seconds of the run */
  constructor(
    private readonly every: ValidationOptions<unknown, unknown, unknown>["every"],
    now: number,
  ) {
    if ("steps" in every) check("train", "validation.every.steps", every.steps, size);
    else check("train", "validation.every.seconds", every.seconds, positive);
    this.last = now;
    this.wait = "seconds" in every ? every.seconds : 0;
  }

  isDue({ step, history }: Pick<TrainingState<unknown, unknown, unknown>, "step" | "history">, now: number) {
    if ((history.validations.at(-1)?.step ?? 0) >= step) return false;
    return "steps" in this.every ? step % this.every.steps === 0 : now - this.last >= this.wait;
  }

  /** To be told of each validation: when it began and ended. */
  took(begin: number, end: number): void {
    if (!("seconds" in this.every)) return;
    this.last = end;
    this.wait = Math.max(this.every.seconds, (end - begin) / (this.every.share ?? 0.05));
  }
}
