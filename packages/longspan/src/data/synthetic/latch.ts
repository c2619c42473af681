import { atLeastZero, checkSettings, optional } from "../../check/index.js";
import { lengthsFrom, longestOf, makeProblem } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/** Settings of `latch`. */
export interface LatchOptions {
  /** Steps, at least 4. */
  readonly length: Lengths;
  /** Standard deviation s of the noise; 0.2 by default. */
  readonly noise?: number;
}

/** Steps whose inputs are the parameters. */
const trained = 3;
const target = 0.8;

/**
 * The latch problem: a unit that keeps one bit although its input is noise.
 *
 *     x(t) = tanh(w x(t-1)) + h(t),   h(1 .. 3) trained, one set per class;  h(t) ~ N(0, s^2) afterwards
 *
 * The unit x is the model's. The sequences tell it what to add: of 7 inputs, 3 class + t is 1 at step t = 0, 1, 2, which the model
 * gives a trained weight, h(t), and the last one is the noise, which it adds as it is. The answer at the last step is 0.8 for
 * class 1 and -0.8 for class 0, by squared error. A sequence is wrong if the sign is. Without memory, the loss is 0.64.
 *
 * @throws RangeError if a length is below 4 or the noise is negative
 * @see Bengio, Simard, Frasconi (1994), "Learning long-term dependencies with gradient descent is difficult", section 2
 * @example latch({ length: 20, noise: 0.3 }).sample(Key.of(1), 0, 18).targets // 18 numbers, 0.8 or -0.8
 */
export function latch(options: LatchOptions): SyntheticProblem {
  const { length, noise = 0.2 } = checkSettings("latch", options, {
    length: lengthsFrom(trained + 1, "the first three steps say what is to be kept"),
    noise: optional(atLeastZero),
  });
  const input = 2 * trained + 1;
  return makeProblem({
    name: "latch",
    input,
    output: 1,
    answer: "number",
    scored: "the last step",
    steps: longestOf(length),
    baseline: target ** 2,
    lengths: length,
    draw(draws, steps) {
      const kept = draws.below(2);
      const x = new Float32Array(steps * input);
      for (let t = 0; t < steps; t++)
        if (t < trained) x[t * input + trained * kept + t] = 1;
        else x[(t + 1) * input - 1] = noise * draws.normal();
      return { x, targets: [kept === 1 ? target : -target] };
    },
    right: ({ outputs, batch: { targets }, indices }) =>
      indices.every((index) => outputs[index]! * targets[index]! > 0),
  });
}
