import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import {
  atLeastZero,
  checkSettings,
  finitePositive,
  type KindsOf,
  kind,
  oneOf,
  optional,
  type RequiredKind,
  share,
  size,
} from "../../check/index.js";
import { add, matmul, mul, type SparseMatrix, sparseMatmul, tanh } from "../../ops/index.js";
import { fromArray, RandomNumbers, type Shape, ShapeError, Value } from "../../tensor/index.js";
import { specOf } from "../init/spec.js";
import { normalsOf } from "../outputs/draws.js";
import { reservoirMatrix, type Wiring } from "./wiring.js";

/** Settings of `reservoir`. */
export interface ReservoirConfig {
  /** Features of x. */
  readonly input: number;
  /** Units of h. */
  readonly hidden: number;
  /**
   * Which units a unit reads: some at random (`sparse`), the one before it in a ring (`ring`), or all, by an orthogonal matrix
   * (`orthogonal`). Sparse by default.
   */
  readonly wiring?: Wiring;
  /** With sparse wiring, how many units each unit reads; 10 by default, or `hidden` if that is less. With `hidden` the matrix is dense. */
  readonly nonZeros?: number;
  /** Spectral radius of W: positive; 0.95 by default. Above 1 the reservoir may never forget where it started. */
  readonly radius?: number;
  /** Share of a unit's state that is new at each step, in (0, 1]; 1 by default: no leak. */
  readonly leak?: number;
  /** Weights of the input are drawn uniformly between this and its negative: one number, or one per feature of x; 1 by default. */
  readonly inputScale?: number | readonly number[];
  /** Biases are drawn uniformly between this and its negative; 0 by default. */
  readonly bias?: number;
  /** Standard deviation of normal noise that is added to each unit's input at each step; none, 0 by default. */
  readonly noise?: number;
  /** tanh by default; linear units have no activation function. */
  readonly activation?: "tanh" | "linear";
}

/** Parameters of `reservoir`: U [input, hidden], W, b [hidden]. */
export interface ReservoirSpecs {
  readonly U: ParamSpec;
  /** Of sparse wiring and a ring the entries that are not zero, [nonZeros, hidden], and where they stand; of a dense matrix [hidden, hidden]. */
  readonly W: ParamSpec | SparseMatrix<ParamSpec>;
  readonly b: ParamSpec;
}

/**
 * A reservoir: a recurrent net with weights that are drawn and left as they are. What is learned is a readout of its states (echo state
 * networks).
 *
 *     h(t) = (1 - leak) h(t-1) + leak tanh(W h(t-1) + U x(t) + b + noise n(t)),   n(t) ~ N(0, 1)
 *
 * W is drawn as `wiring` says and scaled to the spectral radius exactly. Of sparse wiring only the entries that are not zero are kept,
 * multiplied and, where it is trained, learned: W is `{ values, from }` then, the matrix of `sparseMatmul`. A reservoir is a cell as any other: `recurrent` makes a layer of it, it
 * streams, and its parameters can be trained further.
 *
 * Feedback from the output is a part of x: train with x(t) = [y(t-1), u(t)], the targets of the step before, and run it free with
 * `fedBack`, which puts there what the readout gave. `inputScale` scales the parts apart.
 *
 * With noise, runs need a key. Parameters do not depend on it, nor on leak and activation, so a reservoir whose readout is fitted with noise can be run
 * without.
 *
 * Input x [input]; state h [hidden]; output h(t) [hidden].
 *
 * @throws RangeError for a setting out of its range, or where W has the spectral radius 0 and so none can be set
 * @throws ShapeError for a list of input scales that does not fit the features of x
 * @see Jaeger (2001), "The echo state approach to analysing and training recurrent neural networks"; Jaeger et al. (2007); Goodfellow,
 * Bengio, Courville (2016), section 10.8
 * @example
 * const layer = recurrent(reservoir({ input: 1, hidden: 50, radius: 0.9, leak: 0.5 }));
 * const structure = chain([30, 20]);
 * const { output } = layer.apply(layer.init(Key.of(1)), zeros([50, 1]), structure, { rows: afterWashout(structure, 10) });
 * // output [30, 50]: the states after the first 10 steps of each sequence
 */
