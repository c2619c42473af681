import { checkSettings, oneOf, optional } from "../../check/index.js";
import type { RandomNumbers } from "../../tensor/index.js";
import { type Drawn, lengthsFrom, longestOf, makeProblem, oneHot, rightClasses } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/** Settings of `temporalOrder`. */
export interface TemporalOrderOptions {
  /** L, at least 10. */
  readonly length: Lengths;
  /** How many of the symbols matter; 2 by default. */
  readonly symbols?: 2 | 3;
}

/** Where the symbols that matter begin to be possible, as tenths of L. */
const tenths = { 2: [1, 5], 3: [1, 3, 6] } as const;

/**
 * The temporal order problem: which of A and B came first, and which second, among distractors?
 *
 *     x(t)   one of 6 symbols, one-hot: A, B or, at all other steps, one of 4 distractors
 *     p(0) = L/10 + r,  p(1) = L/2 + r',  r and r' in 0 .. L/10 - 1       (both rounded down)
 *     class = v(0) + 2 v(1),  v(k) = 0 for A and 1 for B at step p(k)
 *
 * With three symbols, p begins at L/10, 3 L/10 and 6 L/10, and there are 8 classes. The class is asked for at the last step. A
 * sequence is wrong if its class has not the largest output. Without memory, the loss is ln 4, or ln 8.
 *
 * @throws RangeError if a length is below 10 or the number of symbols is not 2 or 3
 * @see Pascanu, Mikolov, Bengio (2013), "On the difficulty of training recurrent neural networks", whose program it follows; after
 * Hochreiter, Schmidhuber (1997), experiment 6 (`temporalOrder1997`)
 * @example
 * const { x, structure, targets } = temporalOrder({ length: 50 }).sample(Key.of(1), 0, 20);
 * // x [50 * 20, 6] over 20 chains of 50 steps, targets 20 classes of 0..3
 */
export function temporalOrder(options: TemporalOrderOptions): SyntheticProblem {
  const { length, symbols = 2 } = checkSettings("temporalOrder", options, {
    length: lengthsFrom(10, "the symbols' places are drawn from tenths of it"),
    symbols: optional(oneOf(2, 3)),
  });
  const classes = 2 ** symbols;
  return makeProblem({
    name: symbols === 2 ? "temporal-order" : "temporal-order-3",
    input: 6,
    output: classes,
    answer: "class",
    scored: "the last step",
    steps: longestOf(length),
    baseline: Math.log(classes),
    lengths: length,
    draw: (draws, steps) => drawOrder(draws, steps, tenths[symbols]),
    right: rightClasses,
  });
}

/** Symbols 2 to 5, which say nothing. */
export function distractors(draws: RandomNumbers, steps: number): number[] {
  const symbols = new Array<number>(steps);
  for (let t = 0; t < steps; t++) symbols[t] = 2 + draws.below(4);
  return symbols;
}

function drawOrder(draws: RandomNumbers, steps: number, tenths: readonly number[]): Drawn {
  const symbols = distractors(draws, steps);
  let target = 0;
  for (const [k, tenth] of tenths.entries()) {
    const position = Math.floor((tenth * steps) / 10) + draws.below(Math.floor(steps / 10));
    const value = draws.below(2);
    symbols[position] = value;
    target += value * 2 ** k;
  }
  return { x: oneHot(symbols, 6), targets: [target] };
}
