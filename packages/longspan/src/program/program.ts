import type { BufferDecl, TableDecl } from "./buffers.js";
import type { Instruction } from "./instructions/index.js";

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
