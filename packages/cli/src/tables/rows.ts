import type { TableError } from "./table-error.js";

/** A record as its format gives it. */
export interface RawRow {
  /** By place of the column, or by name where records name their columns. */
  readonly values: readonly unknown[] | Readonly<Record<string, unknown>>;
  /** The line or the row of the file, counted from 1. */
  readonly at: number;
}

/** A format of tables: how its rows are read, in blocks. A record that is bad comes as its error. */
export type RowBlocks = AsyncGenerator<readonly (RawRow | TableError)[], void, undefined>;
