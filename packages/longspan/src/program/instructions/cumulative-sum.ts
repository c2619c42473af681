import type { View } from "../buffers.js";
import type { Space } from "../spaces.js";
import { type InstructionRecord, into } from "./record.js";

/**
 * out[r, o, j, i] (+)= sum over q <= j of a[r, o, q, i], over q >= j if `reverse`. Sums are formed from the first to the last
 * that belongs to them. Transpose: `cumulativeSum` the other way round.
 */
export interface CumulativeSum {
  readonly kind: "cumulativeSum";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  /** Extents of o, of j and of i. */
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  readonly reverse: boolean;
  readonly accumulate: boolean;
}

/** See `CumulativeSum`. */
export const cumulativeSum: InstructionRecord<CumulativeSum> = {
  views: (i) => [
    [i.a, columns(i), "a"],
    [i.out, columns(i), "out"],
  ],
  print(i, { view }) {
    const way = i.reverse ? " from the end" : "";
    return [`${view(i.out)} ${into(i.accumulate)} ${view(i.a)}${way}  [${i.outer},${i.length},${i.inner}]`];
  },
  flops: columns,
  kernel: { reads: ["a"], sizes: ["outer", "length", "inner"], flags: ["reverse", "accumulate"] },
  run(i, bind) {
    const [out, a] = [bind(i.out), bind(i.a)];
    const { outer, length, inner, accumulate } = i;
    const [first, step] = i.reverse ? [(length - 1) * inner, -inner] : [0, inner];
    return (begin, end) => {
      for (let r = begin; r < end; r++)
        for (let o = 0; o < outer; o++)
          for (let c = 0; c < inner; c++) {
            const at = o * length * inner + first + c;
            const [from, to] = [a.at(r) + at, out.at(r) + at];
            let sum = 0;
            for (let j = 0; j < length; j++) {
              sum += a.array[from + j * step]!;
              out.array[to + j * step] = accumulate ? out.array[to + j * step]! + sum : sum;
            }
          }
    };
  },
};

function columns({ outer, length, inner }: CumulativeSum): number {
  return outer * length * inner;
}
