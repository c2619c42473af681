import { hessenbergEigenvalues } from "./hessenberg-eigenvalues.js";
import { checkMatrix, largestEntry, powerOfTwoNear } from "./matrix.js";
import { toHessenberg } from "./to-hessenberg.js";

/** The real Schur form of a matrix. */
export interface Schur {
  /** Q, n x n, row by row: orthogonal. */
  readonly Q: Float64Array;
  /** T, n x n, row by row: zero below its diagonal but for one entry of each block of two rows, which has a pair of complex eigenvalues. */
  readonly T: Float64Array;
}

/**
 * The real Schur form A = Q T Q' of any square matrix: what (10.38) is for a symmetric one. In the coordinates of Q, h(t) = W^t h(0) is
 *
 *     Q' h(t) = T^t Q' h(0)
 *
 * with the eigenvalues on the diagonal of T. What stands above them feeds one direction from another: for a symmetric or other normal W there
 * is nothing outside of the blocks, and |W^t| is the spectral radius to the power t; otherwise |W^t| may grow before it falls (`powerNorms`).
 *
 * Float64: A Q = Q T to about 1e-15 n |A|. Householder reduction to Hessenberg form, QR steps with Francis's double shift, about 25 n^3
 * operations (Golub and Van Loan, "Matrix Computations", section 7.5).
 *
 * @param a the n x n entries, row by row
 * @param n the number of rows
 * @throws ShapeError if the numbers are not n x n, RangeError if one is not finite
 * @see Goodfellow, Bengio, Courville (2016), section 10.7
 * @example
 * const { Q, T } = schur([0, 1, 0, 0], 2); // a delay line: nothing to be diagonalised
 * // T [0, 1, 0, 0], Q the identity
 */
export function schur(a: ArrayLike<number>, n: number): Schur {
  checkMatrix("schur", a, n, n);
  const T = Float64Array.from({ length: n * n }, (_, i) => a[i]!);
  const Q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) Q[i * n + i] = 1;
  const largest = largestEntry(T);
  if (largest === 0) return { Q, T };
  // Neither squares nor products of entries may overflow.
  const scale = powerOfTwoNear(largest);
  for (let i = 0; i < T.length; i++) T[i]! /= scale;
  toHessenberg(T, n, Q);
  hessenbergEigenvalues(T, n, Q);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const isLeft = j + 1 < i || (j + 1 === i && T[i * n + j] === 0);
      T[i * n + j] = isLeft ? 0 : T[i * n + j]! * scale;
    }
  return { Q, T };
}
