import { check, finitePositive, isRecord, kind, type RequiredKind } from "../../check/index.js";
import { spectralRadius, spectralRadiusOfSparse } from "../../linear-algebra/index.js";
import { mul, type SparseMatrix } from "../../ops/index.js";
import { formatShape, onCpu, ShapeError, Tensor } from "../../tensor/index.js";

/** Below this share of the largest entry a radius is what rounding errors make of zero. */
const leastShare = 1e-7;

/**
 * Recurrent weights of one's own, scaled to a spectral radius.
 *
 *     W <- W radius / rho(W)
 *
 * rho is the largest magnitude of an eigenvalue, found in float64. A matrix that has none but 0, of zeros or nilpotent, has no scale: what enters it is gone
 * after as many steps as it has rows, whatever its weights.
 *
 * @param W a square matrix, [n, n], or a sparse one, as `sparseMatmul` takes it
 * @param radius positive
 * @throws RangeError if W has the spectral radius 0, or one so small beside its entries that it is a rounding error
 * @throws ShapeError if W is not square
 * @example withSpectralRadius(tensor([[0, 2], [0.5, 0]]), 0.9) // [[0, 1.8], [0.45, 0]]
 */
export function withSpectralRadius<W extends Tensor | SparseMatrix<Tensor>>(W: W, radius: number): W {
  check("withSpectralRadius", "W", W, matrixKind);
  check("withSpectralRadius", "radius", radius, finitePositive);
  const values = W instanceof Tensor ? W : W.values;
  const n = values.shape[1] ?? 0;
  if (values.rank !== 2 || n === 0 || (W instanceof Tensor && W.shape[0] !== n))
    throw new ShapeError(
      `withSpectralRadius: W is ${formatShape(values.shape)}, expected a square matrix [n, n], or entries [nonZeros, n] and the row of each`,
    );
  const entries = onCpu(values).toArray();
  const found =
    W instanceof Tensor
      ? spectralRadius(entries, n)
      : spectralRadiusOfSparse({ values: entries, from: onCpu(W.from).toArray() }, n);
  let largest = 0;
  for (const v of entries) largest = Math.max(largest, Math.abs(v));
  if (found <= leastShare * largest)
    throw new RangeError(
      `withSpectralRadius: W has the spectral radius 0${found === 0 ? "" : ` up to rounding errors, ${found} beside entries of ${largest}`}, so no factor gives it ${radius}: ${largest === 0 ? "all its entries are 0" : `it is nilpotent, and what enters is gone after ${n} steps or fewer`}; let some unit hear of itself, by way of others`,
    );
  const scaled = mul(values, radius / found);
  return (W instanceof Tensor ? scaled : { ...W, values: scaled }) as W;
}

const matrixKind: RequiredKind = kind(
  "a matrix, or the record { values, from } of a sparse one",
  (value) =>
    value instanceof Tensor ||
    (isRecord(value) && value.values instanceof Tensor && value.from instanceof Tensor),
);
