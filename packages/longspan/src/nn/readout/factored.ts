import { appendRows, choleskyFactor, solveLower } from "../../linear-algebra/index.js";
import type { ReadoutSums } from "./readout-sums.js";

/** The normal equations of a readout, factored: R'R = X'X + ridge I and R'Z = X'Y, about the means; so R W = Z. */
export interface Factored {
  /** R, features x features, upper triangular, row-major. */
  readonly R: Float64Array;
  /** Z, features x outputs. */
  readonly Z: Float64Array;
  /** The mean of each feature, then of each output; zeros without bias. */
  readonly means: Float64Array;
}

/**
 * Factors the sums with a ridge.
 * @throws RangeError if there are no rows, or the features depend on each other and the ridge does not part them
 */
export function factored(what: string, sums: ReadoutSums, ridge: number): Factored {
  const { features, rows } = sums;
  if (rows === 0)
    throw new RangeError(
      `${what}: the sums hold no rows; add some with addReadoutRows(sums, states, targets)`,
    );
  const needed = features + Number(sums.bias);
  if (ridge === 0 && rows < needed)
    throw new RangeError(
      `${what}: ${rows} rows do not determine ${needed} weights per output (${features} features${sums.bias ? " and the bias" : ""}); give more rows, or a ridge such as { ridge: 1e-6 }`,
    );
  return sums.triangle !== null ? fromTriangle(what, sums, ridge) : fromProducts(what, sums, ridge);
}

function fromTriangle(what: string, sums: ReadoutSums, ridge: number): Factored {
  const { features, outputs } = sums;
  const first = Number(sums.bias);
  let triangle = sums.triangle!;
  const width = triangle.n + outputs;
  if (ridge > 0) {
    const root = Math.sqrt(ridge);
    const block = new Float64Array(features * width);
    for (let i = 0; i < features; i++) block[i * width + first + i] = root;
    triangle = appendRows(triangle, block, features);
  }
  const { rows } = triangle;
  const R = new Float64Array(features * features);
  const Z = new Float64Array(features * outputs);
  const means = new Float64Array(features + outputs);
  if (sums.bias) for (let j = 0; j < features + outputs; j++) means[j] = rows[1 + j]! / rows[0]!;
  for (let i = 0; i < features; i++) {
    const row = (first + i) * width + first;
    for (let j = i; j < features; j++) R[i * features + j] = rows[row + j]!;
    for (let q = 0; q < outputs; q++) Z[i * outputs + q] = rows[row + features + q]!;
  }
  // What is left of a dependent column is rounding, which grows with the columns and with the rows.
  const least = Number.EPSILON * (features + Math.sqrt(sums.rows));
  for (let k = 0; k < features; k++) {
    let squares = 0;
    for (let i = 0; i <= first + k; i++) squares += rows[i * width + first + k]! ** 2;
    if (Math.abs(R[k * features + k]!) <= least * Math.sqrt(squares)) throw dependent(what, sums, k, ridge);
  }
  return { R, Z, means };
}

function fromProducts(what: string, sums: ReadoutSums, ridge: number): Factored {
  const { features, outputs } = sums;
  const { sums: products, rest, means } = sums.products!;
  const width = features + outputs;
  const L = new Float64Array(features * features);
  const Z = new Float64Array(features * outputs);
  for (let i = 0; i < features; i++) {
    for (let j = 0; j <= i; j++) {
      const at = i * width + j;
      L[i * features + j] = products[at]! + (i === j ? ridge + rest[at]! : rest[at]!);
    }
    for (let q = 0; q < outputs; q++) {
      const at = i * width + features + q;
      Z[i * outputs + q] = products[at]! + rest[at]!;
    }
  }
  const failed = choleskyFactor(L, features, features * Number.EPSILON);
  if (failed >= 0) throw dependent(what, sums, failed, ridge);
  solveLower(L, features, Z, outputs);
  const R = new Float64Array(features * features);
  for (let i = 0; i < features; i++) for (let j = 0; j <= i; j++) R[j * features + i] = L[i * features + j]!;
  return { R, Z, means };
}

function dependent(
  what: string,
  { features, rows, method }: ReadoutSums,
  k: number,
  ridge: number,
): RangeError {
  const remedy = ridge > 0 ? `the ridge of ${ridge} is too small to part them` : "no ridge parts them";
  const other =
    method === "products" ? ', or sums with { method: "orthogonal" }, which lose fewer digits' : "";
  return new RangeError(
    `${what}: over the ${rows} rows, feature ${k} of ${features} is constant or a linear combination of those before it, to rounding, and ${remedy}; give ${ridge > 0 ? "a larger ridge" : "one, such as { ridge: 1e-6 }"}${other}`,
  );
}
