import { type Position, TableError } from "./table-error.js";

/** A record of a table. */
export interface Row {
  /** The line of the file where it begins, or the row of a format without lines, counted from 1. */
  readonly at: number;
  /** What stands in a column: text in a file of separated values, any value in JSON and Parquet; undefined where nothing does. */
  value(column: string): unknown;
  /** What stands in a column, as text. @throws TableError if nothing does, or no plain value */
  text(column: string): string;
  /** A number, or null where none is there: nothing, or one of NA, NaN, null, none, n/a. @throws TableError if it is something else */
  number(column: string): number | null;
  /** An error about a column of this record, or about the record. */
  fault(column: string | null, what: string): TableError;
}

/** Words for a number that is not there, besides nothing at all. */
const missing: ReadonlySet<string> = new Set(["", "na", "n/a", "nan", "null", "none"]);
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A record with access to its values. @param get what stands in a column */
export class FileRow implements Row {
  constructor(
    private readonly path: string,
    private readonly unit: Position["unit"],
    readonly at: number,
    private readonly get: (column: string) => unknown,
  ) {}

  value(column: string): unknown {
    const value = this.get(column);
    return value === null || value === "" ? undefined : value;
  }

  text(column: string): string {
    const value = this.value(column);
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    if (value === undefined) throw this.fault(column, "nothing stands here, expected a text");
    throw this.fault(column, `${shown(value)}, expected a text`);
  }

  number(column: string): number | null {
    const value = this.value(column);
    if (value === undefined) return null;
    if (typeof value === "number") {
      if (Number.isNaN(value)) return null;
      if (Number.isFinite(value)) return value;
    }
    const text = typeof value === "string" ? value.trim() : null;
    if (text !== null && decimal.test(text)) {
      const number = Number(text);
      if (Number.isFinite(number)) return number;
    }
    if (text !== null && missing.has(text.toLowerCase())) return null;
    throw this.fault(column, `${shown(value)} is no number${hintFor(text)}`);
  }

  fault(column: string | null, what: string): TableError {
    return new TableError(this.path, { unit: this.unit, number: this.at }, column, what);
  }
}

function hintFor(text: string | null): string {
  if (text !== null && /^[+-]?\d+,\d+$/.test(text)) return "; decimals are written with a point, as in 3.14";
  if (text !== null && /^[+-]?\d{1,3}([, '\u00a0\u202f]\d{3})+(\.\d+)?$/.test(text))
    return "; leave out what separates the thousands";
  return "; expected one, or nothing where it is missing";
}

/** A value in a message, cut short. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
