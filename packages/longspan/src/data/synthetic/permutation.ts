import { checkSettings } from "../../check/index.js";
import { lengthsFrom, longestOf, makeProblem, oneHot, rightClasses } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/**
 * The random permutation problem: recall the first symbol at the end.
 *
 *     x(t)   one of 100 symbols, one-hot: at the first step 0 or 1, then any of 2 .. 99
 *
 * The first symbol is asked for at the last step, as one of 100 classes. A sequence is wrong if it has not the largest output. Without
 * memory, the loss is ln 2: only two classes are ever asked for.
 *
 * @param options.length steps, at least 2
 * @throws RangeError if a length is below 2
 * @see Pascanu, Mikolov, Bengio (2013); after Hochreiter, Schmidhuber (1997), experiment 2
 * @example randomPermutation({ length: 100 }).sample(Key.of(1), 0, 20).targets // 20 classes, 0 or 1
 */
export function randomPermutation(options: { readonly length: Lengths }): SyntheticProblem {
  const { length } = checkSettings("randomPermutation", options, {
    length: lengthsFrom(2, "at the last step, the first is to be recalled"),
  });
  return makeProblem({
    name: "permutation",
    input: 100,
    output: 100,
    answer: "class",
    scored: "the last step",
    steps: longestOf(length),
    baseline: Math.LN2,
    lengths: length,
    draw(draws, steps) {
      const symbols = Array.from({ length: steps }, (_, t) =>
        t === 0 ? draws.below(2) : 2 + draws.below(98),
      );
      return { x: oneHot(symbols, 100), targets: [symbols[0]!] };
    },
    right: rightClasses,
  });
}
