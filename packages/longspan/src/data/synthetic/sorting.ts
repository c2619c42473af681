import { checkSettings } from "../../check/index.js";
import { lengthsFrom } from "./make-problem.js";
import { makePointingProblem, type PointingProblem } from "./pointing-problem.js";
import type { Lengths } from "./problem.js";

/**
 * The sorting problem: numbers uniform in [0, 1), to be pointed to from the smallest to the largest.
 *
 * A source of n numbers has an answer of n members. What was pointed to is right if it is the answer, member for member.
 *
 * @param options.numbers how many, or the fewest and the most, each as probable, drawn for each source
 * @see Vinyals, Fortunato, Jaitly (2015), "Pointer networks"; Vinyals, Bengio, Kudlur (2016), "Order matters"
 * @example
 * const { source, answers } = sortingProblem({ numbers: 3 }).sample(Key.of(1), 0, 1);
 * answers[0]!.map((m) => source.x[m]!); // three numbers, ascending
 */
export function sortingProblem(options: { readonly numbers: Lengths }): PointingProblem {
  const { numbers } = checkSettings("sortingProblem", options, {
    numbers: lengthsFrom(1, "there is nothing to sort without one"),
  });
  return makePointingProblem({
    name: "sorting",
    input: 1,
    members: numbers,
    draw(draws, n) {
      const x = Float32Array.from({ length: n }, () => draws.uniform());
      const answer = Array.from(x.keys()).sort((a, b) => x[a]! - x[b]! || a - b);
      return { x, answer };
    },
    length: (n) => n,
    right: (pointed, answer) => pointed.length === answer.length && answer.every((m, t) => pointed[t] === m),
  });
}
