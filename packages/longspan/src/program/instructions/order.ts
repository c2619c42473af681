import type { View } from "../buffers.js";
import type { Space } from "../spaces.js";
import type { InstructionRecord } from "./record.js";

/**
 * out[r, o, q, i] = the place j of the element that comes at q among a[r, o, j, i], for q < count: from the smallest, or from the
 * largest if `descending`. Of equal elements the first comes first; NaN counts as larger than every number.
 */
export interface Order {
  readonly kind: "order";
  readonly space: Space;
  /** int32. */
  readonly out: View;
  readonly a: View;
  /** Extents of o, of j and of i. */
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  /** How many places are wanted, at most `length`. */
  readonly count: number;
  readonly descending: boolean;
}

/** See `Order`. */
export const order: InstructionRecord<Order> = {
  views: (i) => [
    [i.a, i.outer * i.length * i.inner, "a"],
    [i.out, i.outer * i.count * i.inner, "out"],
  ],
  check: (i) => (i.count > i.length ? `${i.count} places of ${i.length} elements` : undefined),
  print(i, { view }) {
    const way = i.descending ? " from the largest" : "";
    return [`${view(i.out)} = order of ${view(i.a)}${way}  [${i.outer},${i.length},${i.inner}] ${i.count}`];
  },
  flops: (i) => i.outer * i.length * i.inner,
  kernel: { reads: ["a"], sizes: ["outer", "length", "inner", "count"], flags: ["descending"] },
  run(i, bind) {
    const [out, a] = [bind(i.out), bind(i.a)];
    const { outer, length, inner, count } = i;
    const sign = i.descending ? -1 : 1;
    return (begin, end) => {
      for (let r = begin; r < end; r++)
        for (let o = 0; o < outer; o++)
          for (let c = 0; c < inner; c++) {
            const from = a.at(r) + o * length * inner + c;
            const to = out.at(r) + o * count * inner + c;
            const indices = Array.from({ length }, (_, j) => j);
            indices.sort((p, q) => {
              const [x, y] = [a.array[from + p * inner]!, a.array[from + q * inner]!];
              return sign * (Number(isBefore(y, x)) - Number(isBefore(x, y))) || p - q;
            });
            for (let q = 0; q < count; q++) out.array[to + q * inner] = indices[q]!;
          }
    };
  },
};

function isBefore(x: number, y: number): boolean {
  return x < y || (Number.isNaN(y) && !Number.isNaN(x));
}
