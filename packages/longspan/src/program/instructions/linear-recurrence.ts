import type { View } from "../buffers.js";
import type { Space } from "../spaces.js";
import type { InstructionRecord } from "./record.js";

/**
 * out[r, o, j, i] = a[r, o, j, i] out[r, o, j - 1, i] + b[r, o, j, i], from 0 before the first j; with `reverse`, from j + 1 and from
 * the last. What is carried has double precision. Linear in b; transpose: `linearRecurrence` the other way round, a moved by one.
 */
export interface LinearRecurrence {
  readonly kind: "linearRecurrence";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly b: View;
  /** Extents of o, of j and of i. */
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  readonly reverse: boolean;
}

/** See `LinearRecurrence`. */
export const linearRecurrence: InstructionRecord<LinearRecurrence> = {
  views: (i) => [
    [i.a, columns(i), "a"],
    [i.b, columns(i), "b"],
    [i.out, columns(i), "out"],
  ],
  print(i, { view }) {
    const way = i.reverse ? " from the end" : "";
    return [`${view(i.out)} = ${view(i.a)} before + ${view(i.b)}${way}  [${i.outer},${i.length},${i.inner}]`];
  },
  flops: (i) => 2 * columns(i),
  kernel: { reads: ["a", "b"], sizes: ["outer", "length", "inner"], flags: ["reverse"] },
  run(i, bind) {
    const [out, a, b] = [bind(i.out), bind(i.a), bind(i.b)];
    const { outer, length, inner } = i;
    const [first, step] = i.reverse ? [(length - 1) * inner, -inner] : [0, inner];
    return (begin, end) => {
      for (let r = begin; r < end; r++)
        for (let o = 0; o < outer; o++)
          for (let c = 0; c < inner; c++) {
            const at = o * length * inner + first + c;
            const [x, y, to] = [a.at(r) + at, b.at(r) + at, out.at(r) + at];
            let carried = 0;
            for (let j = 0; j < length; j++) {
              const next = b.array[y + j * step]!;
              carried = j === 0 ? next : a.array[x + j * step]! * carried + next;
              out.array[to + j * step] = carried;
            }
          }
    };
  },
};

function columns({ outer, length, inner }: LinearRecurrence): number {
  return outer * length * inner;
}
