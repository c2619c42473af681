import type { View } from "../buffers.js";
import type { Space } from "../spaces.js";
import type { ListTable } from "../tables.js";
import type { InstructionRecord } from "./record.js";

/**
 * out[r, c] = the largest a[q, c] over the rows q in list r, or, with `positions`, where in the list the first of the largest stands
 * (int32). NaN wins. An empty list gives -infinity, and -1 as a position. `lists` is a table number. Transpose: none (piecewise linear).
 */
export interface SegmentMax {
  readonly kind: "segmentMax";
  readonly space: Space;
  readonly out: View;
  /** Read at the listed rows; its own row map must be "same". */
  readonly a: View;
  readonly lists: number;
  readonly columns: number;
  readonly positions: boolean;
}

/** See `SegmentMax`. */
export const segmentMax: InstructionRecord<SegmentMax> = {
  views: (i) => [
    [i.a, i.columns, "a", "listed"],
    [i.out, i.columns, "out"],
  ],
  check: (i, tables) =>
    tables[i.lists]?.kind === "lists" ? undefined : `table ${i.lists} is not a table of lists`,
  print: (i, { view, table }) => [
    `${view(i.out)} = ${i.positions ? "position of " : ""}largest ${view(i.a)} by ${table(i.lists)}  n=${i.columns}`,
  ],
  flops: (i) => i.columns,
  kernel: { reads: ["a"], sizes: ["lists", "columns"], flags: ["positions"] },
  run(i, bind) {
    const [out, a] = [bind(i.out), bind(i.a)];
    return (begin, end, tables) => {
      const { starts, index } = tables[i.lists] as ListTable;
      for (let r = begin; r < end; r++) {
        const to = out.at(r);
        for (let c = 0; c < i.columns; c++) {
          let best = -Infinity;
          let position = -1;
          for (let q = starts[r]!; q < starts[r + 1]!; q++) {
            const x = a.array[a.base + index[q]! * a.stride + c]!;
            // The first of the largest stays; NaN is larger than any number.
            if (position >= 0 && !(x > best) && !(Number.isNaN(x) && !Number.isNaN(best))) continue;
            best = x;
            position = q - starts[r]!;
          }
          out.array[to + c] = i.positions ? position : best;
        }
      }
    };
  },
};
