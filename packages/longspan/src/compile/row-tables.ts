import type { Scope, TableDecl } from "../program/index.js";

/** What a table of a cell's program relates. A schedule builds the table from a structure by this key. */
export type RowTableKey =
  /** The block of rows that the states leaving by an out-port are written to, by node. */
  | { readonly rows: "port"; readonly port: number }
  /** What arrives at an in-port, by node: the row of the states (or messages), or the list of rows. */
  | { readonly rows: "arrivals"; readonly port: number }
  /** Where the initial states lie among the states, by source. */
  | { readonly rows: "sources" }
  /** What a final state is read from, by sink: the row, or the list of rows. */
  | { readonly rows: "sinks" }
  /** Where messages that are pushed lie among the messages and initial ones, by edge. */
  | { readonly rows: "messages" }
  /** The state at the end that an edge step reads, by edge. */
  | { readonly rows: "edgeStates" }
  /** The row of `of` that each row of `by` belongs to. */
  | { readonly rows: "parent"; readonly of: Scope; readonly by: Scope }
  /** What another table says at the row of `of` that each row of `by` belongs to. */
  | { readonly rows: "through"; readonly key: RowTableKey; readonly of: Scope; readonly by: Scope }
  /** The rows of `of` that belong to each row of `by`, or that meet it: the members of a node's own sequence. */
  | { readonly rows: "children"; readonly of: Scope; readonly by: Scope };

/** A table that a cell's program names, and what it relates. */
export interface RowTableDecl extends TableDecl {
  readonly key: RowTableKey;
}

/** What printed programs call a table. */
export function tableName(key: RowTableKey): string {
  const capital = (s: string) => s[0]!.toUpperCase() + s.slice(1);
  switch (key.rows) {
    case "port":
      return `port${key.port}`;
    case "arrivals":
      return `arrive${key.port}`;
    case "edgeStates":
      return "edgeSource";
    case "through":
      return `${tableName(key.key)}Of${capital(key.by)}`;
    case "parent":
      return `${key.of}Of${key.by === "node" ? "" : capital(key.by)}`;
    case "children":
      return `${key.of}sOf${capital(key.by)}`;
    default:
      return key.rows;
  }
}
