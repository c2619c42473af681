import type { BoundView } from "../bound-view.js";
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
    const [out, a] = [bind(i.out), bind(i.a)];
    return (begin, end) => run(out, a, begin, end, i.columns, i.accumulate);
  },
};

let sums = new Float64Array(1024);

/** out[c] (+)= sum over rows of a[r, c]; sums are kept in double precision. */
function run(
  out: BoundView,
  a: BoundView,
  begin: number,
  end: number,
  columns: number,
  accumulate: boolean,
): void {
  if (sums.length < columns) sums = new Float64Array(2 * columns);
  sums.fill(0, 0, columns);
  if (accumulate) for (let c = 0; c < columns; c++) sums[c] = out.array[out.base + c]!;
  for (let r = begin; r < end; r++) {
    const at = a.at(r);
    for (let c = 0; c < columns; c++) sums[c]! += a.array[at + c]!;
  }
  for (let c = 0; c < columns; c++) out.array[out.base + c] = sums[c]!;
}
