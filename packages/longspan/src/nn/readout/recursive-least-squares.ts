import {
  check,
  checkSettings,
  finitePositive,
  flag,
  isRecord,
  kind,
  optional,
  share,
  size,
} from "../../check/index.js";
import { appendRows, emptyTriangle, type RowTriangle } from "../../linear-algebra/index.js";
import type { DType, Value } from "../../tensor/index.js";
import { floatKind } from "../../tensor/kinds.js";
import type { LinearParams } from "../layers/linear.js";
import { readoutSums } from "./readout-sums.js";
import { rowsOf } from "./rows.js";
import { solveReadout } from "./solve-readout.js";

/** Settings of `recursiveLeastSquares`. */
export interface RecursiveLeastSquaresConfig {
  /** Features of a row of states. */
  readonly features: number;
  /** Features of a row of targets. */
  readonly outputs: number;
  /** What a squared weight costs, as for `solveReadout`; positive, since the first rows alone determine nothing. 1e-6 by default. */
  readonly ridge?: number;
  /** What a row counts for after each row that follows it, in (0, 1]; 1 by default: all rows count the same. */
  readonly forgetting?: number;
  /** Whether the readout has a bias, which the ridge does not hold back; true by default. */
  readonly bias?: boolean;
}

/** A readout that is being learned, between two updates. A value; plain data. */
export interface RecursiveReadout {
  /** How many rows it has learned from. */
  readonly rows: number;
  /** Their triangular factor, the rows weighted by what they count for. */
  readonly triangle: RowTriangle;
}

/** Recursive least squares: see `recursiveLeastSquares`. */
export interface RecursiveLeastSquares {
  /** Before the first row: the readout is zero. */
  start(): RecursiveReadout;
  /**
   * Learns from one row or more, in order.
   * @param states [rows, features]
   * @param targets [rows, outputs]
   * @returns a new value; the old one is as it was
   */
  update(state: RecursiveReadout, states: Value, targets: Value): RecursiveReadout;
  /** The best readout over the rows so far. @throws RangeError before the first row, if there is a bias */
  readout(state: RecursiveReadout, options?: { readonly dtype?: DType }): LinearParams;
}

/**
 * Learns a linear readout online, row by row. After every row it is the best over all rows so far:
 *
 *     sum over rows i of forgetting^(rows - i) |x_i W + b - y_i|^2 + forgetting^rows ridge |W|^2
 *
 * With forgetting 1 this is the readout of `solveReadout` over the same rows with the same ridge; with less, the readout follows a task that changes,
 * over about 1 / (1 - forgetting) rows.
 *
 * It keeps the triangular factor of the rows (QR-RLS), in float64, not the inverse of X'X: the inverse loses its symmetry to rounding and then
 * explodes, above all with forgetting. A row costs about 4 n^2 operations, and a readout n^2.
 *
 * @throws RangeError for a ridge that is not positive, or forgetting outside (0, 1]
 * @see Haykin, "Adaptive filter theory", on QR-RLS; Jaeger (2003), "Adaptive nonlinear system identification with echo state networks"
 * @example
 * const rls = recursiveLeastSquares({ features: 2, outputs: 1, forgetting: 0.99 });
 * let state = rls.start();
 * for (let t = 0; t < 50; t++) {
 *   const x = normal(Key.of(t), [1, 2]);
 *   state = rls.update(state, x, mul(slice(x, 1, 0, 1), 2));
 * }
 * rls.readout(state).W; // about [[2], [0]]
 */
export function recursiveLeastSquares(config: RecursiveLeastSquaresConfig): RecursiveLeastSquares {
  const {
    features,
    outputs,
    ridge = 1e-6,
    forgetting = 1,
    bias = true,
  } = checkSettings("recursiveLeastSquares", config, kinds);
  const first = Number(bias);
  const sums = readoutSums({ features, outputs, bias });
  const n = features + first;
  return {
    start() {
      const triangle = emptyTriangle(n, outputs);
      for (let k = first; k < n; k++) triangle.rows[k * (n + outputs) + k] = Math.sqrt(ridge);
      return { rows: 0, triangle };
    },
    update(state, states, targets) {
      const what = "recursiveLeastSquares.update";
      checkState(what, state, n, outputs);
      const { count, values } = rowsOf(what, sums, states, targets);
      const width = n + outputs;
      const block = new Float64Array(count * width);
      // A row counts for less with each that follows it.
      for (let i = 0; i < count; i++) {
        const weight = forgetting ** ((count - 1 - i) / 2);
        if (bias) block[i * width] = weight;
        for (let j = first; j < width; j++)
          block[i * width + j] = weight * values[i * (width - first) + j - first]!;
      }
      const before = forgetting ** (count / 2);
      const { triangle } = state;
      const faded =
        before === 1
          ? triangle
          : {
              ...triangle,
              rows: triangle.rows.map((x) => before * x),
              left: triangle.left.map((x) => before * before * x),
            };
      return { rows: state.rows + count, triangle: appendRows(faded, block, count) };
    },
    readout(state, options) {
      checkState("recursiveLeastSquares.readout", state, n, outputs);
      const { dtype = "float64" } = checkSettings("recursiveLeastSquares.readout", options, {
        dtype: optional(floatKind),
      });
      // The rows of the ridge are in the triangle already, so there are enough of them.
      const rows = Math.max(state.rows, n);
      if (bias && state.rows === 0)
        throw new RangeError(
          "recursiveLeastSquares.readout: there is no row yet, so nothing determines the bias; update the state first",
        );
      return solveReadout({ ...sums, rows, triangle: state.triangle }, { dtype });
    },
  };
}

const kinds = {
  features: size,
  outputs: size,
  ridge: optional(finitePositive),
  forgetting: optional(share),
  bias: optional(flag),
};

const stateKind = kind(
  "what start() or update() of recursiveLeastSquares gave",
  (value) => isRecord(value) && "triangle" in value && "rows" in value,
);

function checkState(what: string, state: RecursiveReadout, n: number, outputs: number): void {
  check(what, "state", state, stateKind);
  const { triangle } = state;
  if (triangle.n !== n || triangle.m !== outputs)
    throw new TypeError(
      `${what}: the state is of ${triangle.n} weights for each of ${triangle.m} outputs, expected ${n} for each of ${outputs}; begin with start() of this recursiveLeastSquares`,
    );
}
