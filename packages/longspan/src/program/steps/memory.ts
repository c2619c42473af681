import type { View } from "../buffers.js";
import type { StepRecord } from "./record.js";

/** out = the view's columns. */
export interface Load {
  readonly op: "load";
  readonly out: number;
  readonly view: View;
}

/** See `Load`. */
export const load: StepRecord<Load> = {
  reads: () => [],
  print: (s, show) => `load ${show.view(s.view)}`,
  run(s, { arrays, sizes, bind }) {
    const [out, size, from] = [arrays[s.out]!, sizes[s.out]!, bind(s.view)];
    return (begin, rows) => {
      const source = from.array;
      if (from.index === null && from.stride === size) {
        const at = from.base + begin * size;
        for (let e = 0, n = rows * size; e < n; e++) out[e] = source[at + e]!;
        return;
      }
      for (let r = 0, e = 0; r < rows; r++) {
        const at = from.at(begin + r);
        for (let q = 0; q < size; q++) out[e++] = source[at + q]!;
      }
    };
  },
};

/** The view's columns = input. */
export interface Store {
  readonly op: "store";
  readonly input: number;
  readonly view: View;
}

/** See `Store`. */
export const store: StepRecord<Store> = {
  reads: (s) => [s.input],
  print: (s, show) => `store ${show.view(s.view)} = r${s.input}`,
  run(s, { arrays, sizes, bind }) {
    const [input, size, to] = [arrays[s.input]!, sizes[s.input]!, bind(s.view)];
    return (begin, rows) => {
      const target = to.array;
      for (let r = 0, e = 0; r < rows; r++) {
        const at = to.at(begin + r);
        for (let q = 0; q < size; q++) target[at + q] = input[e++]!;
      }
    };
  },
};
