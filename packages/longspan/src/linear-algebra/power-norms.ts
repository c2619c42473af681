import { check, count } from "../check/index.js";
import { spectralRadius } from "./eigenvalues.js";
import { checkMatrix, largestEntry, matrixProduct, powerOfTwoNear } from "./matrix.js";

/**
 * The 2-norms |W^t| of a square matrix, for t = 0 to `steps`: the most that t steps of h(t) = W h(t-1) can do to a state, and to a gradient.
 *
 * In the long run they go like the spectral radius to the power t. A symmetric or other normal W has |W^t| = radius^t at every t. Another may
 * first grow however small the radius is, so a net can explode in the short run and vanish in the long one: "contractive where the spectral
 * radius is below one" holds for normal matrices only. How far W is from one, `schur` shows.
 *
 * @param a the n x n entries, row by row
 * @param n the number of rows
 * @param steps the largest t
 * @returns steps + 1 numbers, the first one 1; 0 or Infinity beyond what a float64 holds
 * @throws ShapeError if the numbers are not n x n, RangeError if one is not finite
 * @see Goodfellow, Bengio, Courville (2016), section 10.7; Trefethen, Embree (2005), "Spectra and pseudospectra", chapter 14
 * @example
 * const norms = powerNorms([0.5, 100, 0, -0.8], 2, 60); // spectral radius 0.8
 * norms[1]! > 100 // true: the first step may stretch a state a hundredfold
 * norms[60]! < 1 // true
 */
export function powerNorms(a: ArrayLike<number>, n: number, steps: number): Float64Array {
  checkMatrix("powerNorms", a, n, n);
  check("powerNorms", "steps", steps, count);
  const norms = new Float64Array(steps + 1);
  let power: Float64Array = new Float64Array(n * n);
  for (let i = 0; i < n; i++) power[i * n + i] = 1;
  // The power is `power` times 2^exponent.
  let exponent = 0;
  norms[0] = 1;
  for (let t = 1; t <= steps; t++) {
    power = matrixProduct(power, a, n, n, n);
    const largest = largestEntry(power);
    if (largest === 0) break;
    const scale = powerOfTwoNear(largest);
    power = power.map((x) => x / scale);
    exponent += Math.log2(scale);
    const norm = largestSingularValue(power, n);
    norms[t] = norm * 2 ** Math.trunc(exponent / 2) * 2 ** (exponent - Math.trunc(exponent / 2));
  }
  return norms;
}

/** The root of the largest eigenvalue of A'A, which is right to rounding: the largest one loses nothing by being squared. */
function largestSingularValue(a: Float64Array, n: number): number {
  const transposed = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) transposed[j * n + i] = a[i * n + j]!;
  return Math.sqrt(spectralRadius(matrixProduct(transposed, a, n, n, n), n));
}
