/**
 * Overwrites B by R^-1 B for an upper triangular R, by back substitution.
 *
 * @param r n x n, row-major; nothing below the diagonal is read
 * @param b n x m, row-major
 */
export function solveUpper(r: Float64Array, n: number, b: Float64Array, m: number): void {
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) {
      const factor = r[i * n + j]!;
      for (let c = 0; c < m; c++) b[i * m + c]! -= factor * b[j * m + c]!;
    }
    for (let c = 0; c < m; c++) b[i * m + c]! /= r[i * n + i]!;
  }
}

/**
 * Overwrites B by L^-1 B for a lower triangular L, by forward substitution.
 *
 * @param l n x n, row-major; nothing above the diagonal is read
 * @param b n x m, row-major
 */
export function solveLower(l: Float64Array, n: number, b: Float64Array, m: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const factor = l[i * n + j]!;
      for (let c = 0; c < m; c++) b[i * m + c]! -= factor * b[j * m + c]!;
    }
    for (let c = 0; c < m; c++) b[i * m + c]! /= l[i * n + i]!;
  }
}
