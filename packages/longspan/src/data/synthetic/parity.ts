import { checkSettings } from "../../check/index.js";
import { lengthsFrom, longestOf, makeProblem, oneHot, rightClasses } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/**
 * The parity problem: say at each step whether the number of ones so far is odd.
 *
 *     input    1  0  1  1  0
 *     answer   1  1  0  1  1
 *
 * Bits are drawn with equal probability; an input is one-hot, of 2 features. Every step is scored, and the answer is a class, 0 for even and
 * 1 for odd. All sequences of a batch have the same length. A sequence is wrong if any of its answers is. Without memory, the loss is ln 2.
 *
 * One bit of state is enough, but it has to be turned over by each one that comes, however long ago the last one was. A net with a linear
 * recurrence needs a negative eigenvalue for it (Grazzi et al. 2024), and lengths beyond those of training tell who has found it.
 *
 * @param options.length steps, at least 1
 * @see Deletang et al. (2023), "Neural networks and the Chomsky hierarchy"; Grazzi et al. (2024), "Unlocking state-tracking in linear RNNs
 * through negative eigenvalues"
 * @example
 * const { x, targets } = parity({ length: 5 }).sample(Key.of(1), 0, 1);
 * [x.length, targets.length] // [ 10, 5 ]
 */
export function parity(options: { readonly length: Lengths }): SyntheticProblem {
  const { length } = checkSettings("parity", options, {
    length: lengthsFrom(1, "there is no parity of nothing"),
  });
  return makeProblem({
    name: "parity",
    input: 2,
    output: 2,
    answer: "class",
    scored: "every step",
    steps: longestOf(length),
    baseline: Math.LN2,
    lengths: length,
    draw(draws, steps) {
      const bits = Array.from({ length: steps }, () => draws.below(2));
      let odd = 0;
      const targets = bits.map((bit) => {
        odd ^= bit;
        return odd;
      });
      return { x: oneHot(bits, 2), targets };
    },
    right: rightClasses,
  });
}
