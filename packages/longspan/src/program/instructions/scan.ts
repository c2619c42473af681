import type { View } from "../buffers.js";
import type { Space } from "../spaces.js";
import type { InstructionRecord } from "./record.js";

/**
 * out[r, j] = a[r, j] b[r, j] + c[r, j], rounded once where the machine can. In the loop, with the states of earlier levels for b, it is
 * one step of a scan: the whole of a recurrence that is linear in the state. Transpose: the derived cell's own.
 */
export interface Scan {
  readonly kind: "scan";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly b: View;
  readonly c: View;
  readonly columns: number;
}

/** See `Scan`. */
export const scan: InstructionRecord<Scan> = {
  views: (i) => [
    [i.a, i.columns, "a"],
    [i.b, i.columns, "b"],
    [i.c, i.columns, "c"],
    [i.out, i.columns, "out"],
  ],
  print: (i, { view }) => [`${view(i.out)} = ${view(i.a)} ${view(i.b)} + ${view(i.c)}  n=${i.columns}`],
  flops: (i) => 2 * i.columns,
  kernel: { reads: ["a", "b", "c"], sizes: ["columns"], flags: [] },
  run(i, bind) {
    const [out, a, b, c] = [bind(i.out), bind(i.a), bind(i.b), bind(i.c)];
    return (begin, end) => {
      for (let r = begin; r < end; r++) {
        const [to, x, y, z] = [out.at(r), a.at(r), b.at(r), c.at(r)];
        for (let j = 0; j < i.columns; j++)
          out.array[to + j] = a.array[x + j]! * b.array[y + j]! + c.array[z + j]!;
      }
    };
  },
};
