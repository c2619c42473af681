import type { BoundView } from "../bound-view.js";
import type { TableDecl, View } from "../buffers.js";
import type { Space } from "../spaces.js";
import type { ListTable, RowTable } from "../tables.js";

/** All that the system knows of one kind of instruction; what the kernels know stands in kernels/instructions, under the same name. */
export interface InstructionRecord<I> {
  /** The views with the columns that each covers: what is read in the order of reading, then `out`. */
  readonly views: (i: I) => readonly ViewUse[];
  /** What is wrong besides its views, if anything is. */
  readonly check?: (i: I, tables: readonly TableDecl[]) => string | undefined;
  /** Its text after its name and space, and further lines. */
  readonly print: (i: I, show: Show) => readonly [string, ...string[]];
  /** Work per row: a multiply-add of a product counts as two, an element of anything else as one. */
  readonly flops: (i: I) => number;
  /** Whether it counts as a product of matrices. */
  readonly isProduct?: true;
  /** How the kernels are given it. Null: in a way of its own. */
  readonly kernel: KernelFields<I> | null;
  /** The meaning: binds its views and gives what runs it over the rows [begin, end) of its space. */
  readonly run: (i: I, bind: (view: View) => BoundView) => RunRows;
}

/**
 * A view, the columns that it covers, its name in the instruction, and the space of its rows where it is not that of the
 * instruction. `listed`: lists lead to its rows, whatever their space.
 */
export type ViewUse = readonly [
  view: View,
  columns: number,
  use: string,
  rows?: Space | "listed" | undefined,
];

/** Runs an instruction over some rows. */
export type RunRows = (begin: number, end: number, tables: readonly (RowTable | ListTable)[]) => void;

/** The fields of an instruction by their part in its encoding. */
export interface KernelFields<I> {
  /** The views that are read: what kernels call `a`, `b` and `c`. */
  readonly reads: readonly (keyof I & string)[];
  /** Numbers from 0 on. */
  readonly sizes: readonly (keyof I & string)[];
  readonly flags: readonly (keyof I & string)[];
}

/** The texts of what instructions refer to. */
export interface Show {
  /** Of a view: its buffer, first column and rows. */
  view(view: View): string;
  /** Of a table: its name. */
  table(table: number): string;
}

/** The sign between a result and what it is set to or what is added to it. */
export function into(accumulate: boolean): string {
  return accumulate ? "+=" : "=";
}
