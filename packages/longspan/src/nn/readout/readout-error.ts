import { check, isRecord, kind } from "../../check/index.js";
import { formatShape, onCpu, ShapeError, Tensor } from "../../tensor/index.js";
import type { LinearParams } from "../layers/linear.js";
import { type ReadoutSums, sumsKind } from "./readout-sums.js";

/**
 * The mean squared error of a readout over the rows of sums, for each output: in training, or over rows that were held out. The rows
 * themselves are not needed.
 *
 * Sums made by "products" lose what is below 1e-15 of the targets' own mean square.
 *
 * @returns outputs numbers
 * @throws ShapeError if the readout does not fit the sums; RangeError if there are no rows
 * @example
 * const sums = addReadoutRows(readoutSums({ features: 1, outputs: 1 }), tensor([[0], [1], [2]]), tensor([[0], [1], [0]]));
 * readoutError(sums, solveReadout(sums)) // [ 0.2222222222222222 ]: a flat line at 1/3
 */
export function readoutError(sums: ReadoutSums, readout: LinearParams): Float64Array {
  check("readoutError", "sums", sums, sumsKind);
  check("readoutError", "readout", readout, readoutKind);
  const { features, outputs } = sums;
  for (const [name, expected] of [
    ["W", [features, outputs]],
    ["b", [outputs]],
  ] as const)
    if (formatShape(readout[name].shape) !== formatShape(expected))
      throw new ShapeError(
        `readoutError: ${name} of the readout is ${formatShape(readout[name].shape)}, expected ${formatShape(expected)} as the sums have it`,
      );
  if (sums.rows === 0)
    throw new RangeError("readoutError: the sums hold no rows; add some with addReadoutRows");
  const [W, b] = [onCpu(readout.W).toArray(), onCpu(readout.b).toArray()];
  return squaredErrors(sums, W, b).map((x) => x / sums.rows);
}

/** A readout. */
export const readoutKind = kind(
  "a readout { W, b }, such as solveReadout makes",
  (value) => isRecord(value) && value.W instanceof Tensor && value.b instanceof Tensor,
);

/** The sum of squared errors of each output. */
export function squaredErrors(sums: ReadoutSums, W: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  return sums.triangle !== null ? byTriangle(sums, W, b) : byProducts(sums, W, b);
}

/** |R (b, W) - Q'Y|^2, and what is left of Y. */
function byTriangle(sums: ReadoutSums, W: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const { features, outputs, bias } = sums;
  const { n, rows, left } = sums.triangle!;
  const [width, first] = [n + outputs, Number(bias)];
  const errors = left.slice();
  for (let q = 0; q < outputs; q++)
    for (let i = 0; i < n; i++) {
      let error = -rows[i * width + n + q]!;
      if (bias) error += rows[i * width]! * b[q]!;
      for (let j = 0; j < features; j++) error += rows[i * width + first + j]! * W[j * outputs + q]!;
      errors[q]! += error * error;
    }
  return errors;
}

/** |Y|^2 - 2 W'X'Y + W'X'X W about the means, and the error of the means for every row. */
function byProducts(sums: ReadoutSums, W: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const { features, outputs } = sums;
  const { rows, means, sums: products, rest, squares } = sums.products!;
  const width = features + outputs;
  const errors = squares.slice();
  for (let q = 0; q < outputs; q++) {
    let mean = b[q]! - means[features + q]!;
    for (let i = 0; i < features; i++) {
      const w = W[i * outputs + q]!;
      mean += means[i]! * w;
      const at = i * width;
      let along = -2 * (products[at + features + q]! + rest[at + features + q]!);
      for (let j = 0; j < features; j++) along += (products[at + j]! + rest[at + j]!) * W[j * outputs + q]!;
      errors[q]! += w * along;
    }
    // Rounding may leave a little below zero.
    errors[q] = Math.max(0, errors[q]!) + rows * mean * mean;
  }
  return errors;
}
