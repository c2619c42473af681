import type { BoundView } from "../bound-view.js";
import type { View } from "../buffers.js";
import type { Space } from "../spaces.js";
import type { ListTable } from "../tables.js";
import { type InstructionRecord, into } from "./record.js";

/**
 * out[r, c] (+)= sum over the rows q in list r of a[q, c], in list order, so that results do not depend on
 * scheduling. `lists` is a table number. Transpose: `segmentSum` with the transposed lists.
 */
export interface SegmentSum {
  readonly kind: "segmentSum";
  readonly space: Space;
  readonly out: View;
  /** Read at the listed rows; its own row map must be "same". */
  readonly a: View;
  readonly lists: number;
  readonly columns: number;
  readonly accumulate: boolean;
}

/** See `SegmentSum`. */
export const segmentSum: InstructionRecord<SegmentSum> = {
  views: (i) => [
    [i.a, i.columns, "a", "listed"],
    [i.out, i.columns, "out"],
  ],
  check: (i, tables) =>
    tables[i.lists]?.kind === "lists" ? undefined : `table ${i.lists} is not a table of lists`,
  print: (i, { view, table }) => [
    `${view(i.out)} ${into(i.accumulate)} ${view(i.a)} by ${table(i.lists)}  n=${i.columns}`,
  ],
  flops: (i) => i.columns,
  kernel: { reads: ["a"], sizes: ["lists", "columns"], flags: ["accumulate"] },
  run(i, bind) {
    const [out, a] = [bind(i.out), bind(i.a)];
    return (begin, end, tables) => {
      const { starts, index } = tables[i.lists] as ListTable;
      run(out, a, starts, index, begin, end, i.columns, i.accumulate);
    };
  },
};

/** out[r, c] (+)= sum of a[q, c] over the rows q of list r, in list order. */
function run(
  out: BoundView,
  a: BoundView,
  starts: Int32Array,
  index: Int32Array,
  begin: number,
  end: number,
  columns: number,
  accumulate: boolean,
): void {
  const src = a.array;
  const dst = out.array;
  for (let r = begin; r < end; r++) {
    const to = out.at(r);
    const last = starts[r + 1]!;
    for (let c = 0; c < columns; c++) {
      let s = accumulate ? dst[to + c]! : 0;
      for (let q = starts[r]!; q < last; q++) s += src[a.base + index[q]! * a.stride + c]!;
      dst[to + c] = s;
    }
  }
}
