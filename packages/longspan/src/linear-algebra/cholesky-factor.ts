/**
 * Overwrites the lower triangle of a symmetric matrix A by L with L L' = A, row by row; the upper triangle is neither read nor written.
 *
 * @param a n x n, row-major
 * @param least the smallest pivot, as a share of its diagonal element, that is more than rounding
 * @returns the first row that depends on those before it, to rounding, at which the work stops; -1 if there is none
 * @see Golub and Van Loan, "Matrix Computations", section 4.2
 */
export function choleskyFactor(a: Float64Array, n: number, least: number): number {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) {
      const other = j * n;
      let rest = a[row + j]!;
      for (let k = 0; k < j; k++) rest -= a[row + k]! * a[other + k]!;
      a[row + j] = rest / a[other + j]!;
    }
    let pivot = a[row + i]!;
    const whole = pivot;
    for (let k = 0; k < i; k++) pivot -= a[row + k]! * a[row + k]!;
    if (!(pivot > least * whole)) return i;
    a[row + i] = Math.sqrt(pivot);
  }
  return -1;
}
