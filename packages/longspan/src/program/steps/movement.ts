import { enumerate, offsetFrom, rowMajor } from "./offsets.js";
import type { StepRecord, Tile } from "./record.js";

// Steps that move elements: each works out once which element goes where.

/** out[i] = i along `axis`. */
export interface Iota {
  readonly op: "iota";
  readonly out: number;
  readonly axis: number;
}

/** See `Iota`. */
export const iota: StepRecord<Iota> = {
  reads: () => [],
  print: (s) => `iota axis ${s.axis}`,
  run(s, { arrays, registers }) {
    const out = arrays[s.out]!;
    const list = enumerate(registers[s.out]!.shape, (index) => index[s.axis]!);
    return (_, rows) => {
      for (let r = 0, e = 0; r < rows; r++) for (let q = 0; q < list.length; q++) out[e++] = list[q]!;
    };
  },
};

/** Same elements, another shape. */
export interface Reshape {
  readonly op: "reshape";
  readonly out: number;
  readonly a: number;
}

/** See `Reshape`. */
export const reshape: StepRecord<Reshape> = {
  reads: (s) => [s.a],
  print: (s) => `reshape r${s.a}`,
  run(s, { arrays, sizes }) {
    const [out, a, size] = [arrays[s.out]!, arrays[s.a]!, sizes[s.out]!];
    return (_, rows) => {
      for (let e = 0, n = rows * size; e < n; e++) out[e] = a[e]!;
    };
  },
};

/** Broadcast to the out register's shape; axes aligned from the last. */
export interface Expand {
  readonly op: "expand";
  readonly out: number;
  readonly a: number;
}

/** See `Expand`. */
export const expand: StepRecord<Expand> = {
  reads: (s) => [s.a],
  print: (s) => `expand r${s.a}`,
  run(s, tile) {
    const [shape, from] = [tile.registers[s.out]!.shape, tile.registers[s.a]!.shape];
    const [lead, strides] = [shape.length - from.length, rowMajor(from)];
    return taken(s, tile, (index) =>
      from.reduce((p, n, d) => p + (n === 1 ? 0 : index[lead + d]! * strides[d]!), 0),
    );
  },
};

/** Axis d of the result is axis `axes[d]` of a. */
export interface Permute {
  readonly op: "permute";
  readonly out: number;
  readonly a: number;
  readonly axes: readonly number[];
}

/** See `Permute`. */
export const permute: StepRecord<Permute> = {
  reads: (s) => [s.a],
  print: (s) => `permute r${s.a} ${s.axes.join(",")}`,
  run(s, tile) {
    const strides = rowMajor(tile.registers[s.a]!.shape);
    return taken(s, tile, (index) => s.axes.reduce((p, axis, d) => p + index[d]! * strides[axis]!, 0));
  },
};

/** out = a[starts .. starts + out.shape). */
export interface Slice {
  readonly op: "slice";
  readonly out: number;
  readonly a: number;
  readonly starts: readonly number[];
}

/** See `Slice`. */
export const slice: StepRecord<Slice> = {
  reads: (s) => [s.a],
  print: (s) => `slice r${s.a} at ${s.starts.join(",")}`,
  run(s, tile) {
    const strides = rowMajor(tile.registers[s.a]!.shape);
    return taken(s, tile, (index) => offsetFrom(s.starts, strides, index));
  },
};

/** Zeros, with a placed at `starts`. */
export interface Pad {
  readonly op: "pad";
  readonly out: number;
  readonly a: number;
  readonly starts: readonly number[];
}

/** See `Pad`. */
export const pad: StepRecord<Pad> = {
  reads: (s) => [s.a],
  print: (s) => `pad r${s.a} at ${s.starts.join(",")}`,
  run(s, { arrays, sizes, registers }) {
    const [out, a, size] = [arrays[s.out]!, arrays[s.a]!, sizes[s.out]!];
    const strides = rowMajor(registers[s.out]!.shape);
    const list = enumerate(registers[s.a]!.shape, (index) => offsetFrom(s.starts, strides, index));
    return (_, rows) => {
      out.fill(0, 0, rows * size);
      for (let r = 0, e = 0; r < rows; r++)
        for (let q = 0; q < list.length; q++) out[r * size + list[q]!] = a[e++]!;
    };
  },
};

/** The inputs one after the other along `axis`. */
export interface Concat {
  readonly op: "concat";
  readonly out: number;
  readonly inputs: readonly number[];
  readonly axis: number;
}

/** See `Concat`. */
export const concat: StepRecord<Concat> = {
  reads: (s) => s.inputs,
  print: (s) => `concat ${s.inputs.map((r) => `r${r}`).join(" ")} axis ${s.axis}`,
  run(s, { arrays, sizes, registers }) {
    const out = arrays[s.out]!;
    const outer = registers[s.out]!.shape.slice(0, s.axis).reduce((p, n) => p * n, 1);
    return (_, rows) => {
      let e = 0;
      for (let r = 0; r < rows; r++)
        for (let u = 0; u < outer; u++)
          for (const input of s.inputs) {
            const a = arrays[input]!;
            const width = sizes[input]! / outer;
            const from = r * sizes[input]! + u * width;
            for (let q = 0; q < width; q++) out[e++] = a[from + q]!;
          }
    };
  },
};

/** Runs a step whose element `index` is that of `a` at an offset. */
function taken(
  s: { readonly out: number; readonly a: number },
  { arrays, sizes, registers }: Tile,
  offsetOf: (index: readonly number[]) => number,
): (begin: number, rows: number) => void {
  const [out, a, size] = [arrays[s.out]!, arrays[s.a]!, sizes[s.a]!];
  const list = enumerate(registers[s.out]!.shape, offsetOf);
  return (_, rows) => {
    for (let r = 0, e = 0; r < rows; r++)
      for (let q = 0; q < list.length; q++) out[e++] = a[r * size + list[q]!]!;
  };
}
