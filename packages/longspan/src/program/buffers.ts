import type { DType } from "./dtype.js";
import type { Space } from "./spaces.js";

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
