import {
  type MapInstruction,
  type MapOp,
  newArray,
  type TypedArray,
  threefry2x32,
} from "../../program/index.js";
import { binary, unary } from "./elementwise.js";
import type { Operand } from "./operand.js";

/** Elements that all registers of a tile may take together: 256 KiB of float32, about what a core's L2 leaves free. */
const tileElements = 65536;

/** A map instruction ready to run: registers allocated once, index lists of movements worked out once. */
export class MapKernel {
  private readonly arrays: TypedArray[];
  private readonly sizes: number[];
  private readonly tileRows: number;
  private readonly movements: (Int32Array | undefined)[];
  private readonly scratch: Scratch;

  constructor(
    readonly instruction: MapInstruction,
    /** For each code index that is a load or a store, its operand. */
    private readonly operands: readonly (Operand | undefined)[],
  ) {
    this.sizes = instruction.registers.map((r) => r.shape.reduce((p, n) => p * n, 1));
    const total = this.sizes.reduce((p, n) => p + n, 0);
    this.tileRows = Math.max(1, Math.min(512, Math.floor(tileElements / Math.max(1, total))));
    this.arrays = instruction.registers.map((r, i) => newArray(r.dtype, this.sizes[i]! * this.tileRows));
    this.movements = instruction.code.map((op) => movement(instruction, op));
    let reduced = 0;
    for (const op of instruction.code)
      if (op.op === "reduce") reduced = Math.max(reduced, this.sizes[op.out]!);
    this.scratch = {
      sums: new Float64Array(reduced),
      places: new Int32Array(reduced),
      seen: new Int32Array(reduced),
    };
  }

  run(begin: number, end: number): void {
    for (let r = begin; r < end; r += this.tileRows) this.runTile(r, Math.min(this.tileRows, end - r));
  }

  private runTile(begin: number, rows: number): void {
    const { code, registers } = this.instruction;
    const arrays = this.arrays;
    const sizes = this.sizes;
    for (let i = 0; i < code.length; i++) {
      const op = code[i]!;
      switch (op.op) {
        case "load":
          load(arrays[op.out]!, this.operands[i]!, sizes[op.out]!, begin, rows);
          break;
        case "store":
          store(arrays[op.input]!, this.operands[i]!, sizes[op.input]!, begin, rows);
          break;
        case "unary":
          unary(op.code, arrays[op.out]!, arrays[op.a]!, rows * sizes[op.out]!);
          break;
        case "binary":
          binary(op.code, arrays[op.out]!, arrays[op.a]!, arrays[op.b]!, rows * sizes[op.out]!);
          break;
        case "select": {
          const [o, c, a, b] = [arrays[op.out]!, arrays[op.condition]!, arrays[op.a]!, arrays[op.b]!];
          for (let e = 0, n = rows * sizes[op.out]!; e < n; e++) o[e] = c[e]! !== 0 ? a[e]! : b[e]!;
          break;
        }
        case "constant":
          arrays[op.out]!.fill(op.value, 0, rows * sizes[op.out]!);
          break;
        case "reshape":
          copy(arrays[op.out]!, arrays[op.a]!, rows * sizes[op.out]!);
          break;
        case "iota": {
          const list = this.movements[i]!;
          const o = arrays[op.out]!;
          for (let r = 0, e = 0; r < rows; r++) for (let q = 0; q < list.length; q++) o[e++] = list[q]!;
          break;
        }
        case "expand":
        case "permute":
        case "slice":
          move(arrays[op.out]!, arrays[op.a]!, this.movements[i]!, sizes[op.a]!, rows);
          break;
        case "pad": {
          const list = this.movements[i]!;
          const o = arrays[op.out]!;
          const a = arrays[op.a]!;
          o.fill(0, 0, rows * sizes[op.out]!);
          for (let r = 0, e = 0; r < rows; r++) {
            const to = r * sizes[op.out]!;
            for (let q = 0; q < list.length; q++) o[to + list[q]!] = a[e++]!;
          }
          break;
        }
        case "concat":
          concat(op, arrays, sizes, registers[op.out]!.shape, rows);
          break;
        case "reduce":
          reduce(
            op.code,
            arrays[op.out]!,
            arrays[op.a]!,
            this.movements[i]!,
            sizes[op.out]!,
            sizes[op.a]!,
            rows,
            this.scratch,
          );
          break;
        case "uniform":
          uniform(
            op.site,
            arrays[op.out]!,
            arrays[op.key]!,
            arrays[op.example]!,
            arrays[op.node]!,
            sizes[op.out]!,
            rows,
          );
          break;
      }
    }
  }
}

function load(out: TypedArray, from: Operand, size: number, begin: number, rows: number): void {
  const src = from.array;
  if (from.index === null && from.stride === size) {
    const at = from.base + begin * size;
    for (let e = 0, n = rows * size; e < n; e++) out[e] = src[at + e]!;
    return;
  }
  for (let r = 0, e = 0; r < rows; r++) {
    const at = from.at(begin + r);
    for (let q = 0; q < size; q++) out[e++] = src[at + q]!;
  }
}

function store(input: TypedArray, to: Operand, size: number, begin: number, rows: number): void {
  const dst = to.array;
  for (let r = 0, e = 0; r < rows; r++) {
    const at = to.at(begin + r);
    for (let q = 0; q < size; q++) dst[at + q] = input[e++]!;
  }
}

function copy(out: TypedArray, a: TypedArray, n: number): void {
  for (let e = 0; e < n; e++) out[e] = a[e]!;
}

function move(o: TypedArray, a: TypedArray, list: Int32Array, sizeA: number, rows: number): void {
  const n = list.length;
  for (let r = 0, e = 0; r < rows; r++) {
    const from = r * sizeA;
    for (let q = 0; q < n; q++) o[e++] = a[from + list[q]!]!;
  }
}

