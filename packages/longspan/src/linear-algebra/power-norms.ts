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
  norms[0] = 1;
  let power: ScaledMatrix | null = null;
  for (let t = 1; t <= steps; t++) {
    power = scaled(power ? matrixProduct(power.entries, a, n, n, n) : a, power?.exponent ?? 0);
    if (power === null) break;
    norms[t] = normOf(power, n);
  }
  return norms;
}

/** |W^t| for t = 1, 2, 4 and so on, `count` of them, by squaring. */
export function normsOfDoubledPowers(a: ArrayLike<number>, n: number, count: number): Float64Array {
  const norms = new Float64Array(count);
  let power: ScaledMatrix | null = null;
  for (let k = 0; k < count; k++) {
    power = power
      ? scaled(matrixProduct(power.entries, power.entries, n, n, n), 2 * power.exponent)
      : scaled(a, 0);
    if (power === null) break;
    norms[k] = normOf(power, n);
  }
  return norms;
}

/** The matrix `entries` times 2^exponent: what would overflow does not. */
interface ScaledMatrix {
  readonly entries: Float64Array;
  readonly exponent: number;
}

/** Entries times 2^exponent, scaled to about one; null where all are zero. */
function scaled(entries: ArrayLike<number>, exponent: number): ScaledMatrix | null {
  const largest = largestEntry(entries);
  if (largest === 0) return null;
  const scale = powerOfTwoNear(largest);
  return {
    entries: Float64Array.from(entries, (x) => x / scale),
    exponent: exponent + Math.log2(scale),
  };
}

/** 0 or Infinity beyond what a float64 holds. */
function normOf({ entries, exponent }: ScaledMatrix, n: number): number {
  const half = Math.trunc(exponent / 2);
  return largestSingularValue(entries, n) * 2 ** half * 2 ** (exponent - half);
}

/** The root of the largest eigenvalue of A'A, which is right to rounding: the largest one loses nothing by being squared. */
function largestSingularValue(a: Float64Array, n: number): number {
  const transposed = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) transposed[j * n + i] = a[i * n + j]!;
  return Math.sqrt(spectralRadius(matrixProduct(transposed, a, n, n, n), n));
}
