import type { StepAnswerOptions } from "../runs/index.js";

/** What can be done with a run in a worker, with its arguments and what comes of it. */
export interface WorkerCalls {
  open(address: string): RunFacts;
  predict(inputs: readonly unknown[]): readonly object[];
  openStream(): number;
  step(stream: number, input: unknown, options: StepAnswerOptions): object;
  closeStream(stream: number): void;
  startText(settings: TextSettings): number;
  /** The next piece of a text; null after its end. */
  continueText(text: number): string | null;
  endText(text: number): void;
}

/** What is drawn. */
export interface TextSettings {
  /** What the text begins with; nothing by default. */
  readonly prompt?: string;
  /** Symbols to draw; 500 by default. */
  readonly length?: number;
  /** Below 1: more of the probable; 0: the most probable only; 0.8 by default. */
  readonly temperature?: number;
  /** Another seed draws another text; 1 by default. */
  readonly seed?: number;
}

/** What is known of a run that was opened. */
export interface RunFacts {
  /** The kind of run. */
  readonly kind: string;
  /** Steps of training; null if the weights do not say. */
  readonly step: number | null;
  /** The settings of the run, as config.json has them. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What `predict` takes, in words; null if the run makes no predictions. */
  readonly predicts: string | null;
  /** What a step of a stream reads, in words; null if the run has no streams. */
  readonly streams: string | null;
  /** Whether it draws texts. */
  readonly draws: boolean;
  /** What computes: `wasm`, and which of the two modules. */
  readonly executor: string;
}

/** A call that goes to the worker. */
export interface Call {
  readonly id: number;
  readonly name: keyof WorkerCalls;
  readonly args: readonly unknown[];
}

/** What comes back. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } };
