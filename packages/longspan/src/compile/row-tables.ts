import type { Scope, TableDecl } from "../program/index.js";

/**
 * Which rows a table leads from, and to which. The schedule of a structure builds the table from this key. `recent` says that the states
 * lie in a buffer that keeps those of a few levels.
 */
export type RowTableKey =
  /** Per node: the row that the state of an out-port is written to. */
  | { readonly rows: "port"; readonly port: number; readonly recent: boolean }
  /** Per node: the row, or the list of rows, of the states or messages that arrive at an in-port. */
  | { readonly rows: "arrivals"; readonly port: number; readonly recent: boolean }
  /** Per source: the row of its initial state among the states. */
  | { readonly rows: "sources" }
  /** Per sink: the row, or the list of rows, that its final state is read from. */
  | { readonly rows: "sinks"; readonly recent: boolean }
  /** Per edge: the row of its pushed message among the initial states and the messages. */
  | { readonly rows: "messages" }
  /** Per edge: the row of the state that its edge step reads. */
  | { readonly rows: "edgeStates" }
  /** The row of `of` that each row of `by` belongs to. */
  | { readonly rows: "parent"; readonly of: Scope; readonly by: Scope }
  /** What another table says at the row of `of` that each row of `by` belongs to. */
  | { readonly rows: "through"; readonly key: RowTableKey; readonly of: Scope; readonly by: Scope }
  /** The rows of `of` that belong to each row of `by`, or that meet it: the members of a node's own sequence. */
  | { readonly rows: "children"; readonly of: Scope; readonly by: Scope };

/** A table that a program names, with its key. */
export interface RowTableDecl extends TableDecl {
  readonly key: RowTableKey;
}

/** The name of a table in printed programs. */
export function tableName(key: RowTableKey): string {
  const capital = (s: string) => s[0]!.toUpperCase() + s.slice(1);
  const recent = (k: { readonly recent: boolean }) => (k.recent ? "Recent" : "");
  switch (key.rows) {
    case "port":
      return `port${key.port}${recent(key)}`;
    case "arrivals":
      return `arrive${key.port}${recent(key)}`;
    case "sinks":
      return `sinks${recent(key)}`;
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
