import { atLeastZero, check, checkSettings, listOf, optional } from "../../check/index.js";
import { bidiagonalise, solveBidiagonal } from "../../linear-algebra/index.js";
import { type DType, onCpu } from "../../tensor/index.js";
import { floatKind } from "../../tensor/kinds.js";
import type { LinearParams } from "../layers/linear.js";
import { factored } from "./factored.js";
import { meanSquare } from "./mean-square.js";
import { squaredErrors } from "./readout-error.js";
import { type ReadoutSums, sameSums, sumsKind } from "./readout-sums.js";
import { readoutOf } from "./solve-readout.js";

/** Settings of `chooseRidge`. */
export interface ChooseRidgeOptions {
  /** The ridges to choose from; by default 1e-12, 1e-11 ... 1e2, times the mean square of a feature over the rows, summed. */
  readonly ridges?: readonly number[];
  /** The type of W and b; float64 by default. */
  readonly dtype?: DType;
}

/** The ridge that held-out rows choose. */
export interface ChosenRidge {
  readonly ridge: number;
  /** The readout with it. */
  readonly readout: LinearParams;
  /** All the ridges, in rising order. */
  readonly ridges: Float64Array;
  /** The mean squared error over the held-out rows with each, summed over outputs. */
  readonly errors: Float64Array;
}

/**
 * The ridge whose readout errs least on rows that were held out. The sums are factored once: R = U B V' with B bidiagonal, and then each ridge
 * costs n operations for B and n^2 for its readout and error.
 *
 * @param training the rows that each readout is fitted to
 * @param heldOut others, such as a later part of a series; summed by either method
 * @throws TypeError if the two have other sizes; RangeError if either is empty, or features depend on each other and the least ridge does not part them
 * @see Elden (1977), "Algorithms for the regularization of ill-conditioned least squares problems"
 * @example
 * const rows = (seed: number) => {
 *   const x = normal(Key.of(seed), [30, 20], "float64");
 *   const y = add(sum(x, [1]).view([30, 1]), mul(normal(Key.of(seed + 1), [30, 1], "float64"), 2));
 *   return addReadoutRows(readoutSums({ features: 20, outputs: 1 }), x, y);
 * };
 * const { ridge, errors } = chooseRidge(rows(1), rows(3), { ridges: [0, 0.1, 1, 10, 100] }); // errors: of five readouts
 */
export function chooseRidge(
  training: ReadoutSums,
  heldOut: ReadoutSums,
  options?: ChooseRidgeOptions,
): ChosenRidge {
  check("chooseRidge", "training", training, sumsKind);
  check("chooseRidge", "heldOut", heldOut, sumsKind);
  const settings = checkSettings("chooseRidge", options, kinds);
  sameSums("chooseRidge", ["training", training], ["heldOut", heldOut], ["features", "outputs", "bias"]);
  if (heldOut.rows === 0)
    throw new RangeError("chooseRidge: heldOut holds no rows; add some with addReadoutRows");
  const ridges = Float64Array.from(settings.ridges ?? usualRidges(training)).sort();
  if (ridges.length === 0) throw new RangeError("chooseRidge: ridges is empty; give one or more");
  const least = ridges[0]!;
  const { R, Z, means } = factored("chooseRidge", training, least);
  const { features, outputs } = training;
  const bidiagonal = bidiagonalise(R, features);
  bidiagonal.intoLeft(Z, outputs);
  const weights = Array.from(ridges, (ridge) => {
    const W = solveBidiagonal(bidiagonal, Z, outputs, ridge - least);
    bidiagonal.fromRight(W, outputs);
    return W;
  });
  const errors = Float64Array.from(weights, (W) => {
    const b = readoutOf(training, W, means, "float64").b;
    const squares = squaredErrors(heldOut, W, onCpu(b).toArray());
    return squares.reduce((a, x) => a + x, 0) / heldOut.rows;
  });
  const best = errors.indexOf(Math.min(...errors));
  return {
    ridge: ridges[best]!,
    readout: readoutOf(training, weights[best]!, means, settings.dtype ?? "float64"),
    ridges,
    errors,
  };
}

const kinds = {
  ridges: optional(listOf(atLeastZero, "a list of ridges")),
  dtype: optional(floatKind),
};

/** From 1e-12 to 1e2 of the mean diagonal element of X'X. */
function usualRidges(sums: ReadoutSums): Float64Array {
  const square = meanSquare(sums);
  return Float64Array.from({ length: 15 }, (_, k) => 10 ** (k - 12) * square || 1e-300);
}
