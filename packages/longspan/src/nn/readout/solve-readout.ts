import { atLeastZero, check, checkSettings, optional } from "../../check/index.js";
import { solveUpper } from "../../linear-algebra/index.js";
import { type DType, formatShape, fromArray, ShapeError, type Value } from "../../tensor/index.js";
import { floatKind, valueKind } from "../../tensor/kinds.js";
import type { LinearParams } from "../layers/linear.js";
import { type Factored, factored } from "./factored.js";
import {
  addRowsFor,
  methodKinds,
  type ReadoutMethod,
  type ReadoutSums,
  readoutSums,
  sumsKind,
} from "./readout-sums.js";

/** Settings of `solveReadout`. */
export interface SolveReadoutOptions {
  /** What a squared weight costs beside a squared error summed over rows; 0 by default, which is least squares. */
  readonly ridge?: number;
  /** The type of W and b; float64 by default. */
  readonly dtype?: DType;
}

/**
 * The linear readout with the least squared error over the rows of sums, y = x W + b:
 *
 *     sum over rows of |x W + b - y|^2 + ridge |W|^2
 *
 * The error is summed over rows, not averaged, and b is free. The result is in closed form: (X'X + ridge I)^-1 X'Y about the means, from a triangular
 * factor. It serves as parameters of `linear({ input: features, output: outputs })`.
 *
 * In float64. A readout whose output is fed back into the net needs all of it: weights are large and cancel each other, and in float32 a free run
 * loses about four digits. For other uses, { dtype: "float32" } rounds the result.
 *
 * @throws RangeError if there are no rows, or if the features depend on each other and no ridge parts them
 * @see Jaeger (2001), "The echo state approach to analysing and training recurrent neural networks"
 * @example
 * const none = readoutSums({ features: 1, outputs: 1 });
 * const { W, b } = solveReadout(addReadoutRows(none, tensor([[0], [1], [2]]), tensor([[1], [3], [5]])));
 * // W [[2]], b [1]
 */
export function solveReadout(sums: ReadoutSums, options?: SolveReadoutOptions): LinearParams {
  check("solveReadout", "sums", sums, sumsKind);
  const { ridge = 0, dtype = "float64" } = checkSettings("solveReadout", options, kinds);
  return solved("solveReadout", sums, ridge, dtype);
}

const kinds = { ridge: optional(atLeastZero), dtype: optional(floatKind) };

function solved(what: string, sums: ReadoutSums, ridge: number, dtype: DType): LinearParams {
  const parts = factored(what, sums, ridge);
  solveUpper(parts.R, sums.features, parts.Z, sums.outputs);
  return readoutOf(sums, parts.Z, parts.means, dtype);
}

/** The readout with weights W, and the bias that belongs to them. */
export function readoutOf(
  { features, outputs }: Pick<ReadoutSums, "features" | "outputs">,
  W: Float64Array,
  means: Factored["means"],
  dtype: DType,
): LinearParams {
  const b = means.slice(features);
  for (let i = 0; i < features; i++)
    for (let q = 0; q < outputs; q++) b[q]! -= means[i]! * W[i * outputs + q]!;
  return { W: fromArray(W, [features, outputs], dtype), b: fromArray(b, [outputs], dtype) };
}

/** Settings of `ridgeReadout`. */
export interface RidgeReadoutOptions extends SolveReadoutOptions {
  /** Whether the readout has a bias, which no ridge holds back; true by default. */
  readonly bias?: boolean;
  /** How rows are summed up; "orthogonal" by default. */
  readonly method?: ReadoutMethod;
}

/**
 * The linear readout of rows that fit in memory: `solveReadout` of their sums.
 *
 * @param states [rows, features], float32 or float64, such as outputs of a reservoir after its washout
 * @param targets [rows, outputs]
 * @returns W [features, outputs] and b [outputs], float64 by default
 * @throws ShapeError if the rows do not fit; RangeError naming a row that holds NaN, and for features that depend on each other
 * @example
 * const states = normal(Key.of(1), [50, 4], "float64");
 * const targets = mul(slice(states, 1, 0, 1), 3);
 * const readout = ridgeReadout(states, targets, { ridge: 1e-8 }); // W about [3, 0, 0, 0]
 * linear({ input: 4, output: 1 }).apply(readout, states); // about the targets
 */
export function ridgeReadout(states: Value, targets: Value, options?: RidgeReadoutOptions): LinearParams {
  check("ridgeReadout", "states", states, valueKind);
  check("ridgeReadout", "targets", targets, valueKind);
  const {
    ridge = 0,
    dtype = "float64",
    ...how
  } = checkSettings("ridgeReadout", options, {
    ...kinds,
    ...methodKinds,
  });
  for (const [name, { rank, shape }] of Object.entries({ states, targets }))
    if (rank !== 2)
      throw new ShapeError(
        `ridgeReadout: ${name} is ${formatShape(shape)}, expected [rows, ${name === "states" ? "features" : "outputs"}]`,
      );
  const sums = readoutSums({ features: states.shape[1]!, outputs: targets.shape[1]!, ...how });
  return solved("ridgeReadout", addRowsFor("ridgeReadout", sums, states, targets), ridge, dtype);
}
