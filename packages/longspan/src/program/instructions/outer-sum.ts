import type { View } from "../buffers.js";
import type { Space } from "../spaces.js";
import { outerSum as sumOfProducts } from "./blocked-products.js";
import { type InstructionRecord, into } from "./record.js";

/** out[0, (i, j)] (+)= sum over rows r of a[r, i] b[r, j]. Transpose: `gemm` with either operand. */
export interface OuterSum {
  readonly kind: "outerSum";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly b: View;
  readonly m: number;
  readonly n: number;
  readonly accumulate: boolean;
}

/** See `OuterSum`. */
export const outerSum: InstructionRecord<OuterSum> = {
  views: (i) => [
    [i.a, i.m, "a"],
    [i.b, i.n, "b"],
    [i.out, i.m * i.n, "out"],
  ],
  print: (i, { view }) => [
    `${view(i.out)} ${into(i.accumulate)} ${view(i.a)}' ${view(i.b)}  m=${i.m} n=${i.n}`,
  ],
  flops: (i) => 2 * i.m * i.n,
  isProduct: true,
  kernel: { reads: ["a", "b"], sizes: ["m", "n"], flags: ["accumulate"] },
  run(i, bind) {
    const [out, a, b] = [bind(i.out), bind(i.a), bind(i.b)];
    return (begin, end) => sumOfProducts(out, a, b, begin, end, i.m, i.n, i.accumulate);
  },
};
