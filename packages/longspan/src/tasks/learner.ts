import type { DType, Key, Traceable, Value } from "../tensor/index.js";
import type { Pause } from "../train/index.js";

/**
 * What is learned from examples of one kind: a net, its loss, and what is measured. It knows neither where examples come from nor how
 * parameters are changed. X: an example, in numbers. P: parameters. B: some examples, packed for the net.
 */
export interface Learner<X, P, B = unknown> {
  /** Initial parameters; float32 by default. */
  init(key: Key, dtype?: DType): P;
  /** Steps, or nodes, of an example: batches are made by them. */
  sizeOf(example: X): number;
  /** Some examples as one batch. @param weights of these examples, or null where all count the same */
  pack(examples: readonly X[], weights: Float64Array | null): B;
  /** Predictions that a batch asks for: the loss is their mean. */
  predictions(batch: B): number;
  /** The mean loss over the predictions of a batch, each times the weight of its example. @param key of random draws such as dropout; null for none */
  loss(params: Traceable<P>, batch: B, key: Key | null): Value;
  /** How well examples are predicted: without weights, with nothing drawn. Null if the signal came before the end. */
  evaluate(params: P, examples: readonly X[], options?: EvaluateExamplesOptions): Promise<Evaluation | null>;
  /**
   * Finds parameters in one pass over the examples, where a kind of model has such a way: then nothing is trained step by step. The same for
   * the same key. Null if the signal came before the end.
   */
  fit?(examples: readonly X[], options: FitOptions): Promise<Fitted<P> | null>;
}

/** How parameters are found in one pass. */
export interface FitOptions extends Omit<EvaluateExamplesOptions, "batch"> {
  /** Of what is drawn. */
  readonly key: Key;
}

/** Parameters that were found in one pass. */
export interface Fitted<P> {
  readonly params: P;
  /** Predictions that were learned from. */
  readonly predictions: number;
  /** What was found on the way, such as a ridge: plain JSON. */
  readonly details: object;
}

/** How examples are evaluated. */
export interface EvaluateExamplesOptions {
  /** Examples at a time, which bounds the memory and changes nothing else; 64 by default. */
  readonly batch?: number;
  /** Evaluation ends early once this says so, such as an `AbortSignal`. */
  readonly signal?: { readonly aborted: boolean };
  /** Gives way to the event loop, every 50 ms. */
  readonly pause?: Pause;
}

/** What an evaluation gives. */
export interface Evaluation {
  /** By which the best parameters are known: lower is better. */
  readonly loss: number;
  /** Examples looked at. */
  readonly examples: number;
  /** Further figures by name, such as an accuracy. */
  readonly measures: Readonly<Record<string, number>>;
  /** What is more than a number, such as a confusion matrix: plain JSON. */
  readonly details?: object;
}
