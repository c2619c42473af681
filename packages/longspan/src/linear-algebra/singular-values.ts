import { checkMatrix } from "./matrix.js";

const MOST_SWEEPS = 60;

/**
 * The singular values of a real matrix, largest first: how much it stretches along each of its min(rows, columns) principal
 * directions. The largest one is its 2-norm: the most that one step can do to a gradient.
 *
 * Float64. Tiny ones are right to their own size where columns (or rows) of very different lengths bring them about, as in a
 * long product of Jacobians, down to 1e-300. About 40 n^3 operations: half a second at n = 200.
 *
 * One-sided Jacobi rotations (Hestenes 1958; Demmel and Veselic 1992), on columns kept as a length times a unit vector, so
 * that no square underflows.
 *
 * @param a the entries, row by row
 * @param rows the number of rows
 * @param columns the number of columns
 * @throws ShapeError if the numbers are not rows x columns, RangeError if one is not finite
 * @example singularValues([3, 0, 0, 4, 0, 0], 2, 3) // [4, 3]
 */
export function singularValues(a: ArrayLike<number>, rows: number, columns: number): Float64Array {
  checkMatrix("singularValues", a, rows, columns);
  const list = unitColumns(a, rows, columns);
  for (let sweep = 0; ; sweep++) {
    list.sort((p, q) => q.length - p.length);
    const before = list.map((column) => column.length);
    let rotated = false;
    for (let i = 0; i < list.length; i++)
      for (let j = i + 1; j < list.length; j++) rotated = makeOrthogonal(list[i]!, list[j]!) || rotated;
    if (!rotated) break;
    for (const [k, column] of list.entries()) if (nothingLeft(column, before[k]!)) column.length = 0;
    if (sweep === MOST_SWEEPS)
      throw new Error(
        `singularValues: no convergence in ${MOST_SWEEPS} sweeps over a ${rows} x ${columns} matrix; please report it`,
      );
  }
  return Float64Array.from(list, (column) => column.length);
}

/** A column: `length` times the unit vector `unit`. */
interface Column {
  length: number;
  unit: Float64Array;
}

/** The columns of A, or those of A' if they are fewer. */
function unitColumns(a: ArrayLike<number>, rows: number, columns: number): Column[] {
  const tall = rows >= columns;
  const [count, size] = tall ? [columns, rows] : [rows, columns];
  return Array.from({ length: count }, (_, j) => {
    const unit = Float64Array.from({ length: size }, (_, i) => a[tall ? i * columns + j : j * columns + i]!);
    return { length: normalise(unit), unit };
  });
}

/** Divides a vector by its length, which it returns; leaves zero as it is. */
function normalise(v: Float64Array): number {
  let largest = 0;
  for (const x of v) largest = Math.max(largest, Math.abs(x));
  if (largest === 0) return 0;
  let squares = 0;
  for (let i = 0; i < v.length; i++) {
    v[i]! /= largest;
    squares += v[i]! * v[i]!;
  }
  const length = Math.sqrt(squares);
  for (let i = 0; i < v.length; i++) v[i]! /= length;
  return largest * length;
}

/** Rotates two columns so that they become orthogonal. @returns whether they were not */
function makeOrthogonal(p: Column, q: Column): boolean {
  if (p.length === 0 || q.length === 0) return false;
  const [u, v] = [p.unit, q.unit];
  let cosine = 0;
  for (let i = 0; i < u.length; i++) cosine += u[i]! * v[i]!;
  if (Math.abs(cosine) <= Number.EPSILON * Math.sqrt(u.length)) return false;
  // The rotation that makes the 2 x 2 matrix of inner products diagonal; its tangent is the smaller root.
  const ratio = q.length / p.length;
  const cotangent = (ratio - 1 / ratio) / (2 * cosine);
  const tangent = (cotangent < 0 ? -1 : 1) / (Math.abs(cotangent) + Math.hypot(1, cotangent));
  const c = 1 / Math.hypot(1, tangent);
  const [intoP, intoQ] = [tangent * ratio, tangent / ratio];
  let [squaresP, squaresQ] = [0, 0];
  for (let i = 0; i < u.length; i++) {
    const x = u[i]!;
    const y = v[i]!;
    const inP = c * (x - intoP * y);
    const inQ = c * (y + intoQ * x);
    u[i] = inP;
    v[i] = inQ;
    squaresP += inP * inP;
    squaresQ += inQ * inQ;
  }
  rescale(p, Math.sqrt(squaresP));
  rescale(q, Math.sqrt(squaresQ));
  return true;
}

/**
 * Whether a sweep has cancelled a column to its rounding errors: it lay in the span of the others, as where rows are zero. Its
 * noise lies there as well, and would be cancelled again and again.
 */
function nothingLeft({ length, unit }: Column, before: number): boolean {
  return length <= 4 * unit.length * Number.EPSILON * before;
}

/** Moves the length that a column's vector has got into its `length`. Parallel columns leave a zero one. */
function rescale(column: Column, length: number): void {
  column.length *= length;
  if (length === 0) return;
  const inverse = 1 / length;
  for (let i = 0; i < column.unit.length; i++) column.unit[i]! *= inverse;
}
