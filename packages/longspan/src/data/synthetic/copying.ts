import { checkSettings, optional, size } from "../../check/index.js";
import { blanks, drawVectors, flag, inputsOf, upTo } from "./bit-vectors.js";
import {
  type Generator,
  lengthsFrom,
  longestOf,
  makeProblem,
  rightBits,
  rightClasses,
} from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/** Settings of `copyVectors` and `reverseVectors`. */
export interface CopyingOptions {
  /** How many vectors are to be given again. */
  readonly length: Lengths;
  /** Bits of a vector; 8 by default. */
  readonly width?: number;
  /** Symbols in place of vectors: each one of so many, one-hot, and the answer its class. Then there is no width. */
  readonly symbols?: number;
}

/**
 * The copy problem: give a list of random vectors again, in their order.
 *
 *     input    n vectors of 8 bits | the delimiter | n steps of zeros
 *     answer   none                | none          | the n vectors
 *
 * An input has 8 features for the bits of a vector and one that is 1 at the delimiter. Only the last n of the 2 n + 1 steps are scored,
 * and their answers are bits. All sequences of a batch have the same n. A sequence is wrong if any of its bits is. Without memory, the
 * loss is 8 ln 2 per step.
 *
 * With `symbols`, as in Grefenstette et al., vectors are one-hot and the answer is one of so many classes.
 *
 * @throws RangeError if a length, the width or the number of symbols is below 1
 * @see Graves, Wayne, Danihelka (2014), "Neural Turing machines", section 4.1; Grefenstette et al. (2015), "Learning to transduce with
 * unbounded memory"
 * @example
 * const { structure, targets } = copyVectors({ length: 20 }).sample(Key.of(1), 0, 3);
 * [structure.nodes, targets.length] // [ 123, 480 ]
 */
export function copyVectors(options: CopyingOptions): SyntheticProblem {
  return copying("copyVectors", "copy", options, (vectors) => vectors);
}

/**
 * The reversal problem: give a list of random vectors again, the last first. In all else it is `copyVectors`.
 *
 * @throws RangeError if a length, the width or the number of symbols is below 1
 * @see Grefenstette, Hermann, Suleyman, Blunsom (2015), "Learning to transduce with unbounded memory"
 * @example
 * const { x, targets } = reverseVectors({ length: 2, width: 3 }).sample(Key.of(1), 0, 1);
 * targets.slice(0, 3).every((bit, i) => bit === x[4 + i]) // true
 */
export function reverseVectors(options: CopyingOptions): SyntheticProblem {
  return copying("reverseVectors", "reversal", options, (vectors) => vectors.toReversed());
}

type Vectors = readonly (readonly number[])[];

function copying(
  what: string,
  name: string,
  options: CopyingOptions,
  answer: (vectors: Vectors) => Vectors,
): SyntheticProblem {
  const { length, width, symbols } = checkSettings(what, options, {
    length: lengthsFrom(1, "there is nothing to give again without one"),
    width: optional(size),
    symbols: optional(size),
  });
  if (width !== undefined && symbols !== undefined)
    throw new RangeError(
      `${what}: width is ${width} and symbols is ${symbols}, but a vector that is one of some symbols has no bits; leave one out`,
    );
  const kind = symbols === undefined ? bitVectors(width ?? 8) : symbolVectors(symbols);
  return makeProblem({
    name,
    input: kind.output + 1,
    output: kind.output,
    answer: kind.answer,
    scored: "some steps",
    steps: 2 * longestOf(length) + 1,
    baseline: kind.baseline,
    lengths: length,
    stepsOf: (n) => 2 * n + 1,
    draw(draws, steps, n) {
      const vectors = kind.draw(draws, n);
      const rows = [...vectors, flag(kind.output), ...blanks(n)];
      return {
        x: inputsOf(rows, kind.output + 1),
        scored: upTo(n + 1, steps),
        targets: kind.targets(answer(vectors)),
      };
    },
    right: kind.right,
  });
}

/** What copying depends on besides the order: whether vectors are bits or symbols. */
interface VectorKind extends Pick<Generator, "output" | "answer" | "baseline" | "right"> {
  draw(draws: Parameters<Generator["draw"]>[0], count: number): Vectors;
  targets(vectors: Vectors): number[];
}

function bitVectors(width: number): VectorKind {
  return {
    output: width,
    answer: "bits",
    baseline: width * Math.LN2,
    draw: (draws, count) => drawVectors(draws, count, width),
    targets: (vectors) => vectors.flat(),
    right: rightBits,
  };
}

function symbolVectors(symbols: number): VectorKind {
  return {
    output: symbols,
    answer: "class",
    baseline: Math.log(symbols),
    draw: (draws, count) => Array.from({ length: count }, () => flag(draws.below(symbols))),
    targets: (vectors) => vectors.map((vector) => vector.indexOf(1)),
    right: rightClasses,
  };
}
