import type { FlowVerdict } from "longspan";
import type { ModelConfig, RunSettings } from "./run-config.js";
import type { SecondOrderMeasures } from "./second-order.js";

/**
 * What happens in a run, in the form in which `--json` prints it and metrics.jsonl keeps it. "Characters" are words in a run
 * whose level is "word". A number that is not finite is null in the file.
 */
export type TrainEvent =
  | StartEvent
  | ResumedEvent
  | ProgressEvent
  | ExplosionEvent
  | ValidEvent
  | FlowEvent
  | StoppedEvent
  | DoneEvent
  | SampleEvent;

/** What the model reads and predicts. */
export type Level = RunSettings["level"];

/** Before the first step. */
export interface StartEvent {
  readonly event: "start";
  readonly path: string;
  readonly level: Level;
  /** Characters in all, for training, held out, and different ones. */
  readonly characters: {
    readonly total: number;
    readonly train: number;
    readonly valid: number;
    readonly different: number;
    /** Words that are not in the vocabulary, where the level is "word". */
    readonly unknown?: number;
  };
  readonly model: ModelConfig;
  readonly settings: RunSettings;
  readonly parameters: number;
  readonly executor: string;
  readonly out: string;
}

/** The run goes on from a checkpoint. Events of later steps that stand before this one were not saved, and do not count. */
export interface ResumedEvent {
  readonly event: "resumed";
  /** Steps taken in all. */
  readonly step: number;
  readonly seconds: number;
}

/** Now and then. */
export interface ProgressEvent {
  readonly event: "progress";
  readonly step: number;
  /** Training time of the whole run. */
  readonly seconds: number;
  /** Share of the budget that is used up. */
  readonly fraction: number;
  /** Mean training loss since the last such event, in nats per character. */
  readonly nats: number;
  readonly learningRate: number;
  /** Joint norm of the last step's gradient, before clipping. */
  readonly gradientNorm: number;
  /** The same after clipping. */
  readonly clippedNorm: number;
  /** Means of the flow penalty since the last such event, with --flow. */
  readonly flow?: FlowMeasures;
  /** Means of what is told of the updates since the last such event, with --optimizer hessian-free. */
  readonly secondOrder?: SecondOrderMeasures;
  /** Random steps taken instead of an exploded gradient, and steps left out, both since the start. */
  readonly randomSteps: number;
  readonly skippedSteps: number;
  readonly charactersPerSecond: number;
}

/** The penalty that keeps gradients alive, as measured in training. */
export interface FlowMeasures {
  /** Omega, before its weight. */
  readonly omega: number;
  /** By what the gradient's norm changes over one step of time on its way back; below 1, it shrinks. */
  readonly ratio: number;
  /** Terms left out because no gradient arrives there. */
  readonly skipped: number;
}

/** A step that was replaced by a random one or left out. */
export interface ExplosionEvent {
  readonly event: "explosion";
  /** Steps taken before it. */
  readonly step: number;
  /** Where its batch lies in the text. */
  readonly batch: string | null;
  readonly action: "random" | "skip";
  /** Joint norm of the gradient. */
  readonly norm: number;
  /** Parameters whose gradient is not finite. */
  readonly parameters: readonly string[];
}

/** The loss on the held-out part. */
export interface HeldOut {
  readonly nats: number;
  /** Where the level is "char". */
  readonly bitsPerCharacter?: number;
  /** Where the level is "word": of a word. */
  readonly perplexity?: number;
}

/** After a validation on the way. */
export interface ValidEvent extends HeldOut {
  readonly event: "valid";
  readonly step: number;
  readonly seconds: number;
  /** Whether it is the lowest so far. */
  readonly best: boolean;
}

/** The last event of a run that was interrupted. */
export interface StoppedEvent {
  readonly event: "stopped";
  readonly steps: number;
  readonly seconds: number;
  readonly out: string;
}

/** The end of a run. */
export interface DoneEvent {
  readonly event: "done";
  readonly steps: number;
  readonly seconds: number;
  /** Whether the budget was used up, or validations did not improve (--early-stop). */
  readonly ended: "budget" | "early";
  /** Mean training loss over the last 100 steps or a little more; absent if the run had none left to take. */
  readonly train?: { readonly nats: number };
  /**
   * Of the parameters that were kept, the best ones, and the step that they are from; of the last ones if no loss was finite. Absent
   * if nothing was held out.
   */
  readonly valid?: HeldOut & { readonly step: number };
  /** Characters predicted in training per second of training time, over the whole run; validation and saving are not counted. */
  readonly charactersPerSecond: number;
  readonly parameters: number;
  readonly executor: string;
}

/** How far back gradients reach, with --watch-flow: from the last prediction of segments of the held-out text, or of fresh sequences. */
export interface FlowEvent {
  readonly event: "flow";
  readonly step: number;
  readonly layers: readonly LayerFlowFigures[];
  /** What has become much worse since the looks before: a horizon of less than half, a norm of ten times. */
  readonly warnings: readonly string[];
}

/** How far back gradients reach in one layer. */
export interface LayerFlowFigures {
  readonly kind: FlowVerdict["kind"];
  /** The greatest lag at which a thousandth of the norm at lag 1 is left; null if there is nothing to say. */
  readonly horizon: number | null;
  /** |dL/dh| at about a dozen lags. */
  readonly norms: readonly { readonly lag: number; readonly norm: number }[];
}

/** What the trained model writes. */
export interface SampleEvent {
  readonly event: "sample";
  readonly text: string;
}
