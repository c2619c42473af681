import type { View } from "../buffers.js";
import type { Space } from "../spaces.js";
import { type InstructionRecord, into } from "./record.js";

/** out[0, c] (+)= sum over rows r of a[r, c]. Transpose: a `map` that reads a fixed row. */
export interface SumRows {
  readonly kind: "sumRows";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly columns: number;
  readonly accumulate: boolean;
}

/** See `SumRows`. */
export const sumRows: InstructionRecord<SumRows> = {
  views: (i) => [
    [i.a, i.columns, "a"],
    [i.out, i.columns, "out"],
  ],
  print: (i, { view }) => [`${view(i.out)} ${into(i.accumulate)} ${view(i.a)}  n=${i.columns}`],
  flops: (i) => i.columns,
  kernel: { reads: ["a"], sizes: ["columns"], flags: ["accumulate"] },
  run(i, bind) {
    const [out, a, sums] = [bind(i.out), bind(i.a), new Float64Array(i.columns)];
    return (begin, end) => {
      for (let c = 0; c < i.columns; c++) sums[c] = i.accumulate ? out.array[out.base + c]! : 0;
      for (let r = begin; r < end; r++) {
        const at = a.at(r);
        for (let c = 0; c < i.columns; c++) sums[c]! += a.array[at + c]!;
      }
      for (let c = 0; c < i.columns; c++) out.array[out.base + c] = sums[c]!;
    };
  },
};
