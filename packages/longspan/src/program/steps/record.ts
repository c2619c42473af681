import type { BoundView } from "../bound-view.js";
import type { View } from "../buffers.js";
import type { DType, TypedArray } from "../dtype.js";
import type { Show } from "../instructions/record.js";

/** A value of one row inside a map: features of this shape, row-major. */
export interface Register {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** All that programs know of one kind of map operation; how the kernels are given it, the lowering to them says. */
export interface StepRecord<S> {
  /** The registers that it reads. */
  readonly reads: (step: S) => readonly number[];
  /** What is wrong with its registers, if anything is. */
  readonly check?: (step: S, registers: readonly Register[]) => string | undefined;
  /** Its text after its result. */
  readonly print: (step: S, show: Show) => string;
  /** The meaning: what runs it over some rows of its space, of which the tile holds the registers. */
  readonly run: (step: S, tile: Tile) => (begin: number, rows: number) => void;
}

/** The registers of a map for a number of rows: element e of row r of register q is `arrays[q][r * sizes[q] + e]`. */
export interface Tile {
  readonly registers: readonly Register[];
  /** Elements per row. */
  readonly sizes: readonly number[];
  readonly arrays: readonly TypedArray[];
  /** Finds a view in memory. */
  readonly bind: (view: View) => BoundView;
}
