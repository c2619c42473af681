import type { BoundView } from "../bound-view.js";
import type { View } from "../buffers.js";
import { checkedIndex } from "../index-error.js";
import type { Space } from "../spaces.js";
import { type InstructionRecord, into } from "./record.js";

/**
 * out[r, c, j] (+)= sum over k of a[r, c, from[k, j]] b[k, j]: vectors times a sparse matrix, of which every column has `nonZeros` elements b, in the
 * rows `from`. If `transposed`: out[r, c, from[k, j]] (+)= a[r, c, j] b[k, j]. Transpose: `sparseProduct` the other way round, and `sparseOuter`.
 */
export interface SparseProduct {
  readonly kind: "sparseProduct";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly b: View;
  readonly from: View;
  /** Vectors in a row. */
  readonly count: number;
  /** Rows of the matrix. */
  readonly size: number;
  readonly columns: number;
  readonly nonZeros: number;
  readonly transposed: boolean;
  readonly accumulate: boolean;
}

/** See `SparseProduct`. */
export const sparseProduct: InstructionRecord<SparseProduct> = {
  views: (i) => [
    [i.a, i.count * (i.transposed ? i.columns : i.size), "a"],
    [i.b, i.nonZeros * i.columns, "b"],
    [i.from, i.nonZeros * i.columns, "from"],
    [i.out, i.count * (i.transposed ? i.size : i.columns), "out"],
  ],
  print: (i, { view }) => [
    `${view(i.out)} ${into(i.accumulate)} ${view(i.a)} . ${view(i.b)} at ${view(i.from)}${i.transposed ? "'" : ""}  [${i.count},${i.size},${i.columns}] nonZeros=${i.nonZeros}`,
  ],
  flops: (i) => 2 * i.count * i.nonZeros * i.columns,
  isProduct: true,
  kernel: {
    reads: ["a", "b", "from"],
    sizes: ["count", "size", "columns", "nonZeros"],
    flags: ["transposed", "accumulate"],
  },
  run(i, bind) {
    const [out, a, b, from] = [bind(i.out), bind(i.a), bind(i.b), bind(i.from)];
    const sums = new Float64Array(i.count * (i.transposed ? i.size : i.columns));
    return (begin, end) => {
      for (let r = begin; r < end; r++) {
        const to = out.at(r);
        for (let j = 0; j < sums.length; j++) sums[j] = i.accumulate ? out.array[to + j]! : 0;
        addProducts(i, sums, a, b, from, r);
        for (let j = 0; j < sums.length; j++) out.array[to + j] = sums[j]!;
      }
    };
  },
};

function addProducts(
  { count, size, columns, nonZeros, transposed }: SparseProduct,
  sums: Float64Array,
  a: BoundView,
  b: BoundView,
  from: BoundView,
  r: number,
): void {
  const [atA, atB, atFrom] = [a.at(r), b.at(r), from.at(r)];
  for (let q = 0; q < nonZeros * columns; q++) {
    const [row, column] = [checkedIndex(from.array[atFrom + q]!, size, r, q), q % columns];
    for (let c = 0; c < count; c++) {
      const [long, short] = [c * size + row, c * columns + column];
      if (transposed) sums[long]! += a.array[atA + short]! * b.array[atB + q]!;
      else sums[short]! += a.array[atA + long]! * b.array[atB + q]!;
    }
  }
}
