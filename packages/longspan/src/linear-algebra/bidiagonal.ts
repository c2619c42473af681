/** R = U B V' with B upper bidiagonal, for an n x n matrix R; U and V are kept as reflections. */
export interface Bidiagonal {
  /** The diagonal of B, n. */
  readonly diagonal: Float64Array;
  /** What stands to the right of the diagonal, n; the last one is zero. */
  readonly beside: Float64Array;
  /** U'C of an n x m matrix, in place. */
  intoLeft(c: Float64Array, m: number): void;
  /** V Z of an n x m matrix, in place. */
  fromRight(z: Float64Array, m: number): void;
}

/**
 * The bidiagonal form of a square matrix, by Householder reflections from both sides: 8/3 n^3 operations.
 *
 * @param a n x n, row-major; it is overwritten by the reflections
 * @see Golub and Van Loan, "Matrix Computations", section 5.4.8
 */
export function bidiagonalise(a: Float64Array, n: number): Bidiagonal {
  const [diagonal, beside] = [new Float64Array(n), new Float64Array(n)];
  const [leftFactors, rightFactors] = [new Float64Array(n), new Float64Array(n)];
  const along = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    // Zeros below the diagonal of column k.
    let squares = 0;
    for (let i = k + 1; i < n; i++) squares += a[i * n + k]! ** 2;
    let head = a[k * n + k]!;
    if (squares > 0) {
      const length = Math.sqrt(head * head + squares);
      const pivot = head > 0 ? -length : length;
      leftFactors[k] = (pivot - head) / pivot;
      for (let i = k + 1; i < n; i++) a[i * n + k]! /= head - pivot;
      for (let j = k + 1; j < n; j++) along[j] = a[k * n + j]!;
      for (let i = k + 1; i < n; i++) {
        const v = a[i * n + k]!;
        for (let j = k + 1; j < n; j++) along[j]! += v * a[i * n + j]!;
      }
      for (let j = k + 1; j < n; j++) along[j]! *= leftFactors[k]!;
      for (let j = k + 1; j < n; j++) a[k * n + j]! -= along[j]!;
      for (let i = k + 1; i < n; i++) {
        const v = a[i * n + k]!;
        for (let j = k + 1; j < n; j++) a[i * n + j]! -= v * along[j]!;
      }
      head = pivot;
    }
    diagonal[k] = head;
    if (k + 1 === n) break;
    // Zeros to the right of the first element beside the diagonal of row k.
    squares = 0;
    for (let j = k + 2; j < n; j++) squares += a[k * n + j]! ** 2;
    head = a[k * n + k + 1]!;
    if (squares > 0) {
      const length = Math.sqrt(head * head + squares);
      const pivot = head > 0 ? -length : length;
      const factor = (pivot - head) / pivot;
      rightFactors[k] = factor;
      for (let j = k + 2; j < n; j++) a[k * n + j]! /= head - pivot;
      for (let i = k + 1; i < n; i++) {
        let part = a[i * n + k + 1]!;
        for (let j = k + 2; j < n; j++) part += a[i * n + j]! * a[k * n + j]!;
        part *= factor;
        a[i * n + k + 1]! -= part;
        for (let j = k + 2; j < n; j++) a[i * n + j]! -= part * a[k * n + j]!;
      }
      head = pivot;
    }
    beside[k] = head;
  }
  return {
    diagonal,
    beside,
    intoLeft(c, m) {
      for (let k = 0; k < n; k++) reflect(c, m, k, n, leftFactors[k]!, (i) => a[i * n + k]!);
    },
    fromRight(z, m) {
      for (let k = n - 2; k >= 0; k--) reflect(z, m, k + 1, n, rightFactors[k]!, (j) => a[k * n + j]!);
    },
  };
}

/** C -= factor v (v'C) with v = 1 in row `first`, and `tail` of the rows after it. */
function reflect(
  c: Float64Array,
  m: number,
  first: number,
  n: number,
  factor: number,
  tail: (i: number) => number,
): void {
  if (factor === 0) return;
  for (let q = 0; q < m; q++) {
    let along = c[first * m + q]!;
    for (let i = first + 1; i < n; i++) along += tail(i) * c[i * m + q]!;
    along *= factor;
    c[first * m + q]! -= along;
    for (let i = first + 1; i < n; i++) c[i * m + q]! -= along * tail(i);
  }
}

/**
 * The z that makes |B z - c|^2 + ridge |z|^2 least, for an upper bidiagonal B, by rotations: O(n) operations per column and ridge.
 *
 * @param c n x m, row-major
 * @returns n x m
 * @see Elden (1977), "Algorithms for the regularization of ill-conditioned least squares problems"
 */
export function solveBidiagonal(
  { diagonal, beside }: Pick<Bidiagonal, "diagonal" | "beside">,
  c: Float64Array,
  m: number,
  ridge: number,
): Float64Array {
  const n = diagonal.length;
  const root = Math.sqrt(ridge);
  const z = c.slice();
  const [main, next] = [diagonal.slice(), beside.slice()];
  // The row of the ridge below row k: its element in column k, and its right side per column of c.
  let own = root;
  const right = new Float64Array(m);
  for (let k = 0; k < n; k++) {
    const length = Math.hypot(main[k]!, own);
    if (length === 0) continue;
    const [cosine, sine] = [main[k]! / length, own / length];
    main[k] = length;
    const besideRidge = -sine * next[k]!;
    next[k] = cosine * next[k]!;
    for (let q = 0; q < m; q++) {
      const [top, below] = [z[k * m + q]!, right[q]!];
      z[k * m + q] = cosine * top + sine * below;
      right[q] = cosine * below - sine * top;
    }
    // What is left in column k + 1 of the ridge's row is joined with the ridge of column k + 1, whose right side is zero.
    own = Math.hypot(besideRidge, root);
    const share = own === 0 ? 0 : besideRidge / own;
    for (let q = 0; q < m; q++) right[q]! *= share;
  }
  for (let k = n - 1; k >= 0; k--)
    for (let q = 0; q < m; q++)
      z[k * m + q] = (z[k * m + q]! - (k + 1 < n ? next[k]! * z[(k + 1) * m + q]! : 0)) / main[k]!;
  return z;
}
