/** Where a run stands before a step. */
export interface Progress {
  /** Steps taken before. */
  readonly step: number;
  /** Share of the budget that is used up, in [0, 1]. */
  readonly fraction: number;
  /** The losses of the validations so far, oldest first. */
  readonly validations: readonly number[];
}

/**
 * A learning rate for each step, or a momentum, as a pure function of where the run stands. It has no state of its own, so a run that is
 * taken up again goes on with the same values as soon as it knows where it stood.
 */
export type Schedule = (progress: Progress) => number;
