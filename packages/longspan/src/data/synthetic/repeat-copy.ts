import { checkSettings, optional, size } from "../../check/index.js";
import { blanks, drawVectors, flag, inputsOf, upTo } from "./bit-vectors.js";
import { lengthsFrom, longestOf, makeProblem, meanOver, rightBits } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/** Settings of `repeatCopy`. */
export interface RepeatCopyOptions {
  /** How many vectors are to be given again. */
  readonly length: Lengths;
  /** How often; from 1 to 10 by default. */
  readonly repeats?: Lengths;
  /** The numbers of repeats whose mean and variance bring the number that a sequence says to 0 and 1; from 1 to 10 by default. */
  readonly scale?: readonly [from: number, to: number];
  /** Bits of a vector; 8 by default. */
  readonly width?: number;
}

/**
 * The repeat copy problem: give a list of random vectors again, as often as is said, and then say that it is over.
 *
 *     input    n vectors of 8 bits | the delimiter, and k | k n + 1 steps of zeros
 *     answer   none                | none                 | the n vectors, k times, then the end
 *
 * An input has 8 features for the bits of a vector, one that is 1 at the delimiter, and one that says k there:
 *
 *     (k - mean) / deviation,  of the numbers 1 .. 10, each as probable: mean 5.5, variance 8.25
 *
 * Problems with other `repeats` keep that scale if no other is set, so a net that was trained on some can be tried on others. An
 * answer has 9 bits: those of the vector, and one that is 1 at the end only, where the others are 0. The last k n + 1 steps are scored. All
 * sequences of a batch have the same n and k. A sequence is wrong if any of its bits is. Who knows when the end comes, but no vector, has
 * the loss 8 ln 2 k n / (k n + 1) per step.
 *
 * @throws RangeError if a length, a number of repeats or the width is below 1, or the scale has only one number
 * @see Graves, Wayne, Danihelka (2014), "Neural Turing machines", section 4.2
 * @example
 * const { structure, targets } = repeatCopy({ length: 5, repeats: 3 }).sample(Key.of(1), 0, 2);
 * [structure.nodes, targets.length] // [ 44, 288 ]
 */
export function repeatCopy(options: RepeatCopyOptions): SyntheticProblem {
  const {
    length,
    repeats = [1, 10],
    scale = [1, 10],
    width = 8,
  } = checkSettings("repeatCopy", options, {
    length: lengthsFrom(1, "there is nothing to give again without one"),
    repeats: optional(lengthsFrom(1, "it is given again once at least")),
    scale: optional(lengthsFrom(1, "it is given again once at least")),
    width: optional(size),
  });
  const [low, high] = typeof scale === "number" ? [scale, scale] : scale;
  if (low === high)
    throw new RangeError(
      `repeatCopy: scale is from ${low} to ${high}, which has no variance to divide by; give two numbers, such as [1, 10]`,
    );
  const [fewest, most] = typeof repeats === "number" ? [repeats, repeats] : repeats;
  const deviation = Math.sqrt(((high - low + 1) ** 2 - 1) / 12);
  const known = (n: number, k: number) => (width * Math.LN2 * k * n) / (k * n + 1);
  return makeProblem({
    name: "repeat-copy",
    input: width + 2,
    output: width + 1,
    answer: "bits",
    scored: "some steps",
    steps: longestOf(length) * (1 + most) + 2,
    baseline: meanOver(length, (n) => meanOver(repeats, (k) => known(n, k))),
    lengths: length,
    stepsOf: (n, draws) => n * (1 + fewest + draws.below(most - fewest + 1)) + 2,
    draw(draws, steps, n) {
      const k = (steps - 2) / n - 1;
      const vectors = drawVectors(draws, n, width);
      const said = [...flag(width), (k - (low + high) / 2) / deviation];
      const again = Array.from({ length: k }, () => vectors.map((bits) => [...bits, 0])).flat();
      return {
        x: inputsOf([...vectors, said, ...blanks(k * n + 1)], width + 2),
        scored: upTo(n + 1, steps),
        targets: [...again, flag(width)].flat(),
      };
    },
    right: rightBits,
  });
}