export function reservoir(config: ReservoirConfig): Cell<{ x: Shape }, { h: Shape }, ReservoirSpecs, Value> {
  const { input, hidden, wiring, nonZeros, inputScale } = checkSettings("reservoir", config, kinds);
  if (wiring !== undefined && wiring !== "sparse" && nonZeros !== undefined)
    throw new RangeError(
      `reservoir: nonZeros is ${nonZeros}, but the wiring is ${wiring}, which says by itself how many units each reads; leave it out`,
    );
  if (nonZeros !== undefined && nonZeros > hidden)
    throw new RangeError(
      `reservoir: nonZeros is at most ${hidden}, the units that there are to read, got ${nonZeros}`,
    );
  if (typeof inputScale === "object" && inputScale.length !== input)
    throw new ShapeError(
      `reservoir: inputScale has ${inputScale.length} entries for ${input} features of x; it has one for each`,
    );
  return reservoirOf(config);
}

/** The cell of settings that are right. */
function reservoirOf(config: ReservoirConfig) {
  const { hidden, leak = 1, noise = 0, activation = "tanh" } = config;
  return defineCell({
    name: "reservoir",
    inputs: ({ input }: ReservoirConfig): { x: Shape } => ({ x: [input] }),
    state: (): { h: Shape } => ({ h: [hidden] }),
    params: ({
      input,
      wiring = "sparse",
      nonZeros = Math.min(10, hidden),
      radius = 0.95,
      inputScale = 1,
      bias = 0,
    }): ReservoirSpecs => ({
      U: rowsBetween(typeof inputScale === "number" ? Array(input).fill(inputScale) : inputScale, hidden),
      W: reservoirMatrix({ hidden, wiring, nonZeros, radius }),
      b: vectorBetween(bias, hidden),
    }),
    step({ x, h }, { U, W, b }, draws) {
      const a = add(add(matmul(x, U), b), W instanceof Value ? matmul(h, W) : sparseMatmul(h, W));
      const noisy = noise === 0 ? a : add(a, mul(normalsOf(draws.uniform([2 * hidden])), noise));
      const v = activation === "tanh" ? tanh(noisy) : noisy;
      const next = leak === 1 ? v : add(mul(h, 1 - leak), mul(v, leak));
      return { state: { h: next }, output: next };
    },
  })(config);
}

/** A matrix [limits, columns] whose row i is drawn uniformly between limits[i] and its negative. */
function rowsBetween(limits: readonly number[], columns: number): ParamSpec {
  return specOf("reservoir", [limits.length, columns], (key, shape, dtype) => {
    const draws = new RandomNumbers(key);
    const values = limits.flatMap((limit) =>
      Array.from({ length: columns }, () => limit * (2 * draws.uniform() - 1)),
    );
    return fromArray(values, shape, dtype);
  });
}

/** A vector that is drawn uniformly between a limit and its negative. */
function vectorBetween(limit: number, units: number): ParamSpec {
  return specOf("reservoir", [units], (key, shape, dtype) => {
    const draws = new RandomNumbers(key);
    return fromArray(
      Array.from({ length: units }, () => limit * (2 * draws.uniform() - 1)),
      shape,
      dtype,
    );
  });
}

const scalesKind: RequiredKind = kind(
  "a number of at least 0, or a list with one for each feature of x",
  (supplied) => [supplied].flat().every((scale) => atLeastZero.accepts(scale)),
);
const kinds: KindsOf<ReservoirConfig> = {
  input: size,
  hidden: size,
  wiring: optional(oneOf("sparse", "ring", "orthogonal")),
  nonZeros: optional(size),
  radius: optional(finitePositive),
  leak: optional(share),
  inputScale: optional(scalesKind),
  bias: optional(atLeastZero),
  noise: optional(atLeastZero),
  activation: optional(oneOf("tanh", "linear")),
};
