/** Where a run stands before a step. */
export interface Progress {
  /** Steps taken before. */
  readonly step: number;
  /** Share of the budget that is used up, in [0, 1]. */
  readonly fraction: number;
}

/** A learning rate for each step, from where the run stands. */
export type LearningRate = (progress: Progress) => number;

/**
 * Rises in a straight line over the first steps, then falls in a straight line to zero at the end of the budget.
 *
 *     alpha(k) = peak min(1, (k + 1) / warmUp) (1 - fraction(k)),  k = 0, 1, ...
 *
 * @param peak a finite number of at least 0
 * @param warmUp steps of the rise; 0 for none
 * @throws RangeError if a setting lies outside its range
 * @example warmUpThenDecay(0.002, 100)({ step: 49, fraction: 0 }) // 0.001
 */
export function warmUpThenDecay(peak: number, warmUp: number): LearningRate {
  if (!(peak >= 0 && peak < Number.POSITIVE_INFINITY))
    throw new RangeError(`warmUpThenDecay: the peak is a finite number of at least 0, got ${peak}`);
  if (!Number.isInteger(warmUp) || warmUp < 0)
    throw new RangeError(`warmUpThenDecay: the warm-up is a non-negative integer, got ${warmUp}`);
  return ({ step, fraction }) =>
    peak * Math.min(1, warmUp === 0 ? 1 : (step + 1) / warmUp) * (1 - Math.min(1, fraction));
}
