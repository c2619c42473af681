import type { Frequency } from "./frequency.js";

/** What a covariate is known of: only the past, as a temperature; the future too, as a price; or the series as a whole, as a region. */
export type CovariateRole = "past" | "future" | "static";

/** A covariate: a column of numbers, or of categories, beside the target. */
export interface Covariate {
  readonly name: string;
  readonly role: CovariateRole;
  /** The categories there are, in the order in which they came; null for numbers. */
  readonly categories: readonly string[] | null;
}

/** A time series on an even axis. */
export interface TimeSeries {
  readonly id: string;
  /** The time of its first step, as `timeAfter` counts times. */
  readonly start: number;
  /** Where the first step stands on an axis that all series share, in steps: what seasons are counted by. */
  readonly phase: number;
  /** The target at each step; NaN where it is missing. */
  readonly values: Float64Array;
  /** By place of the covariate: a number, or the number of its category, at each step; NaN where it is missing. Of a static one, one. */
  readonly covariates: readonly Float64Array[];
  /** How much each step counts in training; NaN where there was no record. Absent where no record has a weight. */
  readonly weights?: Float64Array;
}

/** Time series that were read together. */
export interface SeriesSet {
  readonly series: readonly TimeSeries[];
  readonly frequency: Frequency;
  readonly covariates: readonly Covariate[];
  /** What is not there. */
  readonly missing: {
    /** Steps without a record. */
    readonly gaps: Found;
    /** Records without a target, before the last one of a series that has one. */
    readonly values: Found;
    /** Covariates that are missing. */
    readonly covariates: Found;
    /** Categories that were not there when the model was made. */
    readonly categories: Found;
  };
}

/** How often something was found, and the first record of it, as the caller numbers records; null where it was not found. */
export interface Found {
  readonly count: number;
  readonly first: number | null;
  /** What was found there, in words. */
  readonly words: string;
}
