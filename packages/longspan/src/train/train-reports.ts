import type { StepReport } from "./explosion-error.js";
import type { TrainingState, Validation } from "./training-state.js";

/** Where a run stands. */
export interface TrainReport<P, S, C> {
  /** Steps taken in all. */
  readonly step: number;
  /** Share of the budget that is used up, in [0, 1]. */
  readonly fraction: number;
  /** Mean loss over the predictions since the last report; those of steps whose loss was not finite are left out. */
  readonly loss: number;
  /** Means since the last report of what the task measures besides the loss; of its finite values only. */
  readonly measures: Readonly<Record<string, number>>;
  /** Of the last step; undefined if the optimiser's own was used. */
  readonly learningRate: number | undefined;
  /** Joint norm of the last step's gradient, before any treatment. */
  readonly gradientNorm: number;
  /** Steps so far that were replaced by random ones, and that were left out. */
  readonly randomSteps: number;
  readonly skippedSteps: number;
  /** Training time of this run, in seconds: callbacks and validation are not counted. */
  readonly seconds: number;
  /** Predictions made in this run. */
  readonly predictions: number;
  /** To look at or save before the callback settles: its tensors are released in the next step. */
  readonly state: TrainingState<P, S, C>;
}

/** A validation. */
export interface ValidationReport<P, S, C> extends Validation {
  /** Whether the loss is the lowest so far. */
  readonly best: boolean;
  /** The parameters that were looked at; released like the state. */
  readonly params: P;
  readonly state: TrainingState<P, S, C>;
}

/** A step that was not taken as it was. */
export interface ExplosionReport extends StepReport {
  readonly action: "random" | "skip";
}

/** What a run gives. */
export interface Trained<P, S, C> {
  /** Belongs to the caller, who releases it. */
  readonly state: TrainingState<P, S, C>;
  /** Why the run ended: the budget was used up, the signal came, or validations did not improve. */
  readonly ended: "budget" | "signal" | "patience";
  /** Mean loss over the predictions of at least the last 100 steps (of all, if there were fewer). NaN if there were none. */
  readonly loss: number;
  readonly seconds: number;
  readonly predictions: number;
}
