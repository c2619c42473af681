import { checkSettings, optional, size } from "../../check/index.js";
import { blanks, drawVectors, flag, inputsOf, upTo } from "./bit-vectors.js";
import { lengthsFrom, longestOf, makeProblem, rightBits } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/** Settings of `associativeRecall`. */
export interface AssociativeRecallOptions {
  /** How many items come: at least 2. */
  readonly items: Lengths;
  /** Vectors of an item; 3 by default. */
  readonly vectors?: number;
  /** Bits of a vector; 6 by default. */
  readonly width?: number;
}

/**
 * The associative recall problem: some items come, one of them comes again, and the item that followed it is to be given.
 *
 *     input    (the item delimiter, 3 vectors) n times | the query delimiter, the 3 vectors of an item, the query delimiter | 3 steps of zeros
 *     answer   none                                    | none                                                               | the item after it
 *
 * An input has 6 features for the bits of a vector, one that is 1 at the item delimiter and one that is 1 at the query delimiter. The item
 * that comes again is any but the last, each as probable. Only the last 3 of the 4 n + 8 steps are scored; their answers are bits. All
 * sequences of a batch have the same n. A sequence is wrong if any of its bits is. Without memory, the loss is 6 ln 2 per step.
 *
 * @throws RangeError if the number of items is below 2, or that of vectors or bits below 1
 * @see Graves, Wayne, Danihelka (2014), "Neural Turing machines", section 4.3
 * @example
 * const { structure, targets } = associativeRecall({ items: 6 }).sample(Key.of(1), 0, 3);
 * [structure.nodes, targets.length] // [ 96, 54 ]
 */
export function associativeRecall(options: AssociativeRecallOptions): SyntheticProblem {
  const {
    items,
    vectors = 3,
    width = 6,
  } = checkSettings("associativeRecall", options, {
    items: lengthsFrom(2, "an item is asked for by the one before it"),
    vectors: optional(size),
    width: optional(size),
  });
  const [itemDelimiter, queryDelimiter] = [flag(width), flag(width + 1)];
  const stepsOf = (n: number) => n * (1 + vectors) + 2 + 2 * vectors;
  return makeProblem({
    name: "associative-recall",
    input: width + 2,
    output: width,
    answer: "bits",
    scored: "some steps",
    steps: stepsOf(longestOf(items)),
    baseline: width * Math.LN2,
    lengths: items,
    stepsOf,
    draw(draws, steps, n) {
      const all = Array.from({ length: n }, () => drawVectors(draws, vectors, width));
      const asked = draws.below(n - 1);
      const rows = [
        ...all.flatMap((item) => [itemDelimiter, ...item]),
        queryDelimiter,
        ...all[asked]!,
        queryDelimiter,
        ...blanks(vectors),
      ];
      return {
        x: inputsOf(rows, width + 2),
        scored: upTo(steps - vectors, steps),
        targets: all[asked + 1]!.flat(),
      };
    },
    right: rightBits,
  });
}
