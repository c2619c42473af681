import { matmul, permute, slice } from "../../ops/index.js";
import { fromArray, onCpu, scope } from "../../tensor/index.js";

/** Sums of products of rows [x y] about their means, with what rounding has taken from them. */
export interface RowProducts {
  /** How many rows there are. */
  readonly rows: number;
  /** The mean of each column, features + outputs; zeros where there is no bias. */
  readonly means: Float64Array;
  /** The sum over rows of x' [x y] about the means, features x (features + outputs), row-major. */
  readonly sums: Float64Array;
  /** What the sums lack for being rounded: they are `sums + rest`. */
  readonly rest: Float64Array;
  /** The sum of squares of each output about its mean. */
  readonly squares: Float64Array;
}

/** The products of no rows. */
export function noProducts(features: number, outputs: number): RowProducts {
  const width = features + outputs;
  return {
    rows: 0,
    means: new Float64Array(width),
    sums: new Float64Array(features * width),
    rest: new Float64Array(features * width),
    squares: new Float64Array(outputs),
  };
}

/** Rows whose products are summed by one matrix product, so that sums are as good whatever the parts. */
const ROWS_AT_ONCE = 512;

/** Adds rows. @param values [x y], count x (features + outputs), row-major; it is overwritten */
export function addProducts(
  old: RowProducts,
  features: number,
  centred: boolean,
  values: Float64Array,
  count: number,
): RowProducts {
  const width = old.means.length;
  let total = old;
  for (let from = 0; from < count; from += ROWS_AT_ONCE) {
    const many = Math.min(ROWS_AT_ONCE, count - from);
    const block = values.subarray(from * width, (from + many) * width);
    total = mergeProducts(total, productsOf(block, many, width, features, centred), features);
  }
  return total;
}

function productsOf(
  block: Float64Array,
  rows: number,
  width: number,
  features: number,
  centred: boolean,
): RowProducts {
  const means = new Float64Array(width);
  if (centred) {
    for (let i = 0; i < rows; i++) for (let j = 0; j < width; j++) means[j]! += block[i * width + j]!;
    for (let j = 0; j < width; j++) means[j]! /= rows;
    for (let i = 0; i < rows; i++) for (let j = 0; j < width; j++) block[i * width + j]! -= means[j]!;
  }
  const squares = new Float64Array(width - features);
  for (let i = 0; i < rows; i++)
    for (let j = features; j < width; j++) squares[j - features]! += block[i * width + j]! ** 2;
  const sums = scope(() => {
    const all = fromArray(block, [rows, width], "float64");
    return onCpu(matmul(permute(slice(all, 1, 0, features)), all)).toArray() as Float64Array;
  });
  return { rows, means, sums, rest: new Float64Array(sums.length), squares };
}

/**
 * The products of the rows of both: (X'X)_a + (X'X)_b + n_a n_b / (n_a + n_b) d d' with d the difference of the means, added with what each
 * addition rounds away.
 * @see Chan, Golub, LeVeque (1983), "Algorithms for computing the sample variance"; Knuth, "The Art of Computer Programming", 4.2.2, for the sums
 */
export function mergeProducts(a: RowProducts, b: RowProducts, features: number): RowProducts {
  if (a.rows === 0 || b.rows === 0) return a.rows === 0 ? b : a;
  const rows = a.rows + b.rows;
  const width = a.means.length;
  const difference = b.means.map((x, j) => x - a.means[j]!);
  const weight = (a.rows * b.rows) / rows;
  const sums = a.sums.slice();
  const rest = a.rest.map((x, i) => x + b.rest[i]!);
  const addTo = (i: number, x: number): void => {
    const before = sums[i]!;
    const total = before + x;
    const taken = total - before;
    rest[i]! += before - (total - taken) + (x - taken);
    sums[i] = total;
  };
  for (let i = 0; i < features; i++)
    for (let j = 0; j < width; j++) {
      addTo(i * width + j, b.sums[i * width + j]!);
      const mixed = weight * difference[i]! * difference[j]!;
      if (mixed !== 0) addTo(i * width + j, mixed);
    }
  return {
    rows,
    means: a.means.map((x, j) => x + (difference[j]! * b.rows) / rows),
    sums,
    rest,
    squares: a.squares.map((x, q) => x + b.squares[q]! + weight * difference[features + q]! ** 2),
  };
}
