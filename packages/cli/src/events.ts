import type { ModelConfig } from "./run-folder.js";

/** What happens in a run, in the form in which `--json` prints it and metrics.jsonl keeps it. */
export type TrainEvent = StartEvent | ProgressEvent | ValidEvent | StoppedEvent | DoneEvent;

/** Before the first step. */
export interface StartEvent {
  readonly event: "start";
  readonly path: string;
  /** Characters in all, for training, held out, and different ones. */
  readonly characters: {
    readonly total: number;
    readonly train: number;
    readonly valid: number;
    readonly different: number;
  };
  readonly model: ModelConfig;
  readonly parameters: number;
  readonly executor: string;
  readonly out: string;
}

/** Now and then. */
export interface ProgressEvent {
  readonly event: "progress";
  readonly step: number;
  /** Share of the budget that is used up. */
  readonly fraction: number;
  /** Mean training loss since the last such event, in nats per character. */
  readonly nats: number;
  readonly learningRate: number;
  /** Joint norm of the last step's gradient, before clipping. */
  readonly gradientNorm: number;
  readonly charactersPerSecond: number;
}

/** After a validation on the way. */
interface ValidEvent {
  readonly event: "valid";
  readonly step: number;
  readonly nats: number;
  readonly bitsPerCharacter: number;
}

/** The last event of a run that was interrupted. */
interface StoppedEvent {
  readonly event: "stopped";
  readonly steps: number;
  readonly out: string;
}

/** The last event of a run. */
interface DoneEvent {
  readonly event: "done";
  readonly steps: number;
  /** Mean training loss over the last 100 steps or a little more. */
  readonly train: { readonly nats: number };
  readonly valid: { readonly nats: number; readonly bitsPerCharacter: number };
  /** Characters predicted in training per second of training time; validation and saving are not counted. */
  readonly charactersPerSecond: number;
  readonly parameters: number;
  readonly executor: string;
}
