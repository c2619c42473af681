import { checkSettings, isRecord, oneOf, optional } from "../../check/index.js";
import { lengthsFrom, longestOf, makeProblem, rightClasses } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/** Settings of `twoSequences`. */
export interface TwoSequencesOptions {
  /** Steps, more than `informative`. */
  readonly length: Lengths;
  /** Steps that tell the class; 1 by default. */
  readonly informative?: 1 | 3;
}

/**
 * The two-sequence problem: tell two kinds of sequences apart by how they begin.
 *
 *     x(t) = +1 (class 1) or -1 (class 0) at the first 1 or 3 steps, then noise of variance 0.2
 *
 * The class is asked for at the last step. A sequence is wrong if the other class has the larger output. Without memory, the loss
 * is ln 2.
 *
 * @throws RangeError if a length is not above `informative`, or that is not 1 or 3
 * @see Bengio, Simard, Frasconi (1994), "Learning long-term dependencies with gradient descent is difficult"
 * @example twoSequences({ length: 20 }).sample(Key.of(1), 0, 20).targets // 20 classes, 0 or 1
 */
export function twoSequences(options: TwoSequencesOptions): SyntheticProblem {
  const asked = isRecord(options) && options.informative === 3 ? 3 : 1;
  const { length, informative = 1 } = checkSettings("twoSequences", options, {
    length: lengthsFrom(asked + 1, "noise follows the steps that tell the class"),
    informative: optional(oneOf(1, 3)),
  });
  return makeProblem({
    name: "two-sequences",
    input: 1,
    output: 2,
    answer: "class",
    scored: "the last step",
    steps: longestOf(length),
    baseline: Math.LN2,
    lengths: length,
    draw(draws, steps) {
      const kind = draws.below(2);
      const x = Float32Array.from({ length: steps }, (_, t) =>
        t < informative ? 2 * kind - 1 : Math.sqrt(0.2) * draws.normal(),
      );
      return { x, targets: [kind] };
    },
    right: rightClasses,
  });
}
