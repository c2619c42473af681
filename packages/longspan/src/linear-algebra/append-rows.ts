import { add, matmul, permute, slice, sub } from "../ops/index.js";
import { fromArray, onCpu, scope, type Tensor } from "../tensor/index.js";

/** An upper triangular factor R of rows X, and what became of the columns Y beside them: X = Q R, and Q'Y. */
export interface RowTriangle {
  /** The columns of X. */
  readonly n: number;
  /** The columns of Y. */
  readonly m: number;
  /** R beside the first n rows of Q'Y, n x (n + m), row-major. */
  readonly rows: Float64Array;
  /** What is left of Y in the other rows: the sum of squares of each column, m. */
  readonly left: Float64Array;
}

/** The triangle of no rows. */
export function emptyTriangle(n: number, m: number): RowTriangle {
  return { n, m, rows: new Float64Array(n * (n + m)), left: new Float64Array(m) };
}

/** Below so many rows the products are too small for the engine. */
const FEW_ROWS = 16;

/** Columns that are treated together. */
const PANEL = 32;

/**
 * The triangle of the rows before and more rows below them, by Householder reflections: 2 n^2 operations per row, in bounded memory.
 * R'R = X'X is never formed, so no digits are lost by squaring.
 *
 * @param block the rows of [X Y], count x (n + m), row-major; it is overwritten
 * @see Golub and Van Loan, "Matrix Computations", sections 5.2 and 6.5
 */
export function appendRows(old: RowTriangle, block: Float64Array, count: number): RowTriangle {
  const next = { ...old, rows: old.rows.slice(), left: old.left.slice() };
  const rest = count < FEW_ROWS ? reflectPlainly(next, block, count) : reflectInPanels(next, block, count);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < next.m; c++) next.left[c]! += rest[i * next.m + c]! ** 2;
  return next;
}

/** Reflects column by column, in plain loops: what the panels are tested against. @returns what is left of Y, count x m */
export function reflectPlainly(to: RowTriangle, block: Float64Array, count: number): Float64Array {
  const { n, m, rows } = to;
  const width = n + m;
  const along = new Float64Array(width);
  for (let k = 0; k < n; k++) {
    let squares = 0;
    for (let i = 0; i < count; i++) squares += block[i * width + k]! ** 2;
    if (squares === 0) continue;
    const { pivot, first, factor } = reflection(rows[k * width + k]!, squares);
    for (let j = k + 1; j < width; j++) along[j] = rows[k * width + j]!;
    for (let i = 0; i < count; i++) {
      const v = block[i * width + k]! / first;
      block[i * width + k] = v;
      for (let j = k + 1; j < width; j++) along[j]! += v * block[i * width + j]!;
    }
    rows[k * width + k] = pivot;
    for (let j = k + 1; j < width; j++) {
      along[j]! *= factor;
      rows[k * width + j]! -= along[j]!;
    }
    for (let i = 0; i < count; i++) {
      const v = block[i * width + k]!;
      for (let j = k + 1; j < width; j++) block[i * width + j]! -= v * along[j]!;
    }
  }
  const rest = new Float64Array(count * m);
  for (let i = 0; i < count; i++) rest.set(block.subarray(i * width + n, (i + 1) * width), i * m);
  return rest;
}

/** The reflection of (head, tail) onto the first axis: I - factor (1, tail / first)(1, tail / first)'. @param squares of the tail */
function reflection(head: number, squares: number): { pivot: number; first: number; factor: number } {
  const length = Math.sqrt(head * head + squares);
  const pivot = head > 0 ? -length : length;
  return { pivot, first: head - pivot, factor: (pivot - head) / pivot };
}

/**
 * The same in panels of columns: the reflections of a panel are one product I - V T V', V = [I; B], which the engine applies to the other
 * columns as two matrix products.
 */
export function reflectInPanels(to: RowTriangle, block: Float64Array, count: number): Float64Array {
  const { n, m, rows } = to;
  const width = n + m;
  return scope(() => {
    let others: Tensor = fromArray(block, [count, width], "float64");
    for (let k = 0; k < n; k += PANEL) {
      const many = Math.min(PANEL, n - k);
      const panel = onCpu(permute(slice(others, 1, 0, many))).toArray() as Float64Array;
      const factors = reflectPanel(to, k, many, panel, count);
      const trailing = width - k - many;
      if (trailing === 0) return new Float64Array(0);
      others = scope(() => {
        const beside = slice(others, 1, many, many + trailing) as Tensor;
        const Bt = fromArray(panel, [many, count], "float64");
        const top = new Float64Array(many * trailing);
        for (let i = 0; i < many; i++)
          top.set(rows.subarray((k + i) * width + k + many, (k + i + 1) * width), i * trailing);
        const T = fromArray(
          joined(factors, onCpu(matmul(Bt, permute(Bt))).toArray(), many),
          [many, many],
          "float64",
        );
        const Z = matmul(
          permute(T),
          add(fromArray(top, [many, trailing], "float64"), matmul(Bt, beside)),
        ) as Tensor;
        const taken = onCpu(Z).toArray();
        for (let i = 0; i < many; i++)
          for (let j = 0; j < trailing; j++)
            rows[(k + i) * width + k + many + j]! -= taken[i * trailing + j]!;
        return sub(beside, matmul(permute(Bt), Z)) as Tensor;
      });
    }
    return onCpu(others).toArray() as Float64Array;
  });
}

/**
 * Treats a panel by itself.
 * @param panel its columns, one after the other; they become those of B
 * @returns the factor of each reflection
 */
function reflectPanel(
  to: RowTriangle,
  k: number,
  many: number,
  panel: Float64Array,
  count: number,
): Float64Array {
  const { rows } = to;
  const width = to.n + to.m;
  const factors = new Float64Array(many);
  for (let p = 0; p < many; p++) {
    const v = panel.subarray(p * count, (p + 1) * count);
    const row = (k + p) * width + k;
    let squares = 0;
    for (const x of v) squares += x * x;
    if (squares === 0) continue;
    const { pivot, first, factor } = reflection(rows[row + p]!, squares);
    for (let i = 0; i < count; i++) v[i]! /= first;
    rows[row + p] = pivot;
    factors[p] = factor;
    for (let q = p + 1; q < many; q++) {
      const column = panel.subarray(q * count, (q + 1) * count);
      let along = rows[row + q]!;
      for (let i = 0; i < count; i++) along += v[i]! * column[i]!;
      along *= factor;
      rows[row + q]! -= along;
      for (let i = 0; i < count; i++) column[i]! -= along * v[i]!;
    }
  }
  return factors;
}

/** T of the product of reflections I - V T V' (Schreiber and Van Loan 1989). @param inner B'B */
function joined(factors: Float64Array, inner: ArrayLike<number>, many: number): Float64Array {
  const T = new Float64Array(many * many);
  for (let j = 0; j < many; j++) {
    T[j * many + j] = factors[j]!;
    for (let i = 0; i < j; i++) {
      let along = 0;
      for (let l = i; l < j; l++) along += T[i * many + l]! * inner[l * many + j]!;
      T[i * many + j] = -factors[j]! * along;
    }
  }
  return T;
}
