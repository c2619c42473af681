import { check, describe, numbers } from "../check/index.js";
import { ShapeError } from "../tensor/index.js";

/**
 * Checks that a list of numbers is a matrix of so many rows and columns, row-major, all finite.
 * @throws ShapeError if a size is not a positive integer or does not fit the numbers
 * @throws RangeError naming the first entry that is not a finite number
 */
export function checkMatrix(what: string, a: ArrayLike<number>, rows: number, columns: number): void {
  check(what, "a", a, numbers);
  for (const size of [rows, columns])
    if (!Number.isInteger(size) || size < 1)
      throw new ShapeError(
        `${what}: the sizes of a matrix are positive integers, got ${describe(rows)} x ${describe(columns)}`,
      );
  if (a.length !== rows * columns)
    throw new ShapeError(
      `${what}: ${a.length} numbers for a ${rows} x ${columns} matrix, which holds ${rows * columns}; give them row by row`,
    );
  for (let i = 0; i < a.length; i++)
    if (!Number.isFinite(a[i]))
      throw new RangeError(
        `${what}: the entry in row ${Math.floor(i / columns)}, column ${i % columns} is ${describe(a[i])}; every entry must be a finite number`,
      );
}

/** The matrix product A B, row-major, of an n x m and an m x p matrix. */
export function matrixProduct(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  n: number,
  m: number,
  p: number,
): Float64Array {
  if (a.length !== n * m || b.length !== m * p)
    throw new ShapeError(
      `matrixProduct: ${a.length} and ${b.length} numbers for matrices of ${n} x ${m} and ${m} x ${p}`,
    );
  const out = new Float64Array(n * p);
  for (let i = 0; i < n; i++)
    for (let l = 0; l < m; l++) {
      const factor = a[i * m + l]!;
      for (let j = 0; j < p; j++) out[i * p + j]! += factor * b[l * p + j]!;
    }
  return out;
}

/** The largest absolute value. */
export function largestEntry(a: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]!));
  return largest;
}

/** The power of two next to a positive number: scaling by it rounds nothing. */
export function powerOfTwoNear(x: number): number {
  return 2 ** Math.min(1023, Math.max(-1022, Math.round(Math.log2(x))));
}
