import type { BoundView } from "../bound-view.js";
import type { View } from "../buffers.js";
import { checkedIndex } from "../index-error.js";
import type { Space } from "../spaces.js";
import { type InstructionRecord, into } from "./record.js";

/** out[0, index[r, j], :] (+)= a[r, j, :], in row order. Transpose: `gather`. */
export interface IndexSum {
  readonly kind: "indexSum";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly index: View;
  readonly count: number;
  readonly size: number;
  readonly columns: number;
  readonly accumulate: boolean;
}

/** See `IndexSum`. */
export const indexSum: InstructionRecord<IndexSum> = {
  views: (i) => [
    [i.a, i.count * i.columns, "a"],
    [i.index, i.count, "index"],
    [i.out, i.size * i.columns, "out"],
  ],
  print: (i, { view }) => [
    `${view(i.out)}[${view(i.index)}] ${into(i.accumulate)} ${view(i.a)}  n=${i.columns}`,
  ],
  flops: (i) => i.count * i.columns,
  kernel: { reads: ["a", "index"], sizes: ["count", "size", "columns"], flags: ["accumulate"] },
  run(i, bind) {
    const [out, a, index] = [bind(i.out), bind(i.a), bind(i.index)];
    return (begin, end) => run(out, a, index, begin, end, i.count, i.size, i.columns, i.accumulate);
  },
};

function run(
  out: BoundView,
  a: BoundView,
  index: BoundView,
  begin: number,
  end: number,
  count: number,
  size: number,
  columns: number,
  accumulate: boolean,
): void {
  // Every row of the result belongs to one row of the instruction's space unless the result is shared.
  if (!accumulate && out.stride === 0) out.array.fill(0, out.base, out.base + size * columns);
  for (let r = begin; r < end; r++) {
    const to = out.at(r);
    if (!accumulate && out.stride !== 0) out.array.fill(0, to, to + size * columns);
    const from = a.at(r);
    const indexStart = index.at(r);
    for (let j = 0; j < count; j++) {
      const at = to + checkedIndex(index.array[indexStart + j]!, size, r, j) * columns;
      for (let c = 0; c < columns; c++) out.array[at + c]! += a.array[from + j * columns + c]!;
    }
  }
}
