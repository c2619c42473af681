import type { View } from "../buffers.js";
import type { Space } from "../spaces.js";
import { matmul } from "./blocked-products.js";
import { type InstructionRecord, into } from "./record.js";

/** Per row r: `count` products out[m, n] (+)= op(a) . op(b) over consecutive matrices in a row. Transpose: `batchedMatmul`. */
export interface BatchedMatmul {
  readonly kind: "batchedMatmul";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly b: View;
  readonly count: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly accumulate: boolean;
}

/** See `BatchedMatmul`. */
export const batchedMatmul: InstructionRecord<BatchedMatmul> = {
  views: (i) => [
    [i.a, i.count * i.m * i.k, "a"],
    [i.b, i.count * i.k * i.n, "b"],
    [i.out, i.count * i.m * i.n, "out"],
  ],
  print(i, { view }) {
    const [a, b] = [i.transposeA ? "'" : "", i.transposeB ? "'" : ""];
    return [
      `${view(i.out)} ${into(i.accumulate)} ${view(i.a)}${a} . ${view(i.b)}${b}  ${i.count}x[${i.m},${i.k},${i.n}]`,
    ];
  },
  flops: (i) => 2 * i.count * i.m * i.k * i.n,
  isProduct: true,
  kernel: {
    reads: ["a", "b"],
    sizes: ["count", "m", "k", "n"],
    flags: ["transposeA", "transposeB", "accumulate"],
  },
  run(i, bind) {
    const [out, a, b] = [bind(i.out), bind(i.a), bind(i.b)];
    const { count, m, k, n, transposeA, transposeB, accumulate } = i;
    return (begin, end) => {
      for (let r = begin; r < end; r++) {
        const [c0, a0, b0] = [out.at(r), a.at(r), b.at(r)];
        for (let q = 0; q < count; q++) {
          const [c, x, y] = [c0 + q * m * n, a0 + q * m * k, b0 + q * k * n];
          matmul(out.array, a.array, b.array, c, x, y, m, k, n, transposeA, transposeB, accumulate);
        }
      }
    };
  },
};
