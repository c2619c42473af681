import { checkSettings, isRecord, optional, size } from "../../check/index.js";
import { blanks, drawVectors, flag, inputsOf, upTo } from "./bit-vectors.js";
import { lengthsFrom, longestOf, makeProblem, rightBits } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/** Settings of `prioritySort`. */
export interface PrioritySortOptions {
  /** How many vectors come. Graves et al. have 20. */
  readonly length: Lengths;
  /** How many are to be given, at most as many as come; by default four fifths, rounded up: 16 of 20. */
  readonly sorted?: number;
  /** Bits of a vector; 8 by default. */
  readonly width?: number;
}

/**
 * The priority sort problem: give those of some vectors that have the highest priorities, the highest first.
 *
 *     input    20 vectors of 8 bits, each with its priority | the delimiter | 16 steps of zeros
 *     answer   none                                         | none          | the 16 vectors of the highest priorities, sorted
 *
 * Priorities are uniform in [-1, 1). An input has 8 features for the bits of a vector, one for its priority, and one that is 1 at the
 * delimiter. Only what follows the delimiter is scored; answers are bits. All sequences of a batch have as many vectors. A sequence is wrong
 * if any of its bits is. Without memory, the loss is 8 ln 2 per step.
 *
 * @throws RangeError if a length, `sorted` or the width is below 1, or more are to be given than come
 * @see Graves, Wayne, Danihelka (2014), "Neural Turing machines", section 4.5
 * @example
 * const { structure, targets } = prioritySort({ length: 20 }).sample(Key.of(1), 0, 2);
 * [structure.nodes, targets.length] // [ 74, 256 ]
 */
export function prioritySort(options: PrioritySortOptions): SyntheticProblem {
  const asked = isRecord(options) && size.accepts(options.sorted) ? Number(options.sorted) : 1;
  const {
    length,
    sorted,
    width = 8,
  } = checkSettings("prioritySort", options, {
    length: lengthsFrom(asked, "no more can be given than come"),
    sorted: optional(size),
    width: optional(size),
  });
  const returned = (n: number) => sorted ?? Math.ceil((4 * n) / 5);
  const stepsOf = (n: number) => n + 1 + returned(n);
  return makeProblem({
    name: "priority-sort",
    input: width + 2,
    output: width,
    answer: "bits",
    scored: "some steps",
    steps: stepsOf(longestOf(length)),
    baseline: width * Math.LN2,
    lengths: length,
    stepsOf,
    draw(draws, steps, n) {
      const vectors = drawVectors(draws, n, width);
      // As inputs hold them: two that are one number in float32 keep their order.
      const priorities = Float32Array.from({ length: n }, () => 2 * draws.uniform() - 1);
      const order = upTo(0, n).sort((a, b) => priorities[b]! - priorities[a]!);
      const rows = [
        ...vectors.map((bits, i) => [...bits, priorities[i]!]),
        flag(width + 1),
        ...blanks(returned(n)),
      ];
      return {
        x: inputsOf(rows, width + 2),
        scored: upTo(n + 1, steps),
        targets: order.slice(0, returned(n)).flatMap((i) => vectors[i]!),
      };
    },
    right: rightBits,
  });
}
