import type { Key } from "../../tensor/index.js";
import type { Structure } from "../../unfold/index.js";

/** Lengths that a problem draws from: one, or all from the first to the second with equal probability, one for each batch. */
export type Lengths = number | readonly [from: number, to: number];

/** What is fixed about a problem. */
export interface SyntheticProblemFacts {
  readonly name: string;
  /** Features of a step's input. */
  readonly input: number;
  /** Features of an answer: the number of classes, or 1. */
  readonly output: number;
  /** Whether an answer is one of `output` classes, by softmax and cross-entropy, or a number, by squared error. */
  readonly answer: "class" | "number";
  /** Where answers are asked for. */
  readonly scored: "the last step" | "every step";
  /** Steps of the longest sequences, or, if there is no longest, more than nearly all have. */
  readonly steps: number;
  /**
   * The mean loss, over what is scored, of the best answers that can be given without remembering anything: cross-entropy in nats,
   * or squared error. Over more lengths than one, their mean.
   */
  readonly baseline: number;
}

/**
 * A problem whose sequences are made at random, so that there are always fresh ones. Most are solved only by remembering something
 * over many steps, and over how many can be chosen.
 */
export interface SyntheticProblem extends SyntheticProblemFacts {
  /**
   * Sequences number 0 to `count` - 1 of a batch. Sequence i depends on the key, the number of the batch and i, on nothing else.
   * @throws RangeError if the number of the batch or the count is not a whole number, or the count is 0
   */
  sample(key: Key, batch: number, count: number): SyntheticBatch;
  /**
   * How many sequences of a batch are answered wrongly; what wrong means is said at each problem.
   * @param outputs of the scored rows: [scored, output], row-major; logits where the answer is a class
   * @throws RangeError if that is not the number of outputs
   */
  wrong(outputs: ArrayLike<number>, batch: SyntheticBatch): number;
}

/** Sequences of a problem, with the answers asked for. */
export interface SyntheticBatch {
  /** Inputs: [nodes, input], row-major, in the rows of the structure. */
  readonly x: Float32Array;
  /** A chain per sequence. */
  readonly structure: Structure;
  /** The rows that are scored: the last of each sequence, in their order; or all, in theirs. */
  readonly scored: Int32Array;
  /** The right answers of these rows: classes as whole numbers, or numbers. */
  readonly targets: Int32Array | Float32Array;
}
