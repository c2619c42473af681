import { type MarkedNumbersOptions, markedNumbers } from "./marked-numbers.js";
import type { SyntheticProblem } from "./problem.js";

/**
 * The adding problem: add the two numbers that are marked. x(t) = [number, marker], and the answer is asked for at the last step.
 *
 * | form           | numbers  | steps          | marked                                           | answer              |
 * | -------------- | -------- | -------------- | ------------------------------------------------ | ------------------- |
 * | pascanu2013    | U[0, 1)  | L .. 1.1 L - 1 | one of the first tenth, one of the rest of a half | (a + b) / 2         |
 * | hochreiter1997 | U[-1, 1) | L .. 1.1 L - 1 | one of the first 10, another of the next L/2 - 1  | 1/2 + (a + b) / 4   |
 * | arjovsky2016   | U[0, 1)  | L              | one of each half                                  | a + b               |
 *
 * Marked steps have the marker 1, others 0; in the 1997 form the first and the last step have -1 unless they are marked, and if
 * the first is marked, its number is 0. A sequence is wrong if the squared error exceeds 0.04, in the 1997 form if the error does.
 * Without memory, the loss is 1/24, a little less than 1/24, and 1/6.
 *
 * All sequences of a batch have the same number of steps, so that they share a structure.
 *
 * @throws RangeError if a length is below 10, 22 or 2 as the form has it, or there is no such form
 * @see Hochreiter, Schmidhuber (1997), experiment 4; Pascanu, Mikolov, Bengio (2013); Arjovsky, Shah, Bengio (2016)
 * @example adding({ length: 100 }).sample(Key.of(1), 0, 20).targets // 20 numbers between 0 and 1
 */
export function adding(options: MarkedNumbersOptions): SyntheticProblem {
  return markedNumbers("adding", options, {
    pascanu2013: {
      number: (draws) => draws.uniform(),
      target: (a, b) => (a + b) / 2,
      baseline: () => 1 / 24,
      tolerance: 0.2,
    },
    hochreiter1997: {
      number: (draws) => 2 * draws.uniform() - 1,
      firstNumber: 0,
      target: (a, b) => 0.5 + (a + b) / 4,
      baseline: (q) => (2 - q) / 48,
      tolerance: 0.04,
    },
    arjovsky2016: {
      number: (draws) => draws.uniform(),
      target: (a, b) => a + b,
      baseline: () => 1 / 6,
      tolerance: 0.2,
    },
  });
}
