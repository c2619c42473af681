import { checkSettings, kind, optional, size } from "../../check/index.js";
import { blanks, drawVectors, inputsOf, upTo } from "./bit-vectors.js";
import { lengthsFrom, longestOf, makeProblem, rightBits } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/** Settings of `completion`. */
export interface CompletionOptions {
  /** How many vectors come. */
  readonly length: Lengths;
  /** Bits of a vector; 8 by default. */
  readonly width?: number;
  /** The share of a vector's bits that is masked when it is asked for, in [0, 1]; 0.5 by default. */
  readonly masked?: number;
}

/**
 * The completion problem: recover a whole vector from a part of it.
 *
 *     input    n vectors, of bits -1 and 1 | one of them, the masked bits 0, and a mark | zeros
 *     answer   none                        | none                                       | the vector
 *
 * An input has 8 features for the bits of a vector and one that marks the question. Which bits are masked is drawn for each sequence; there
 * are masked times 8 of them, rounded. Only the last of the n + 2 steps is scored; its answer is bits, 1 where the vector has 1 and 0 where
 * it has -1. A sequence is wrong if any of them is. Vectors may agree in all bits that are not masked: then the answer is one of them.
 * Without memory of the vectors that came, the loss is ln 2 for each masked bit.
 *
 * @throws RangeError if a length or the width is below 1, or the share is not in [0, 1]
 * @see Goodfellow, Bengio, Courville (2016), section 10.12, on memory that is found by its content
 * @example
 * const { structure, targets } = completion({ length: 5, width: 12, masked: 0.25 }).sample(Key.of(1), 0, 2);
 * [structure.nodes, targets.length] // [ 14, 24 ]
 */
export function completion(options: CompletionOptions): SyntheticProblem {
  const {
    length,
    width = 8,
    masked = 0.5,
  } = checkSettings("completion", options, {
    length: lengthsFrom(1, "there is nothing to recover without one"),
    width: optional(size),
    masked: optional(kind("a number in [0, 1]", (v) => typeof v === "number" && v >= 0 && v <= 1)),
  });
  const hidden = Math.round(masked * width);
  return makeProblem({
    name: "completion",
    input: width + 1,
    output: width,
    answer: "bits",
    scored: "the last step",
    steps: longestOf(length) + 2,
    baseline: hidden * Math.LN2,
    lengths: length,
    stepsOf: (n) => n + 2,
    draw(draws, _, n) {
      const vectors = drawVectors(draws, n, width);
      const asked = vectors[draws.below(n)]!;
      const positions = upTo(0, width);
      // The first of a random order.
      for (let i = 0; i < hidden; i++) {
        const j = i + draws.below(width - i);
        [positions[i], positions[j]] = [positions[j]!, positions[i]!];
      }
      const masks = new Set(positions.slice(0, hidden));
      const rows = [
        ...vectors.map((bits) => bits.map(signOf)),
        [...asked.map((bit, i) => (masks.has(i) ? 0 : signOf(bit))), 1],
        ...blanks(1),
      ];
      return { x: inputsOf(rows, width + 1), targets: asked };
    },
    right: rightBits,
  });
}

function signOf(bit: number): number {
  return 2 * bit - 1;
}
