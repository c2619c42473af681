import type { View } from "../buffers.js";
import type { Space } from "../spaces.js";
import { gemm as product } from "./blocked-products.js";
import { type InstructionRecord, into } from "./record.js";

/** out[r, 0..n) (+)= a[r, 0..k) . B, B stored [k, n], or [n, k] if `transposeB`. Transpose: `gemm` with B flipped, and `outerSum`. */
export interface Gemm {
  readonly kind: "gemm";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly b: View;
  readonly k: number;
  readonly n: number;
  readonly transposeB: boolean;
  readonly accumulate: boolean;
}

/** See `Gemm`. */
export const gemm: InstructionRecord<Gemm> = {
  views: (i) => [
    [i.a, i.k, "a"],
    [i.b, i.k * i.n, "b"],
    [i.out, i.n, "out"],
  ],
  print: (i, { view }) => [
    `${view(i.out)} ${into(i.accumulate)} ${view(i.a)} . ${view(i.b)}${i.transposeB ? "'" : ""}  k=${i.k} n=${i.n}`,
  ],
  flops: (i) => 2 * i.k * i.n,
  isProduct: true,
  kernel: { reads: ["a", "b"], sizes: ["k", "n"], flags: ["transposeB", "accumulate"] },
  run(i, bind) {
    const [out, a, b] = [bind(i.out), bind(i.a), bind(i.b)];
    return (begin, end) => product(out, a, b, begin, end, i.k, i.n, i.transposeB, i.accumulate);
  },
};
