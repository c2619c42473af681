import type { DType } from "longspan";
import type { Dim } from "./dims.js";
import type { Region, Written } from "./region.js";
import type { PaddedChain } from "./scan.js";

/** A tensor that follows from a structure, with its name in the file's graph. */
export interface StructureTensor extends Written {
  /** Which pattern it has. */
  readonly pattern: PatternName;
  /** Of which sequences. */
  readonly chain: PaddedChain;
}

/** Tensors that follow from a structure of sequences of T steps, B side by side: rows are time-major, row t * B + b is step t of sequence b. */
export type PatternName = keyof typeof patterns;

interface Pattern {
  /** Numbers in it. */
  count(T: number, B: number): number;
  /** The number at i. */
  at(i: number, T: number, B: number): number;
  /** Adds it to a graph; `lengths` is int32 [batch]. */
  write(region: Region, chain: PaddedChain, lengths: string): string;
}

const rowsOf = (T: number, B: number) => T * B;
const batchOf = (_: number, B: number) => B;

/** Each with its numbers, by which it is known, and how it is formed where sequences have several lengths. */
const patterns = {
  steps: {
    count: rowsOf,
    at: (i, _, B) => Math.floor(i / B),
    write: (r, c) => flat(r, r.unsqueeze(c.steps, [1]), [c.time, c.batch]),
  },
  sequences: {
    count: rowsOf,
    at: (i, _, B) => i % B,
    write: (r, c) => flat(r, numbers(r, [c.batch]), [c.time, c.batch]),
  },
  rows: { count: rowsOf, at: (i) => i, write: (r, c) => numbers(r, [c.time, c.batch]) },
  lasts: {
    count: batchOf,
    at: (i, T, B) => (T - 1) * B + i,
    write: (r, c, lengths) => {
      const { graph } = r;
      const last = graph.op("Max", [
        graph.op("Sub", [lengths, graph.scalar(1, "int32")]),
        graph.scalar(0, "int32"),
      ]);
      const first = graph.op("Mul", [last, graph.cast(r.squeeze(r.size(c.batch), [0]), "int32")]);
      return graph.op("Add", [first, numbers(r, [c.batch])]);
    },
  },
  firsts: { count: batchOf, at: (i) => i, write: (r, c) => numbers(r, [c.batch]) },
  lengths: { count: batchOf, at: (_, T) => T, write: (_, __, lengths) => lengths },
  /** Of the rows laid sequence after sequence. */
  bySequence: {
    count: rowsOf,
    at: (i, T, B) => (i % T) * B + Math.floor(i / T),
    write: (r, c) => transposed(r, [c.time, c.batch]),
  },
  byStep: {
    count: rowsOf,
    at: (i, T, B) => (i % B) * T + Math.floor(i / B),
    write: (r, c) => transposed(r, [c.batch, c.time]),
  },
  stepsBySequence: {
    count: rowsOf,
    at: (i, T) => i % T,
    write: (r, c) => flat(r, c.steps, [c.batch, c.time]),
  },
} satisfies Record<string, Pattern>;

/** The pattern of a tensor whose numbers were seen in two runs, or null if it has none that is known. */
export function patternOf(
  seen: readonly (readonly [numbers: ArrayLike<number>, T: number, B: number])[],
): PatternName | null {
  const names = Object.keys(patterns) as PatternName[];
  return (
    names.find((name) => seen.every(([numbers, T, B]) => hasPattern(patterns[name], numbers, T, B))) ?? null
  );
}

function hasPattern({ count, at }: Pattern, numbers: ArrayLike<number>, T: number, B: number): boolean {
  if (numbers.length !== count(T, B)) return false;
  for (let i = 0; i < numbers.length; i++) if (numbers[i] !== at(i, T, B)) return false;
  return true;
}

/** Adds a tensor of a known pattern to the graph. */
export function writePattern(
  pattern: PatternName,
  shape: readonly Dim[],
  dtype: DType,
  region: Region,
  chain: PaddedChain,
  lengths: string,
): StructureTensor {
  const made = patterns[pattern].write(region, chain, lengths);
  const typed = dtype === "int32" ? made : region.graph.cast(made, dtype);
  const name = shape.length === 1 ? typed : region.reshape({ name: typed, dtype, lead: 0, shape: [] }, shape);
  return { name, dtype, lead: 0, shape, pattern, chain };
}

/** 0, 1, ... up to a product of named sizes, int32. */
function numbers({ graph, size }: Region, names: readonly string[]): string {
  const count = names.map((name) => size(name)).reduce((a, b) => graph.op("Mul", [a, b]));
  const scalar = graph.op("Squeeze", [count, graph.ints([0])]);
  return graph.cast(graph.op("Range", [graph.scalar(0, "int64"), scalar, graph.scalar(1, "int64")]), "int32");
}

/** Repeated to a table of two sizes, laid out as a line. */
function flat(region: Region, name: string, sizes: readonly string[]): string {
  const { graph } = region;
  const shape = graph.op(
    "Concat",
    sizes.map((size) => region.size(size)),
    { axis: 0 },
  );
  return graph.op("Reshape", [graph.op("Expand", [name, shape]), graph.ints([-1])]);
}

/** The row numbers of a table of two sizes, in the order of its columns. */
function transposed(region: Region, sizes: readonly string[]): string {
  const { graph } = region;
  const shape = graph.op(
    "Concat",
    sizes.map((size) => region.size(size)),
    { axis: 0 },
  );
  const table = graph.op("Reshape", [numbers(region, sizes), shape]);
  return graph.op("Reshape", [graph.op("Transpose", [table], { perm: [1, 0] }), graph.ints([-1])]);
}
