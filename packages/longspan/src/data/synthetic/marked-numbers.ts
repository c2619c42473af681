import { checkSettings, isRecord, oneOf, optional } from "../../check/index.js";
import type { RandomNumbers } from "../../tensor/index.js";
import { lengthsFrom, longestOf, makeProblem, meanOver, withinTolerance } from "./make-problem.js";
import type { Lengths, SyntheticProblem } from "./problem.js";

/** Whose form of the adding and multiplication problems is meant. */
export type MarkedNumbersVariant = "pascanu2013" | "hochreiter1997" | "arjovsky2016";

/** Settings of `adding` and `multiplication`. */
export interface MarkedNumbersOptions {
  /** L; the least is 10 (pascanu2013), 22 (hochreiter1997) or 2 (arjovsky2016). */
  readonly length: Lengths;
  /** pascanu2013 by default. */
  readonly variant?: MarkedNumbersVariant;
}

/** Two numbers of many, and what the sequence looks like otherwise. */
export interface Marks {
  readonly first: number;
  readonly second: number;
  /** Markers of the first and the last step, where these are not marked. */
  readonly ends: number;
}

/** One form of the problems on marked numbers. */
export interface MarkedNumbers {
  /** The number of a step that nothing is known of. */
  number(draws: RandomNumbers): number;
  /** The number of the first step if that is marked; by default it is drawn like the others. */
  readonly firstNumber?: number;
  target(a: number, b: number): number;
  /** The mean squared error of the best constant. @param q the probability that the first step is marked */
  baseline(q: number): number;
  /** By how much an answer may miss. */
  readonly tolerance: number;
}

interface Layout {
  readonly least: number;
  readonly why: string;
  /** Whether sequences have up to a tenth more steps than L. */
  readonly stretched: boolean;
  mark(draws: RandomNumbers, steps: number, length: number): Marks;
  /** The probability that the first step is marked. */
  firstMarked(length: number): number;
}

const layouts: Record<MarkedNumbersVariant, Layout> = {
  pascanu2013: {
    least: 10,
    why: "the first mark falls into the first tenth",
    stretched: true,
    mark(draws, steps) {
      const [tenth, half] = [Math.floor(steps / 10), Math.floor(steps / 2)];
      return { first: draws.below(tenth), second: tenth + draws.below(half - tenth), ends: 0 };
    },
    firstMarked: () => 0,
  },
  hochreiter1997: {
    least: 22,
    why: "the second mark falls on one of L/2 - 1 steps, of which there are at least the first ten",
    stretched: true,
    mark(draws, _, length) {
      const first = draws.below(10);
      // Of the steps that are not marked yet.
      const second = draws.below(Math.floor(length / 2) - 1);
      return { first, second: second < first ? second : second + 1, ends: -1 };
    },
    firstMarked: (length) => 0.1 + 0.9 / (Math.floor(length / 2) - 1),
  },
  arjovsky2016: {
    least: 2,
    why: "there is one mark in each half",
    stretched: false,
    mark(draws, steps) {
      const half = Math.floor(steps / 2);
      return { first: draws.below(half), second: half + draws.below(steps - half), ends: 0 };
    },
    firstMarked: () => 0,
  },
};

/** A problem on two marked numbers: x(t) = [number, marker], the answer is asked for at the last step. */
export function markedNumbers(
  name: "adding" | "multiplication",
  options: MarkedNumbersOptions,
  variants: Partial<Record<MarkedNumbersVariant, MarkedNumbers>>,
): SyntheticProblem {
  const variantKind = oneOf(...Object.keys(variants));
  const asked = isRecord(options) && options.variant !== undefined ? options.variant : "pascanu2013";
  const layout = layouts[variantKind.accepts(asked) ? asked : "pascanu2013"];
  const { length, variant = "pascanu2013" } = checkSettings(name, options, {
    length: lengthsFrom(layout.least, layout.why),
    variant: optional(variantKind),
  });
  const rules = variants[variant]!;
  const stretch = (l: number) => (layout.stretched ? l + Math.max(0, Math.floor(l / 10) - 1) : l);
  return makeProblem({
    name: variant === "pascanu2013" ? name : `${name}-${variant.slice(-4)}`,
    input: 2,
    output: 1,
    answer: "number",
    scored: "the last step",
    steps: stretch(longestOf(length)),
    baseline: meanOver(length, (l) => rules.baseline(layout.firstMarked(l))),
    lengths: length,
    stepsOf: (l, draws) => (layout.stretched ? l + draws.below(Math.floor(l / 10)) : l),
    draw(draws, steps, l) {
      const x = new Float32Array(2 * steps);
      for (let t = 0; t < steps; t++) x[2 * t] = rules.number(draws);
      const { first, second, ends } = layout.mark(draws, steps, l);
      x[1] = x[2 * steps - 1] = ends;
      for (const t of [first, second]) x[2 * t + 1] = 1;
      if (rules.firstNumber !== undefined && x[1] === 1) x[0] = rules.firstNumber;
      return { x, targets: [rules.target(x[2 * first]!, x[2 * second]!)] };
    },
    right: withinTolerance(rules.tolerance),
  });
}
