import type { Key } from "../../tensor/index.js";
import type { Structure } from "../../unfold/index.js";

/** Lengths that a problem draws from: one, or all from the first to the second with equal probability, one for each batch. */
export type Lengths = number | readonly [from: number, to: number];

/**
 * What an answer is: one of `output` classes, by softmax and cross-entropy; a number, by squared error; or `output` bits, each by the
 * logistic sigmoid and cross-entropy.
 */
export type AnswerKind = "class" | "number" | "bits";

/**
 * What the loss of an answer is measured in, for each kind. That of bits is the sum over the bits of the answer.
 *
 * @example answerUnits[temporalOrder({ length: 10 }).answer] // "nats"
 */
export const answerUnits: Readonly<Record<AnswerKind, "nats" | "squared error">> = {
  class: "nats",
  number: "squared error",
  bits: "nats",
};

/** What is fixed about a problem. */
export interface SyntheticProblemFacts {
  readonly name: string;
  /** Features of a step's input. */
  readonly input: number;
  /** Features of an answer: the number of classes, 1, or the number of bits. */
  readonly output: number;
  readonly answer: AnswerKind;
  /** Where answers are asked for; some steps: those that the batch says, such as the steps of recall. */
  readonly scored: "the last step" | "every step" | "some steps";
  /** Steps of the longest sequences, or, if there is no longest, more than nearly all have. */
  readonly steps: number;
  /**
   * The mean loss per scored row, of the best answers that can be given without remembering anything: cross-entropy in nats, of all
   * bits of an answer together, or squared error. Over more lengths than one, their mean.
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
   * @param first the number of the first of them, where they are a part of a larger batch, such as the share of a rank; 0 by default
   * @throws RangeError if the number of the batch or the count is not a whole number, or the count is 0
   */
  sample(key: Key, batch: number, count: number, first?: number): SyntheticBatch;
  /**
   * How many sequences of a batch are answered wrongly; what wrong means is said at each problem.
   * @param outputs of the scored rows: [scored, output], row-major; logits where the answer is a class or bits
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
  /** The rows that are scored: the last of each sequence, in the order of the sequences; or all, or some, in the order of the rows. */
  readonly scored: Int32Array;
  /** The right answers of these rows: classes as whole numbers, or numbers, or bits as 0 and 1: [scored, output], row-major. */
  readonly targets: Int32Array | Float32Array;
}
