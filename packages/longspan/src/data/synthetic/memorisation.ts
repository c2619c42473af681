import { checkSettings, oneOf, optional } from "../../check/index.js";
import { lengthsFrom, longestOf, makeProblem, meanOver, oneHot, rightClasses } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/** Settings of `noiselessMemorisation`. */
export interface MemorisationOptions {
  /** L: steps between the last symbol to remember and the first to repeat, at least 1. */
  readonly length: Lengths;
  /** 5: five symbols of 2 values. 20, which is the default: ten symbols of 5 values, a little over 23 bits. */
  readonly bits?: 5 | 20;
}

/**
 * The noiseless memorisation problem: repeat a few symbols after a long wait.
 *
 *     input    n symbols of v values | L - 1 blanks, then the cue | n blanks
 *     answer   n + L blanks                                       | the n symbols
 *
 * With 20 bits, n = 10 and v = 5, so that there are L + 20 steps; with 5 bits, n = 5 and v = 2. Inputs are one-hot over the values,
 * blank (v) and cue (v + 1); answers are one of v + 1 classes, asked for at every step. A sequence is wrong if any of its steps is.
 * Without memory, the loss is n ln v / (L + 2 n).
 *
 * @throws RangeError if a length is below 1 or the bits are not 5 or 20
 * @see Pascanu, Mikolov, Bengio (2013); Martens, Sutskever (2011); after Hochreiter, Schmidhuber (1997)
 * @example noiselessMemorisation({ length: 50 }).sample(Key.of(1), 0, 20).structure.nodes // 1400
 */
export function noiselessMemorisation(options: MemorisationOptions): SyntheticProblem {
  const { length, bits = 20 } = checkSettings("noiselessMemorisation", options, {
    length: lengthKind,
    bits: optional(oneOf(5, 20)),
  });
  return bits === 5
    ? recall("memorisation-5", length, { symbols: 5, values: 2 })
    : recall("memorisation-20", length, { symbols: 10, values: 5 });
}

/**
 * The copy memory problem: `noiselessMemorisation` with 10 symbols of 8 values, in T + 20 steps. Without memory, the loss is
 * 10 ln 8 / (T + 20).
 *
 * @param options.length T, at least 1
 * @throws RangeError if a length is below 1
 * @see Arjovsky, Shah, Bengio (2016), "Unitary evolution recurrent neural networks", section 5.1
 * @example copyMemory({ length: 100 }).baseline // 0.1733
 */
export function copyMemory(options: { readonly length: Lengths }): SyntheticProblem {
  const { length } = checkSettings("copyMemory", options, { length: lengthKind });
  return recall("copy-memory", length, { symbols: 10, values: 8 });
}

const lengthKind = lengthsFrom(1, "the cue takes a step");

function recall(
  name: string,
  lengths: Lengths,
  { symbols, values }: { readonly symbols: number; readonly values: number },
): SyntheticProblem {
  const [blank, cue] = [values, values + 1];
  return makeProblem({
    name,
    input: values + 2,
    output: values + 1,
    answer: "class",
    scored: "every step",
    steps: longestOf(lengths) + 2 * symbols,
    baseline: meanOver(lengths, (length) => (symbols * Math.log(values)) / (length + 2 * symbols)),
    lengths,
    stepsOf: (length) => length + 2 * symbols,
    draw(draws, steps) {
      const [x, targets] = [new Array<number>(steps).fill(blank), new Array<number>(steps).fill(blank)];
      for (let k = 0; k < symbols; k++) x[k] = targets[steps - symbols + k] = draws.below(values);
      x[steps - symbols - 1] = cue;
      return { x: oneHot(x, values + 2), targets };
    },
    right: rightClasses,
  });
}
