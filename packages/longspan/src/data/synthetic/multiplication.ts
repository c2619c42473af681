import { type MarkedNumbersOptions, markedNumbers } from "./marked-numbers.js";
import type { SyntheticProblem } from "./problem.js";

/**
 * The multiplication problem: multiply the two numbers that are marked. It is made like the adding problem (`adding`), with
 * numbers in [0, 1) and the answer a b, in the forms pascanu2013 and hochreiter1997. In the 1997 form, if the first step is
 * marked, its number is 1.
 *
 * A sequence is wrong if the squared error exceeds 0.04, in the 1997 form if the error does. Without memory, the loss is 7/144, in
 * the 1997 form a little more.
 *
 * @throws RangeError if a length is below 10, or 22 in the 1997 form, or there is no such form
 * @see Hochreiter, Schmidhuber (1997), experiment 5; Pascanu, Mikolov, Bengio (2013)
 * @example multiplication({ length: 100 }).sample(Key.of(1), 0, 20).targets // 20 numbers between 0 and 1
 */
export function multiplication(options: MarkedNumbersOptions): SyntheticProblem {
  return markedNumbers("multiplication", options, {
    pascanu2013: {
      number: (draws) => draws.uniform(),
      target: (a, b) => a * b,
      baseline: () => 7 / 144,
      tolerance: 0.2,
    },
    hochreiter1997: {
      number: (draws) => draws.uniform(),
      firstNumber: 1,
      target: (a, b) => a * b,
      // With probability q, the product is one of the numbers.
      baseline: (q) => q / 3 + (1 - q) / 9 - (q / 2 + (1 - q) / 4) ** 2,
      tolerance: 0.04,
    },
  });
}
