import { checkMatrix, largestEntry } from "./matrix.js";

const MOST_SWEEPS = 60;

/** How far from symmetric a matrix may be, as a share of its largest entry: rounding. */
const ASYMMETRY = 1e-10;

/** The eigenvalues and eigenvectors of a symmetric matrix. */
export interface SymmetricEigen {
  /** The n eigenvalues, largest magnitude first: the diagonal of Lambda. */
  readonly values: Float64Array;
  /** Q, n x n, row by row: an eigenvector of length 1 in each column. */
  readonly vectors: Float64Array;
}

/**
 * The decomposition A = Q Lambda Q' of a symmetric matrix (10.38): along the columns of Q, h(t) = W^t h(0) is lambda^t times
 * what h(0) is there.
 *
 * Float64, by Jacobi rotations (Golub and Van Loan, "Matrix Computations", section 8.5): about a second at n = 200.
 *
 * @param a the n x n entries, row by row
 * @param n the number of rows
 * @throws ShapeError if the numbers are not n x n, RangeError if one is not finite or the matrix is not symmetric
 * @example
 * const { values, vectors } = symmetricEigen([2, 1, 1, 2], 2);
 * // values [3, 1]; the columns of vectors are (1, 1) and (-1, 1), over sqrt(2)
 */
export function symmetricEigen(a: ArrayLike<number>, n: number): SymmetricEigen {
  checkMatrix("symmetricEigen", a, n, n);
  const s = symmetricPart(a, n);
  // Rows of q are the eigenvectors until the end.
  const q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  const tolerance = (Number.EPSILON / 4) * largestEntry(s);
  for (let sweep = 0; ; sweep++) {
    let rotated = false;
    for (let p = 0; p < n; p++)
      for (let r = p + 1; r < n; r++) rotated = annihilate(s, q, n, [p, r], tolerance) || rotated;
    if (!rotated) break;
    if (sweep === MOST_SWEEPS)
      throw new Error(
        `symmetricEigen: no convergence in ${MOST_SWEEPS} sweeps over a ${n} x ${n} matrix; please report it`,
      );
  }
  const order = Array.from({ length: n }, (_, i) => i).sort(
    (i, j) => Math.abs(s[j * n + j]!) - Math.abs(s[i * n + i]!),
  );
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) vectors[i * n + to] = q[from * n + i]!;
  });
  return { values: Float64Array.from(order, (i) => s[i * n + i]!), vectors };
}

function symmetricPart(a: ArrayLike<number>, n: number): Float64Array {
  const allowed = ASYMMETRY * largestEntry(a);
  const s = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const [x, y] = [a[i * n + j]!, a[j * n + i]!];
      if (Math.abs(x - y) > allowed)
        throw new RangeError(
          `symmetricEigen: the matrix is not symmetric: ${x} in row ${i}, column ${j}, but ${y} in row ${j}, column ${i}; use eigenvalues() for general matrices`,
        );
      s[i * n + j] = x / 2 + y / 2;
    }
  return s;
}

/** Rotates rows and columns p and r so that their common entry becomes zero. @returns whether it was more than `tolerance` */
function annihilate(
  s: Float64Array,
  q: Float64Array,
  n: number,
  [p, r]: readonly [number, number],
  tolerance: number,
): boolean {
  const common = s[p * n + r]!;
  if (Math.abs(common) <= tolerance) return false;
  const [x, y] = [s[p * n + p]!, s[r * n + r]!];
  const cotangent = (y / 2 - x / 2) / common;
  const tangent = (cotangent < 0 ? -1 : 1) / (Math.abs(cotangent) + Math.hypot(1, cotangent));
  const c = 1 / Math.hypot(1, tangent);
  const sine = c * tangent;
  for (const m of [s, q])
    for (let i = 0; i < n; i++) {
      const [u, v] = [m[p * n + i]!, m[r * n + i]!];
      m[p * n + i] = c * u - sine * v;
      m[r * n + i] = sine * u + c * v;
    }
  for (let i = 0; i < n; i++) {
    s[i * n + p] = s[p * n + i]!;
    s[i * n + r] = s[r * n + i]!;
  }
  s[p * n + p] = x - tangent * common;
  s[r * n + r] = y + tangent * common;
  s[p * n + r] = 0;
  s[r * n + p] = 0;
  return true;
}
