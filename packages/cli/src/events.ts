import type { FlowVerdict, MemoryFigures } from "longspan";
import type { SecondOrderMeasures } from "./second-order.js";
import type { UpdateSettings } from "./settings/training.js";

/** What a kind of job adds to the events that every run has. */
export interface Facts {
  readonly start: object;
  readonly progress: object;
  readonly valid: object;
  readonly done: object;
}

/**
 * What happens in a run, in the form in which `--json` prints it and metrics.jsonl keeps it. A number that is not finite is null in
 * the file.
 */
export type RunEvent<F extends Facts = Facts> =
  | StartEvent<F>
  | ResumedEvent
  | ProgressEvent<F>
  | ExplosionEvent
  | ValidEvent<F>
  | FlowEvent
  | StoppedEvent
  | DoneEvent<F>
  | SampleEvent;

/** A figure of a kind of job: the name under which its events carry it, and its unit in words. */
export interface Measure {
  readonly name: string;
  readonly unit: string;
}

/** What is measured in a run of a kind of job. */
export interface Measures {
  /** Of training and of validation. */
  readonly loss: Measure;
  /** What is done per second of training. */
  readonly speed: Measure;
  /** What validation looks at. */
  readonly heldOut: string;
  /** Of what is counted by the speed, how many there are in a step; absent where the speed is told as it was reported. */
  readonly perStep?: number;
}

/** The figure of an event by its name. What JSON could not hold, or an older file does not have, is not a number. */
export function figureOf(event: object, { name }: Measure): number {
  return (event as Readonly<Record<string, number | null | undefined>>)[name] ?? Number.NaN;
}

/** Before the first step. */
export type StartEvent<F extends Facts = Facts> = F["start"] & {
  readonly event: "start";
  readonly settings: Pick<UpdateSettings, "clip">;
  readonly parameters: number;
  readonly executor: string;
  readonly out: string;
};

/** The run goes on from a checkpoint. Events of later steps that stand before this one were not saved, and do not count. */
export interface ResumedEvent {
  readonly event: "resumed";
  /** Steps taken in all. */
  readonly step: number;
  readonly seconds: number;
}

/** What is told of the steps of any run. */
export interface StepFigures {
  readonly step: number;
  /** Training time of the whole run. */
  readonly seconds: number;
  /** Share of the budget that is used up. */
  readonly fraction: number;
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
}

/** Now and then. */
export type ProgressEvent<F extends Facts = Facts> = F["progress"] &
  StepFigures & { readonly event: "progress" };

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
  /** Where its batch lies in the data. */
  readonly batch: string | null;
  readonly action: "random" | "skip";
  /** Joint norm of the gradient. */
  readonly norm: number;
  /** Parameters whose gradient is not finite. */
  readonly parameters: readonly string[];
}

/** After a validation on the way. */
export type ValidEvent<F extends Facts = Facts> = F["valid"] & {
  readonly event: "valid";
  readonly step: number;
  readonly seconds: number;
};

/** The last event of a run that was interrupted. */
export interface StoppedEvent {
  readonly event: "stopped";
  readonly steps: number;
  readonly seconds: number;
  readonly out: string;
}

/** The end of a run. */
export type DoneEvent<F extends Facts = Facts> = F["done"] & {
  readonly event: "done";
  readonly steps: number;
  readonly seconds: number;
  /** Whether a validation said that it is enough, the budget was used up, validations did not improve (--early-stop), or there was but one pass. */
  readonly ended: "solved" | "budget" | "early" | "fitted";
  readonly parameters: number;
  readonly executor: string;
};

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
  /** Of a layer with a memory. */
  readonly memory?: MemoryFigures;
}

/** What the trained model writes. */
export interface SampleEvent {
  readonly event: "sample";
  readonly text: string;
}
