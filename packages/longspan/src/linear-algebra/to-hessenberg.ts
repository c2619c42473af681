/**
 * Overwrites A by P A P', zero below its first subdiagonal, with Householder reflections P.
 * @param q becomes q P', where it is wanted
 */
export function toHessenberg(a: Float64Array, n: number, q: Float64Array | null = null): void {
  const v = new Float64Array(n);
  for (let k = 0; k < n - 2; k++) {
    let largest = 0;
    for (let i = k + 2; i < n; i++) largest = Math.max(largest, Math.abs(a[i * n + k]!));
    if (largest === 0) continue;
    largest = Math.max(largest, Math.abs(a[(k + 1) * n + k]!));
    let squares = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = a[i * n + k]! / largest;
      squares += v[i]! * v[i]!;
    }
    const length = v[k + 1]! > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
    const twoOverSquare = 1 / (squares - length * v[k + 1]!);
    v[k + 1]! -= length;

    a[(k + 1) * n + k] = length * largest;
    for (let i = k + 2; i < n; i++) a[i * n + k] = 0;
    reflectRows(a, n, v, k + 1, twoOverSquare);
    reflectColumns(a, n, v, k + 1, twoOverSquare);
    if (q) reflectColumns(q, n, v, k + 1, twoOverSquare);
  }
}

/** A -= s v (v' A), in the columns from `first` on. */
function reflectRows(a: Float64Array, n: number, v: Float64Array, first: number, s: number): void {
  const along = new Float64Array(n);
  for (let i = first; i < n; i++) {
    const vi = v[i]!;
    for (let j = first; j < n; j++) along[j]! += vi * a[i * n + j]!;
  }
  for (let i = first; i < n; i++) {
    const factor = s * v[i]!;
    for (let j = first; j < n; j++) a[i * n + j]! -= factor * along[j]!;
  }
}

/** A -= s (A v) v', in all rows. */
function reflectColumns(a: Float64Array, n: number, v: Float64Array, first: number, s: number): void {
  for (let i = 0; i < n; i++) {
    let along = 0;
    for (let j = first; j < n; j++) along += a[i * n + j]! * v[j]!;
    along *= s;
    for (let j = first; j < n; j++) a[i * n + j]! -= along * v[j]!;
  }
}
