import { type ReduceCode, reduceCodes } from "../opcodes.js";
import { enumerate, rowMajor } from "./offsets.js";
import type { StepRecord } from "./record.js";

/** Reduce `axes` away. `argmax` takes the first of equal maxima and needs exactly one axis. */
export interface Reduce {
  readonly op: "reduce";
  readonly code: ReduceCode;
  readonly out: number;
  readonly a: number;
  readonly axes: readonly number[];
}

/** See `Reduce`. */
export const reduce: StepRecord<Reduce> = {
  reads: (s) => [s.a],
  print: (s) => `${s.code} r${s.a} over ${s.axes.join(",")}`,
  run(s, { arrays, sizes, registers }) {
    const [out, a, sizeOut, sizeA] = [arrays[s.out]!, arrays[s.a]!, sizes[s.out]!, sizes[s.a]!];
    const { shape } = registers[s.a]!;
    const strides = rowMajor(shape);
    const along = (axes: readonly number[]) =>
      enumerate(
        axes.map((d) => shape[d]!),
        (index) => axes.reduce((p, d, q) => p + index[q]! * strides[d]!, 0),
      );
    const axes = shape.map((_, d) => d);
    /** Where what makes an element starts, and where its parts lie from there. */
    const starts = along(axes.filter((d) => !s.axes.includes(d)));
    const parts = along(axes.filter((d) => s.axes.includes(d)));
    const list = new Float64Array(parts.length);
    const { of } = reduceCodes[s.code];
    return (_, rows) => {
      for (let r = 0; r < rows; r++)
        for (let t = 0; t < sizeOut; t++) {
          const from = r * sizeA + starts[t]!;
          for (let q = 0; q < parts.length; q++) list[q] = a[from + parts[q]!]!;
          out[r * sizeOut + t] = of(list, parts.length);
        }
    };
  },
};
