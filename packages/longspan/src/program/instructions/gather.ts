import type { BoundView } from "../bound-view.js";
import type { View } from "../buffers.js";
import { checkedIndex } from "../index-error.js";
import type { Space } from "../spaces.js";
import type { InstructionRecord } from "./record.js";

/** out[r, j, :] = source[r, index[r, j], :]; an index outside [0, size) is an error. Transpose: `indexSum`. */
export interface Gather {
  readonly kind: "gather";
  readonly space: Space;
  readonly out: View;
  readonly source: View;
  readonly index: View;
  /** Indices per row. */
  readonly count: number;
  /** Rows of the source. */
  readonly size: number;
  readonly columns: number;
}

/** See `Gather`. */
export const gather: InstructionRecord<Gather> = {
  views: (i) => [
    [i.source, i.size * i.columns, "source"],
    [i.index, i.count, "index"],
    [i.out, i.count * i.columns, "out"],
  ],
  print: (i, { view }) => [`${view(i.out)} = ${view(i.source)}[${view(i.index)}]  n=${i.columns}`],
  flops: (i) => i.count * i.columns,
  kernel: { reads: ["source", "index"], sizes: ["count", "size", "columns"], flags: [] },
  run(i, bind) {
    const [out, source, index] = [bind(i.out), bind(i.source), bind(i.index)];
    return (begin, end) => run(out, source, index, begin, end, i.count, i.size, i.columns);
  },
};

function run(
  out: BoundView,
  source: BoundView,
  index: BoundView,
  begin: number,
  end: number,
  count: number,
  size: number,
  columns: number,
): void {
  for (let r = begin; r < end; r++) {
    const to = out.at(r);
    const from = index.at(r);
    const table = source.at(r);
    for (let j = 0; j < count; j++) {
      const i = checkedIndex(index.array[from + j]!, size, r, j);
      const at = table + i * columns;
      for (let c = 0; c < columns; c++) out.array[to + j * columns + c] = source.array[at + c]!;
    }
  }
}
