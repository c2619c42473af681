import type { View } from "../buffers.js";
import { checkedIndex } from "../index-error.js";
import type { Space } from "../spaces.js";
import { type InstructionRecord, into } from "./record.js";

/**
 * out[0, (k, j)] (+)= sum over rows r and over c of a[r, c, from[k, j]] b[r, c, j]: of outer products what a sparse matrix has a place for. Where the result
 * has rows, each is that of its own row. Transpose: `sparseProduct` with either operand.
 */
export interface SparseOuter {
  readonly kind: "sparseOuter";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly b: View;
  readonly from: View;
  /** Vectors in a row. */
  readonly count: number;
  /** Elements of a vector of a. */
  readonly size: number;
  /** Elements of a vector of b. */
  readonly columns: number;
  readonly nonZeros: number;
  readonly accumulate: boolean;
}

/** See `SparseOuter`. */
export const sparseOuter: InstructionRecord<SparseOuter> = {
  views: (i) => [
    [i.a, i.count * i.size, "a"],
    [i.b, i.count * i.columns, "b"],
    [i.from, i.nonZeros * i.columns, "from"],
    [i.out, i.nonZeros * i.columns, "out"],
  ],
  print: (i, { view }) => [
    `${view(i.out)} ${into(i.accumulate)} ${view(i.a)}' ${view(i.b)} at ${view(i.from)}  [${i.count},${i.size},${i.columns}] nonZeros=${i.nonZeros}`,
  ],
  flops: (i) => 2 * i.count * i.nonZeros * i.columns,
  isProduct: true,
  kernel: {
    reads: ["a", "b", "from"],
    sizes: ["count", "size", "columns", "nonZeros"],
    flags: ["accumulate"],
  },
  run(i, bind) {
    const [out, a, b, from] = [bind(i.out), bind(i.a), bind(i.b), bind(i.from)];
    const sums = new Float64Array(i.nonZeros * i.columns);
    const begins = (r: number) => {
      for (let q = 0; q < sums.length; q++) sums[q] = i.accumulate ? out.array[out.at(r) + q]! : 0;
    };
    const ends = (r: number) => {
      for (let q = 0; q < sums.length; q++) out.array[out.at(r) + q] = sums[q]!;
    };
    return (begin, end) => {
      const isShared = out.stride === 0;
      if (isShared) begins(0);
      for (let r = begin; r < end; r++) {
        if (!isShared) begins(r);
        const [atA, atB, atFrom] = [a.at(r), b.at(r), from.at(r)];
        for (let q = 0; q < sums.length; q++) {
          const row = checkedIndex(from.array[atFrom + q]!, i.size, r, q);
          for (let c = 0; c < i.count; c++)
            sums[q]! += a.array[atA + c * i.size + row]! * b.array[atB + c * i.columns + (q % i.columns)]!;
        }
        if (!isShared) ends(r);
      }
      if (isShared) ends(0);
    };
  },
};
