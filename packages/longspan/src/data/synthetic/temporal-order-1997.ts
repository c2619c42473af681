import { checkSettings, isRecord, oneOf, optional } from "../../check/index.js";
import { lengthsFrom, longestOf, makeProblem, oneHot, rightClasses } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";
import { distractors } from "./temporal-order.js";

/** Settings of `temporalOrder1997`. */
export interface TemporalOrder1997Options {
  /** Steps; 100 to 110 by default, at least 62, or 78 with three symbols. */
  readonly length?: Lengths;
  /** How many of the symbols matter; 2 (experiment 6a) by default, or 3 (6b). */
  readonly symbols?: 2 | 3;
}

/** Steps at which a symbol that matters may stand, counted from 0, both ends included. */
const stepRanges = {
  2: [
    [10, 20],
    [50, 60],
  ],
  3: [
    [10, 20],
    [33, 43],
    [66, 76],
  ],
} as const;

/**
 * The temporal order problem in its first form: the places are fixed, and the sequence says where it begins and ends.
 *
 *     x(t)   one of 8 symbols, one-hot: X and Y (0 and 1), the distractors a, b, c, d (2 to 5), E first (6) and B last (7)
 *     X or Y at a step from 10 to 20 and at one from 50 to 60; 6b: from 10 to 20, 33 to 43 and 66 to 76
 *     class = v(0) + 2 v(1) [+ 4 v(2)],  v = 0 for X and 1 for Y
 *
 * The class is asked for at the last step. A sequence is wrong if its class has not the largest output. (In the paper, the four
 * outputs must all be within 0.3 of a code of 0 and 1.) Without memory, the loss is ln 4, or ln 8.
 *
 * @throws RangeError if a length is too short for the last of the places, or the number of symbols is not 2 or 3
 * @see Hochreiter, Schmidhuber (1997), "Long short-term memory", experiments 6a and 6b
 * @example temporalOrder1997().sample(Key.of(1), 0, 1).targets // one class of 0..3
 */
export function temporalOrder1997(options?: TemporalOrder1997Options): SyntheticProblem {
  const asked = isRecord(options) && options.symbols === 3 ? 3 : 2;
  const last = stepRanges[asked].at(-1)![1];
  const { length = [100, 110], symbols = 2 } = checkSettings("temporalOrder1997", options, {
    length: optional(lengthsFrom(last + 2, `a symbol may stand at step ${last}`)),
    symbols: optional(oneOf(2, 3)),
  });
  const ranges = stepRanges[symbols];
  return makeProblem({
    name: symbols === 2 ? "temporal-order-1997" : "temporal-order-3-1997",
    input: 8,
    output: 2 ** symbols,
    answer: "class",
    scored: "the last step",
    steps: longestOf(length),
    baseline: symbols * Math.LN2,
    lengths: length,
    draw(draws, steps) {
      const drawn = distractors(draws, steps);
      [drawn[0], drawn[steps - 1]] = [6, 7];
      let target = 0;
      for (const [k, [from, to]] of ranges.entries()) {
        const value = draws.below(2);
        drawn[from + draws.below(to - from + 1)] = value;
        target += value * 2 ** k;
      }
      return { x: oneHot(drawn, 8), targets: [target] };
    },
    right: rightClasses,
  });
}
