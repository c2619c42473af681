import { hessenbergEigenvalues } from "./hessenberg-eigenvalues.js";
import { checkMatrix, largestEntry, powerOfTwoNear } from "./matrix.js";
import { toHessenberg } from "./to-hessenberg.js";

/** Complex numbers as two lists: `re[i] + im[i] i`. */
export interface ComplexNumbers {
  /** The real parts. */
  readonly re: Float64Array;
  /** The imaginary parts. */
  readonly im: Float64Array;
}

/**
 * The eigenvalues of a real square matrix, largest magnitude first; of a conjugate pair, the one with positive imaginary
 * part first. Those of W say what W^t does as t grows: |lambda|^t along each eigenvector (10.37, 10.38).
 *
 * Float64: each is an exact eigenvalue of a matrix within about 1e-15 |A| of A. For non-normal matrices that can be far
 * from an eigenvalue of A: those of an n x n Jordan block move by 1e-15^(1/n). What triangular structure alone decides
 * (a delay line, a strictly layered net) is exact in any order of the units. About 10 n^3 operations: a second at n = 300.
 *
 * Balancing, Householder reduction to Hessenberg form, QR steps with Francis's double shift (Golub and Van Loan, "Matrix
 * Computations", section 7.5).
 *
 * @param a the n x n entries, row by row
 * @param n the number of rows
 * @throws ShapeError if the numbers are not n x n, RangeError if one is not finite
 * @example
 * // A rotation by 90 degrees, scaled by 0.9: both eigenvalues have magnitude 0.9.
 * eigenvalues([0, -0.9, 0.9, 0], 2) // { re: [0, 0], im: [0.9, -0.9] }
 */
export function eigenvalues(a: ArrayLike<number>, n: number): ComplexNumbers {
  checkMatrix("eigenvalues", a, n, n);
  const found: [number, number][] = [];
  const { inner, isolated } = withoutIsolated(a, n);
  for (const i of isolated) found.push([a[i * n + i]!, 0]);

  const size = inner.length;
  const block = new Float64Array(size * size);
  inner.forEach((i, r) => {
    inner.forEach((j, c) => {
      block[r * size + c] = a[i * n + j]!;
    });
  });
  if (size > 0) {
    // Neither squares nor products of entries may overflow.
    const scale = powerOfTwoNear(largestEntry(block));
    for (let i = 0; i < block.length; i++) block[i]! /= scale;
    balance(block, size);
    toHessenberg(block, size);
    for (const [re, im] of hessenbergEigenvalues(block, size)) found.push([re * scale, im * scale]);
  }

  found.sort(
    ([re1, im1], [re2, im2]) => Math.hypot(re2, im2) - Math.hypot(re1, im1) || re2 - re1 || im2 - im1,
  );
  return {
    re: Float64Array.from(found, ([re]) => re),
    im: Float64Array.from(found, ([, im]) => im),
  };
}

/**
 * The spectral radius of a real square matrix: the largest magnitude of an eigenvalue. |W^t| grows or falls as its t-th
 * power in the long run; before that, a non-normal W can do otherwise.
 *
 * @param a the n x n entries, row by row
 * @param n the number of rows
 * @throws ShapeError if the numbers are not n x n, RangeError if one is not finite
 * @example spectralRadius([0.5, 100, 0, -0.8], 2) // 0.8
 */
export function spectralRadius(a: ArrayLike<number>, n: number): number {
  checkMatrix("spectralRadius", a, n, n);
  const { re, im } = eigenvalues(a, n);
  return Math.hypot(re[0]!, im[0]!);
}

/**
 * Sets apart the rows that have no entry off the diagonal in a column that is left, and the columns likewise: there the
 * diagonal entry is an eigenvalue, and the rest of the matrix has the others.
 */
function withoutIsolated(a: ArrayLike<number>, n: number): { inner: number[]; isolated: number[] } {
  let inner = Array.from({ length: n }, (_, i) => i);
  const isolated: number[] = [];
  for (let before = n + 1; inner.length < before; ) {
    before = inner.length;
    for (const i of inner)
      if (
        inner.every((j) => j === i || a[i * n + j] === 0) ||
        inner.every((j) => j === i || a[j * n + i] === 0)
      ) {
        isolated.push(i);
        inner = inner.filter((j) => j !== i);
      }
  }
  return { inner, isolated };
}

/**
 * Scales by D^-1 A D until each row weighs about as much as its column, which makes rounding errors small next to small
 * eigenvalues too. D holds powers of two (Parlett and Reinsch 1969).
 */
function balance(a: Float64Array, n: number): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < n; i++) {
      let row = 0;
      let column = 0;
      for (let j = 0; j < n; j++)
        if (j !== i) {
          row += Math.abs(a[i * n + j]!);
          column += Math.abs(a[j * n + i]!);
        }
      if (row === 0 || column === 0) continue;
      const factor = powerOfTwoNear(Math.sqrt(row / column));
      if (column * factor + row / factor >= 0.95 * (column + row)) continue;
      changed = true;
      for (let j = 0; j < n; j++) {
        a[i * n + j]! /= factor;
        a[j * n + i]! *= factor;
      }
    }
  }
}
