import { check, checkSettings, describe, flag, kind, oneOf, optional, size } from "../../check/index.js";
import { appendRows, emptyTriangle, type RowTriangle } from "../../linear-algebra/index.js";
import type { Value } from "../../tensor/index.js";
import { addProducts, mergeProducts, noProducts, type RowProducts } from "./products.js";
import { rowsOf } from "./rows.js";

/** How a readout's rows are summed up: see `readoutSums`. */
export type ReadoutMethod = "orthogonal" | "products";

/** Settings of `readoutSums`. */
export interface ReadoutSumsConfig {
  /** Features of a row of states. */
  readonly features: number;
  /** Features of a row of targets. */
  readonly outputs: number;
  /** Whether the readout has a bias, which no ridge holds back; true by default. */
  readonly bias?: boolean;
  /** How rows are summed up; "orthogonal" by default. */
  readonly method?: ReadoutMethod;
}

/** All that a linear readout needs to know of the rows it is fitted to: of one size, however many rows there are. A value; plain data. */
export interface ReadoutSums {
  readonly features: number;
  readonly outputs: number;
  readonly bias: boolean;
  readonly method: ReadoutMethod;
  /** How many rows there are. */
  readonly rows: number;
  /** The triangle of the rows [1 x y], or [x y] without bias; null for "products". */
  readonly triangle: RowTriangle | null;
  /** The sums of products; null for "orthogonal". */
  readonly products: RowProducts | null;
}

/**
 * Sums from which a linear readout is solved, of no rows as yet: for rows that do not fit in memory, which are added part by part with
 * `addReadoutRows`. Parts may be summed apart, by several processes, and put together with `mergeReadoutSums`. The readout is the same to rounding,
 * whatever the parts.
 *
 * Sums are float64, whatever the type of the states. There are two methods:
 *
 * - "orthogonal" keeps the triangular factor of the rows (QR by Householder reflections). Its error grows with the condition number of the states,
 *   and it needs no ridge until that is about 1e13.
 * - "products" keeps X'X and X'Y about the means. Merging costs n^2 instead of n^3 operations, but the condition number is squared: without ridge, digits are lost
 *   from 1e4 on, and from about 1e7 on nothing is left.
 *
 * Both take about 2 n^2 operations per row, in matrix products.
 *
 * @see `solveReadout`, `chooseRidge`; `ridgeReadout` for rows that fit in memory
 * @example
 * let sums = readoutSums({ features: 3, outputs: 1 });
 * for (let part = 0; part < 4; part++) {
 *   const states = normal(Key.of(part), [100, 3]);
 *   sums = addReadoutRows(sums, states, sum(states, [1]).view([100, 1]));
 * }
 * solveReadout(sums, { ridge: 1e-6 }).W; // [3, 1]: three ones
 */
export function readoutSums(config: ReadoutSumsConfig): ReadoutSums {
  const {
    features,
    outputs,
    bias = true,
    method = "orthogonal",
  } = checkSettings("readoutSums", config, kinds);
  return {
    features,
    outputs,
    bias,
    method,
    rows: 0,
    triangle: method === "orthogonal" ? emptyTriangle(features + Number(bias), outputs) : null,
    products: method === "products" ? noProducts(features, outputs) : null,
  };
}

/** The settings that say how rows are summed up. */
export const methodKinds = {
  bias: optional(flag),
  method: optional(oneOf("orthogonal", "products")),
};

const kinds = { features: size, outputs: size, ...methodKinds };

/** Sums of a readout. */
export const sumsKind = kind(
  "sums made by readoutSums({ features, outputs })",
  (value) => typeof value === "object" && value !== null && "triangle" in value && "products" in value,
);

/**
 * The sums of the rows before and of these.
 *
 * @param states [rows, features], float32 or float64
 * @param targets [rows, outputs]
 * @returns new sums; the old ones are as they were
 * @throws ShapeError if the rows do not fit the sums or each other; RangeError naming the first row that holds NaN or an infinity
 * @example
 * const sums = readoutSums({ features: 2, outputs: 1 });
 * addReadoutRows(sums, tensor([[1, 2], [3, 4], [0, 1]]), tensor([[1], [2], [3]])).rows // 3
 */
export function addReadoutRows(sums: ReadoutSums, states: Value, targets: Value): ReadoutSums {
  check("addReadoutRows", "sums", sums, sumsKind);
  return addRowsFor("addReadoutRows", sums, states, targets);
}

/** The same for another function, which the messages name. */
export function addRowsFor(what: string, sums: ReadoutSums, states: Value, targets: Value): ReadoutSums {
  const { count, values } = rowsOf(what, sums, states, targets);
  return addValues(sums, values, count);
}

/** Rows of a triangle that are reflected at once. */
const ROWS_AT_ONCE = 1024;

/** Adds checked rows. @param values [x y], row-major; it is overwritten */
export function addValues(sums: ReadoutSums, values: Float64Array, count: number): ReadoutSums {
  const rows = sums.rows + count;
  if (sums.products !== null)
    return { ...sums, rows, products: addProducts(sums.products, sums.features, sums.bias, values, count) };
  let triangle = sums.triangle!;
  const width = sums.features + sums.outputs;
  const most = Math.max(ROWS_AT_ONCE, sums.features);
  for (let from = 0; from < count; from += most) {
    const many = Math.min(most, count - from);
    const block = values.subarray(from * width, (from + many) * width);
    triangle = appendRows(triangle, sums.bias ? withOnes(block, many, width) : block, many);
  }
  return { ...sums, rows, triangle };
}

/** A column of ones before the others. */
function withOnes(block: Float64Array, count: number, width: number): Float64Array {
  const out = new Float64Array(count * (width + 1));
  for (let i = 0; i < count; i++) {
    out[i * (width + 1)] = 1;
    out.set(block.subarray(i * width, (i + 1) * width), i * (width + 1) + 1);
  }
  return out;
}

/**
 * The sums of the rows of both, which were summed apart.
 *
 * @throws TypeError if one differs from the other in features, outputs, bias or method
 * @example
 * const none = readoutSums({ features: 1, outputs: 1 });
 * const [a, b] = [1, 2].map((x) => addReadoutRows(none, tensor([[x], [-x]]), tensor([[x], [-x]])));
 * mergeReadoutSums(a!, b!).rows // 4
 */
export function mergeReadoutSums(a: ReadoutSums, b: ReadoutSums): ReadoutSums {
  check("mergeReadoutSums", "a", a, sumsKind);
  check("mergeReadoutSums", "b", b, sumsKind);
  sameSums("mergeReadoutSums", ["a", a], ["b", b], ["features", "outputs", "bias", "method"]);
  const rows = a.rows + b.rows;
  if (a.products !== null)
    return { ...a, rows, products: mergeProducts(a.products, b.products!, a.features) };
  const { n, rows: lower, left } = b.triangle!;
  const triangle = appendRows(a.triangle!, lower.slice(), n);
  return { ...a, rows, triangle: { ...triangle, left: triangle.left.map((x, q) => x + left[q]!) } };
}

/** @throws TypeError naming the first setting in which sums differ */
export function sameSums(
  what: string,
  [nameA, a]: readonly [string, ReadoutSums],
  [nameB, b]: readonly [string, ReadoutSums],
  settings: readonly ("features" | "outputs" | "bias" | "method")[],
): void {
  for (const setting of settings)
    if (a[setting] !== b[setting])
      throw new TypeError(
        `${what}: ${nameA} has ${setting} ${describe(a[setting])}, ${nameB} has ${describe(b[setting])}; both are made by readoutSums with the same settings`,
      );
}
