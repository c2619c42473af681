import type { ComplexNumbers } from "./eigenvalues.js";
import { checkMatrix, largestEntry, powerOfTwoNear } from "./matrix.js";
import { schur } from "./schur.js";

/** Eigenvalues with an eigenvector each. */
export interface Eigenpairs {
  /** The n eigenvalues, largest magnitude first; of a conjugate pair, the one with positive imaginary part first. */
  readonly values: ComplexNumbers;
  /** n x n, row by row: an eigenvector of length 1 in each column, `re[i * n + k] + im[i * n + k] i` for row i of the k-th. */
  readonly vectors: ComplexNumbers;
}

/**
 * The eigenvalues and eigenvectors of any real square matrix, which may be complex: A v = lambda v. Along each, h(t) = W^t h(0) is lambda^t
 * times what h(0) is there (10.37); the angle of lambda is that by which it turns per step.
 *
 * Float64: |A v - lambda v| is about 1e-15 n |A|, for all matrices. Those that have fewer than n independent eigenvectors, such as a delay
 * line, get the same one several times; then, and wherever vectors are almost parallel, `schur` says more.
 *
 * @param a the n x n entries, row by row
 * @param n the number of rows
 * @throws ShapeError if the numbers are not n x n, RangeError if one is not finite
 * @see Golub and Van Loan, "Matrix Computations", section 7.6
 * @example
 * // A rotation by 90 degrees, scaled by 0.9.
 * const { values, vectors } = eigenpairs([0, -0.9, 0.9, 0], 2);
 * // values { re: [0, 0], im: [0.9, -0.9] }; the first vector is (1, -i) over sqrt(2), up to its phase
 */
export function eigenpairs(a: ArrayLike<number>, n: number): Eigenpairs {
  checkMatrix("eigenpairs", a, n, n);
  const { Q, T: whole } = schur(a, n);
  const largest = largestEntry(whole);
  const scale = largest === 0 ? 1 : powerOfTwoNear(largest);
  const split = triangular(
    whole.map((x) => x / scale),
    Q,
    n,
  );
  const [re, im] = [split.T.re, split.T.im];
  const order = Array.from({ length: n }, (_, k) => k).sort((i, j) => {
    const [p, q] = [i * n + i, j * n + j];
    return Math.hypot(re[q]!, im[q]!) - Math.hypot(re[p]!, im[p]!) || re[q]! - re[p]! || im[q]! - im[p]!;
  });
  const vectors = complex(n * n);
  order.forEach((k, to) => {
    const v = eigenvector(split, n, k);
    for (let i = 0; i < n; i++) {
      vectors.re[i * n + to] = v.re[i]!;
      vectors.im[i * n + to] = v.im[i]!;
    }
  });
  return {
    values: {
      re: Float64Array.from(order, (k) => scale * re[k * n + k]!),
      im: Float64Array.from(order, (k) => scale * im[k * n + k]!),
    },
    vectors,
  };
}

/** A = Q T Q* with T upper triangular, both complex. */
interface Triangular {
  readonly Q: ComplexNumbers;
  readonly T: ComplexNumbers;
}

function complex(length: number): { re: Float64Array; im: Float64Array } {
  return { re: new Float64Array(length), im: new Float64Array(length) };
}

/** Splits the blocks of a real Schur form by complex rotations. */
function triangular(blocks: Float64Array, orthogonal: Float64Array, n: number): Triangular {
  const T = { re: blocks, im: new Float64Array(n * n) };
  const Q = { re: orthogonal.slice(), im: new Float64Array(n * n) };
  for (let k = 0; k + 1 < n; k++) {
    const at = k * n + k;
    const [a, b, c, d] = [blocks[at]!, blocks[at + 1]!, blocks[at + n]!, blocks[at + n + 1]!];
    if (c === 0) continue;
    // The eigenvector (lambda - d, c) of the block becomes its first direction.
    const half = (a - d) / 2;
    const beside = Math.sqrt(Math.max(0, -(half * half + b * c)));
    const length = Math.hypot(half, beside, c);
    const [xr, xi, y] = [half / length, beside / length, c / length];
    // Rows: U* with U = [[x, -y], [y, conj x]]; columns: U.
    for (let j = 0; j < n; j++) {
      const [p, q] = [k * n + j, (k + 1) * n + j];
      const [ur, ui, vr, vi] = [T.re[p]!, T.im[p]!, T.re[q]!, T.im[q]!];
      T.re[p] = xr * ur + xi * ui + y * vr;
      T.im[p] = xr * ui - xi * ur + y * vi;
      T.re[q] = xr * vr - xi * vi - y * ur;
      T.im[q] = xr * vi + xi * vr - y * ui;
    }
    for (const m of [T, Q])
      for (let i = 0; i < n; i++) {
        const [p, q] = [i * n + k, i * n + k + 1];
        const [ur, ui, vr, vi] = [m.re[p]!, m.im[p]!, m.re[q]!, m.im[q]!];
        m.re[p] = ur * xr - ui * xi + vr * y;
        m.im[p] = ur * xi + ui * xr + vi * y;
        m.re[q] = vr * xr + vi * xi - ur * y;
        m.im[q] = vi * xr - vr * xi - ui * y;
      }
    T.re[at + n] = 0;
    T.im[at + n] = 0;
    // Conjugates to the last digit.
    T.re[at] = (a + d) / 2;
    T.im[at] = beside;
    T.re[at + n + 1] = (a + d) / 2;
    T.im[at + n + 1] = -beside;
  }
  return { Q, T };
}

/** Of the k-th eigenvalue: (T - lambda) y = 0 from row k upwards, and v = Q y. */
function eigenvector({ Q, T }: Triangular, n: number, k: number): ComplexNumbers {
  const y = complex(n);
  const [lr, li] = [T.re[k * n + k]!, T.im[k * n + k]!];
  y.re[k] = 1;
  for (let i = k - 1; i >= 0; i--) {
    let [sr, si] = [0, 0];
    for (let j = i + 1; j <= k; j++) {
      const [tr, ti] = [T.re[i * n + j]!, T.im[i * n + j]!];
      sr += tr * y.re[j]! - ti * y.im[j]!;
      si += tr * y.im[j]! + ti * y.re[j]!;
    }
    let [dr, di] = [lr - T.re[i * n + i]!, li - T.im[i * n + i]!];
    // Equal eigenvalues are told apart by a rounding error, so that their vectors are almost parallel.
    if (Math.hypot(dr, di) < Number.EPSILON) [dr, di] = [Number.EPSILON, 0];
    const square = dr * dr + di * di;
    y.re[i] = (sr * dr + si * di) / square;
    y.im[i] = (si * dr - sr * di) / square;
    // What has grown is scaled at once: products of such quotients overflow.
    const size = Math.max(Math.abs(y.re[i]!), Math.abs(y.im[i]!));
    if (size > 1e100)
      for (let j = i; j <= k; j++) {
        y.re[j]! /= size;
        y.im[j]! /= size;
      }
  }
  const v = complex(n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= k; j++) {
      const [qr, qi] = [Q.re[i * n + j]!, Q.im[i * n + j]!];
      v.re[i]! += qr * y.re[j]! - qi * y.im[j]!;
      v.im[i]! += qr * y.im[j]! + qi * y.re[j]!;
    }
  const largest = Math.max(largestEntry(v.re), largestEntry(v.im));
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (v.re[i]! / largest) ** 2 + (v.im[i]! / largest) ** 2;
  const length = largest * Math.sqrt(squares);
  return { re: v.re.map((x) => x / length), im: v.im.map((x) => x / length) };
}
