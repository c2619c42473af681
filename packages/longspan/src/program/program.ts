import type { DType } from "./dtype.js";
import type { BinaryCode, ReduceCode, UnaryCode } from "./opcodes.js";
import type { Space } from "./spaces.js";

/**
 * A program is what an executor runs: three regions of instructions over buffers.
 *
 * Rows and columns. A buffer is a matrix: `columns` elements per row, and as many rows as its space has when the
 * program is run. The program itself knows no row count, so the number of instructions depends neither on the
 * lengths nor on the size of a batch. Each instruction runs over the rows of one space; in the loop region it runs
 * over the rows of the current level only.
 */
export interface Program {
  readonly name: string;
  readonly buffers: readonly BufferDecl[];
  /** Names of the row tables that the schedule must bring, in the order of their numbers. */
  readonly tables: readonly TableDecl[];
  readonly before: readonly Instruction[];
  readonly loop: readonly Instruction[];
  readonly after: readonly Instruction[];
}

/**
 * `input` and `output` buffers are bound by the caller. `temporary` buffers live for one run. A `level` buffer holds
 * the rows of the current level only and keeps nothing from one level to the next.
 */
export type BufferRole = "input" | "output" | "temporary" | "level";

/** A buffer that a program declares: a matrix with one row per row of its space. */
export interface BufferDecl {
  readonly name: string;
  readonly dtype: DType;
  readonly space: Space;
  readonly columns: number;
  readonly role: BufferRole;
  /** The zero row and the source rows at the head of a state buffer are cleared before the run. */
  readonly clearHead?: boolean;
}

/** `map`: one row of the target space per row. `lists`: any number of rows per row, summed in list order. */
export interface TableDecl {
  readonly name: string;
  readonly kind: "map" | "lists";
}

/**
 * Which row of a buffer an instruction touches when it works on row r: row r itself (`same`), row 0 (`fixed`), or
 * what the table with that number says.
 */
export type RowMap = "same" | "fixed" | number;

/** Contiguous columns of a buffer from `offset` on, as wide as the instruction says. */
export interface View {
  readonly buffer: number;
  readonly offset: number;
  readonly rows: RowMap;
}

/** out[r, 0..n) (+)= a[r, 0..k) . B, B stored [k, n], or [n, k] if `transposeB`. Transpose: `gemm` with B flipped, and `outerSum`. */
export interface Gemm {
  readonly kind: "gemm";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly b: View;
  readonly k: number;
  readonly n: number;
  readonly transposeB: boolean;
  readonly accumulate: boolean;
}

/** out[0, (i, j)] (+)= sum over rows r of a[r, i] b[r, j]. Transpose: `gemm` with either operand. */
export interface OuterSum {
  readonly kind: "outerSum";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly b: View;
  readonly m: number;
  readonly n: number;
  readonly accumulate: boolean;
}

/** Per row r: `count` products out[m, n] (+)= op(a) . op(b) over consecutive matrices in a row. Transpose: `batchedMatmul`. */
export interface BatchedMatmul {
  readonly kind: "batchedMatmul";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly b: View;
  readonly count: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly accumulate: boolean;
}

/** out[0, c] (+)= sum over rows r of a[r, c]. Transpose: a `map` that reads a fixed row. */
export interface SumRows {
  readonly kind: "sumRows";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly columns: number;
  readonly accumulate: boolean;
}

/**
 * out[r, c] (+)= sum over the rows q in list r of a[q, c], in list order, so that results do not depend on
 * scheduling. `lists` is a table number. Transpose: `segmentSum` with the transposed lists.
 */
export interface SegmentSum {
  readonly kind: "segmentSum";
  readonly space: Space;
  readonly out: View;
  /** Read at the listed rows; its own row map must be "same". */
  readonly a: View;
  readonly lists: number;
  readonly columns: number;
  readonly accumulate: boolean;
}

/** out[r, j, :] = source[r, index[r, j], :]; an index outside [0, size) is an error. Transpose: `indexSum`. */
export interface Gather {
  readonly kind: "gather";
  readonly space: Space;
  readonly out: View;
  readonly source: View;
  readonly index: View;
  /** Indices per row. */
  readonly count: number;
  /** Rows of the source. */
  readonly size: number;
  readonly columns: number;
}

/** out[0, index[r, j], :] (+)= a[r, j, :], in row order. Transpose: `gather`. */
export interface IndexSum {
  readonly kind: "indexSum";
  readonly space: Space;
  readonly out: View;
  readonly a: View;
  readonly index: View;
  readonly count: number;
  readonly size: number;
  readonly columns: number;
  readonly accumulate: boolean;
}

/** A fused, row-local tile program. Transpose: the derived cell's own map. */
export interface MapInstruction {
  readonly kind: "map";
  readonly space: Space;
  readonly registers: readonly Register[];
  readonly code: readonly MapOp[];
}

/** One step of a program, over all rows of its space; in the loop region, over those of the current level. */
export type Instruction =
  | Gemm
  | OuterSum
  | BatchedMatmul
  | SumRows
  | SegmentSum
  | Gather
  | IndexSum
  | MapInstruction;

/** A value of one row inside a map: features of this shape, row-major. */
export interface Register {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** One step of a tile program; registers are written once. */
export type MapOp =
  | { readonly op: "load"; readonly out: number; readonly view: View }
  | { readonly op: "store"; readonly input: number; readonly view: View }
  | { readonly op: "unary"; readonly code: UnaryCode; readonly out: number; readonly a: number }
  | {
      readonly op: "binary";
      readonly code: BinaryCode;
      readonly out: number;
      readonly a: number;
      readonly b: number;
    }
  /** out = condition != 0 ? a : b. The branch not taken is never touched by arithmetic. */
  | {
      readonly op: "select";
      readonly out: number;
      readonly condition: number;
      readonly a: number;
      readonly b: number;
    }
  | { readonly op: "constant"; readonly out: number; readonly value: number }
  /** out[i] = i along `axis`. */
  | { readonly op: "iota"; readonly out: number; readonly axis: number }
  /** Broadcast to the out register's shape; axes aligned from the last. */
  | { readonly op: "expand"; readonly out: number; readonly a: number }
  /** Reduce `axes` away. `argmax` takes the first of equal maxima and needs exactly one axis. */
  | {
      readonly op: "reduce";
      readonly code: ReduceCode;
      readonly out: number;
      readonly a: number;
      readonly axes: readonly number[];
    }
  /** Same elements, another shape. */
  | { readonly op: "reshape"; readonly out: number; readonly a: number }
  | { readonly op: "permute"; readonly out: number; readonly a: number; readonly axes: readonly number[] }
  /** out = a[starts .. starts + out.shape). */
  | { readonly op: "slice"; readonly out: number; readonly a: number; readonly starts: readonly number[] }
  /** Zeros, with a placed at `starts`. */
  | { readonly op: "pad"; readonly out: number; readonly a: number; readonly starts: readonly number[] }
  | { readonly op: "concat"; readonly out: number; readonly inputs: readonly number[]; readonly axis: number }
  /** Uniform numbers in [0, 1) from Threefry-2x32: a function of (key, site, example, node, element). */
  | {
      readonly op: "uniform";
      readonly out: number;
      readonly key: number;
      readonly example: number;
      readonly node: number;
      readonly site: number;
    };
