import type { Space } from "../spaces.js";
import type { ListTable } from "../tables.js";
import type { MapInstruction } from "./map.js";
import { checkSteps, elementsOf, printSteps, recordOf, tileOf, viewsOf } from "./map.js";
import type { InstructionRecord } from "./record.js";

/**
 * For each row r of `space`, a tile program over the rows q of list r, and what it stores summed over them:
 *
 *     out[r, c] = sum over the rows q in list r of f(q)[c], in list order
 *
 * So what f gives is never formed for all rows. What is loaded has the rows of `inner`; what is stored has those of `space`.
 * Transpose: that of `segmentSum`, then the derived cell's own map.
 */
export interface SegmentMap extends Omit<MapInstruction, "kind"> {
  readonly kind: "segmentMap";
  /** The space whose rows the lists name. */
  readonly inner: Space;
  /** A table number. */
  readonly lists: number;
}

/** See `SegmentMap`. */
export const segmentMap: InstructionRecord<SegmentMap> = {
  views: (i) => viewsOf(i, i.inner),
  check: (i, tables) =>
    tables[i.lists]?.kind === "lists" ? checkSteps(i) : `table ${i.lists} is not a table of lists`,
  print: (i, show) => [`sums over ${i.inner} by ${show.table(i.lists)}`, ...printSteps(i, show)],
  flops: elementsOf,
  kernel: null,
  run(i, bind) {
    const { tile, tileRows } = tileOf(i, bind);
    const runs = i.code.flatMap((s) => (s.op === "store" ? [] : [recordOf(s).run(s, tile)]));
    const sums = i.code.flatMap((s) =>
      s.op === "store"
        ? [
            {
              to: bind(s.view),
              from: tile.arrays[s.input]!,
              sum: new Float64Array(tile.sizes[s.input]!),
            },
          ]
        : [],
    );
    return (begin, end, tables) => {
      const { starts, index } = tables[i.lists] as ListTable;
      for (let r = begin; r < end; r++) {
        for (const { sum } of sums) sum.fill(0);
        for (let q = starts[r]!; q < starts[r + 1]!; ) {
          // As many rows of the list as lie one after the other.
          let rows = 1;
          while (rows < tileRows && q + rows < starts[r + 1]! && index[q + rows] === index[q]! + rows) rows++;
          for (const run of runs) run(index[q]!, rows);
          for (const { from, sum } of sums)
            for (let e = 0, n = rows * sum.length; e < n; e++) sum[e % sum.length]! += from[e]!;
          q += rows;
        }
        for (const { to, sum } of sums) {
          const at = to.at(r);
          for (let c = 0; c < sum.length; c++) to.array[at + c] = sum[c]!;
        }
      }
    };
  },
};
