import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import { checkSettings, flag, optional } from "../../check/index.js";
import { add, matmul, stopGradient, tanh } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { glorot, orthogonal, zerosInit } from "../init/index.js";
import {
  type LeakTimeConstants,
  leaked,
  leakSpec,
  timeConstantsKind,
} from "../time-scales/time-constants.js";
import { sizes } from "./settings.js";

/** Settings of `leakyRnn`. */
export interface LeakyRnnConfig {
  /** Features of x. */
  readonly input: number;
  /** Units of h. */
  readonly hidden: number;
  /** Time constants of the units, in steps, to begin with; by default drawn between 1 and 100, the logarithm uniform. */
  readonly timeConstants?: LeakTimeConstants;
  /** Whether they are learned; true by default. Fixed ones have no gradient. */
  readonly learned?: boolean;
}

/** Parameters of `leakyRnn`: U [input, hidden], W [hidden, hidden], b [hidden], a [hidden]. */
export interface LeakyRnnSpecs {
  readonly U: ParamSpec;
  readonly W: ParamSpec;
  readonly b: ParamSpec;
  readonly a: ParamSpec;
}

/**
 * Leaky units: each keeps a share of its state, which is thereby a running average of what a unit of `rnn` would be.
 *
 *     v(t) = tanh(b + W h(t-1) + U x(t))
 *     h(t) = alpha h(t-1) + (1 - alpha) v(t),   alpha = sigmoid(a) = e^(-1/T)
 *
 * A unit with the time constant T has forgotten all but 1/e of a value after T steps, as far as the linear connection to itself goes. T differs
 * per unit: fixed, drawn once, or learned as a, for which the gradient flows through the sigmoid (section 10.9.2). Weight decay would pull T
 * towards 1.44 steps, fixed or not: leave a out with `only`.
 *
 * Input x [input]; state h [hidden]; output h(t) [hidden]. U starts Glorot-uniform, W orthogonal, b zero, a from the time constants
 * (`timeConstantInit`; `timeConstantsOf` gives them back). `leaky` does the same around any cell.
 *
 * @throws RangeError for a time constant that is not positive
 * @throws ShapeError for a list of time constants that does not fit the units
 * @see Goodfellow, Bengio, Courville (2016), section 10.9.2; Mozer (1992); Jaeger et al. (2007)
 * @example
 * const cell = leakyRnn({ input: 3, hidden: 4, timeConstants: [2, 50] });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.h [2, 4]
 */
export function leakyRnn(config: LeakyRnnConfig): Cell<{ x: Shape }, { h: Shape }, LeakyRnnSpecs, Value> {
  const { learned = true } = checkSettings("leakyRnn", config, kinds);
  return learned ? withLearned(config) : withFixed(config);
}

const kinds = { ...sizes, timeConstants: optional(timeConstantsKind), learned: optional(flag) };

const withLearned = leakyRnnOf("leakyRnn", (a) => a);
const withFixed = leakyRnnOf("leakyRnn.fixed", stopGradient);

function leakyRnnOf(name: string, leak: (a: Value) => Value) {
  return defineCell({
    name,
    inputs: ({ input }: LeakyRnnConfig): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape } => ({ h: [hidden] }),
    params: ({ input, hidden, timeConstants = { from: 1, to: 100 } }): LeakyRnnSpecs => ({
      U: glorot(input, hidden),
      W: orthogonal(hidden, hidden),
      b: zerosInit(hidden),
      a: leakSpec("leakyRnn", [hidden], timeConstants),
    }),
    step({ x, h }, { U, W, b, a }) {
      const v = tanh(add(add(matmul(x, U), b), matmul(h, W)));
      const next = leaked(h, v, leak(a));
      return { state: { h: next }, output: next };
    },
  });
}