function concat(
  op: MapOp & { op: "concat" },
  arrays: readonly TypedArray[],
  sizes: readonly number[],
  shape: readonly number[],
  rows: number,
): void {
  const out = arrays[op.out]!;
  const outer = shape.slice(0, op.axis).reduce((p, n) => p * n, 1);
  let e = 0;
  for (let r = 0; r < rows; r++) {
    for (let u = 0; u < outer; u++) {
      for (const input of op.inputs) {
        const width = sizes[input]! / outer;
        const from = r * sizes[input]! + u * width;
        const a = arrays[input]!;
        for (let q = 0; q < width; q++) out[e++] = a[from + q]!;
      }
    }
  }
}

/** Room for one row of the largest reduction: running sums or maxima, where they are, and elements seen so far. */
interface Scratch {
  readonly sums: Float64Array;
  readonly places: Int32Array;
  readonly seen: Int32Array;
}

/** `targets[q]` is the place in the result to which element q of a row belongs. Elements are taken in row-major order. */
function reduce(
  code: "sum" | "max" | "argmax",
  out: TypedArray,
  a: TypedArray,
  targets: Int32Array,
  sizeOut: number,
  sizeA: number,
  rows: number,
  scratch: Scratch,
): void {
  const { sums, places, seen } = scratch;
  for (let r = 0; r < rows; r++) {
    const from = r * sizeA;
    const to = r * sizeOut;
    if (code === "sum") {
      sums.fill(0, 0, sizeOut);
      for (let q = 0; q < sizeA; q++) sums[targets[q]!]! += a[from + q]!;
      for (let q = 0; q < sizeOut; q++) out[to + q] = sums[q]!;
    } else if (code === "max") {
      sums.fill(Number.NEGATIVE_INFINITY, 0, sizeOut);
      for (let q = 0; q < sizeA; q++) sums[targets[q]!] = Math.max(sums[targets[q]!]!, a[from + q]!);
      for (let q = 0; q < sizeOut; q++) out[to + q] = sums[q]!;
    } else {
      sums.fill(Number.NEGATIVE_INFINITY, 0, sizeOut);
      places.fill(0, 0, sizeOut);
      seen.fill(0, 0, sizeOut);
      for (let q = 0; q < sizeA; q++) {
        const t = targets[q]!;
        if (a[from + q]! > sums[t]!) {
          sums[t] = a[from + q]!;
          places[t] = seen[t]!;
        }
        seen[t]! += 1;
      }
      for (let q = 0; q < sizeOut; q++) out[to + q] = places[q]!;
    }
  }
}

const words = new Int32Array(2);

function uniform(
  site: number,
  out: TypedArray,
  key: TypedArray,
  example: TypedArray,
  node: TypedArray,
  size: number,
  rows: number,
): void {
  for (let r = 0, e = 0; r < rows; r++) {
    threefry2x32(key[2 * r]!, key[2 * r + 1]!, site, example[r]!, words, 0);
    const k0 = words[0]!;
    const k1 = words[1]!;
    for (let q = 0; q < size; q++) {
      threefry2x32(k0, k1, node[r]!, q, words, 0);
      const high = words[0]! >>> 0;
      out[e++] =
        out instanceof Float32Array
          ? (high >>> 8) * 2 ** -24
          : ((high >>> 5) * 2 ** 26 + ((words[1]! >>> 0) >>> 6)) * 2 ** -53;
    }
  }
}

/** The index list of a movement: for each element of the result (of the input, for pad and reduce) its counterpart. */
function movement(map: MapInstruction, op: MapOp): Int32Array | undefined {
  const shapeOf = (r: number) => map.registers[r]!.shape;
  switch (op.op) {
    case "iota":
      return enumerate(shapeOf(op.out), (ix) => ix[op.axis]!);
    case "expand": {
      const from = shapeOf(op.a);
      const lead = shapeOf(op.out).length - from.length;
      const strides = rowMajor(from);
      return enumerate(shapeOf(op.out), (ix) =>
        from.reduce((p, n, d) => p + (n === 1 ? 0 : ix[lead + d]! * strides[d]!), 0),
      );
    }
    case "permute": {
      const strides = rowMajor(shapeOf(op.a));
      return enumerate(shapeOf(op.out), (ix) =>
        op.axes.reduce((p, axis, d) => p + ix[d]! * strides[axis]!, 0),
      );
    }
    case "slice": {
      const strides = rowMajor(shapeOf(op.a));
      return enumerate(shapeOf(op.out), (ix) =>
        ix.reduce((p, x, d) => p + (x + op.starts[d]!) * strides[d]!, 0),
      );
    }
    case "pad": {
      const strides = rowMajor(shapeOf(op.out));
      return enumerate(shapeOf(op.a), (ix) =>
        ix.reduce((p, x, d) => p + (x + op.starts[d]!) * strides[d]!, 0),
      );
    }
    case "reduce": {
      const kept = shapeOf(op.a)
        .map((_, d) => d)
        .filter((d) => !op.axes.includes(d));
      const strides = rowMajor(shapeOf(op.out));
      return enumerate(shapeOf(op.a), (ix) => kept.reduce((p, d, q) => p + ix[d]! * strides[q]!, 0));
    }
    default:
      return undefined;
  }
}

function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
}

function enumerate(shape: readonly number[], f: (index: readonly number[]) => number): Int32Array {
  const size = shape.reduce((p, n) => p * n, 1);
  const list = new Int32Array(size);
  const index = new Array<number>(shape.length).fill(0);
  for (let e = 0; e < size; e++) {
    list[e] = f(index);
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d]! += 1;
      if (index[d]! < shape[d]!) break;
      index[d] = 0;
    }
  }
  return list;
}
