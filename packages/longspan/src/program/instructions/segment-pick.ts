import type { View } from "../buffers.js";
import { checkedIndex } from "../index-error.js";
import type { Space } from "../spaces.js";
import type { ListTable } from "../tables.js";
import type { InstructionRecord } from "./record.js";

/**
 * out[r, :] = a[q, :] for the row q that stands at position index[r] of list r; a position outside the list is an error. `lists` is a table
 * number. Transpose: a map over the listed rows that compares their positions.
 */
export interface SegmentPick {
  readonly kind: "segmentPick";
  readonly space: Space;
  readonly out: View;
  /** Read at the listed rows; its own row map must be "same". */
  readonly a: View;
  readonly index: View;
  readonly lists: number;
  readonly columns: number;
}

/** See `SegmentPick`. */
export const segmentPick: InstructionRecord<SegmentPick> = {
  views: (i) => [
    [i.a, i.columns, "a", "listed"],
    [i.index, 1, "index"],
    [i.out, i.columns, "out"],
  ],
  check: (i, tables) =>
    tables[i.lists]?.kind === "lists" ? undefined : `table ${i.lists} is not a table of lists`,
  print: (i, { view, table }) => [
    `${view(i.out)} = ${view(i.a)} at ${view(i.index)} of ${table(i.lists)}  n=${i.columns}`,
  ],
  flops: (i) => i.columns,
  kernel: { reads: ["a", "index"], sizes: ["lists", "columns"], flags: [] },
  run(i, bind) {
    const [out, a, at] = [bind(i.out), bind(i.a), bind(i.index)];
    return (begin, end, tables) => {
      const { starts, index } = tables[i.lists] as ListTable;
      for (let r = begin; r < end; r++) {
        const position = checkedIndex(at.array[at.at(r)]!, starts[r + 1]! - starts[r]!, r, 0);
        const from = a.base + index[starts[r]! + position]! * a.stride;
        const to = out.at(r);
        for (let c = 0; c < i.columns; c++) out.array[to + c] = a.array[from + c]!;
      }
    };
  },
};
