import { closeSync, openSync, readSync } from "node:fs";
import { unreadable } from "./blocks.js";

/** The formats that tables are read in. */
export const tableFormats = ["csv", "tsv", "jsonl", "parquet"] as const;

/** A format of tables. */
export type TableFormat = (typeof tableFormats)[number];

/** What separates the fields of a format; undefined where the first line tells. */
export function separator(format: TableFormat, delimiter: string | undefined): string | undefined {
  return delimiter ?? (format === "tsv" ? "\t" : undefined);
}

/** The format of a file, by its name or its first bytes. @param again whether it is a file that can be read again */
export function formatOf(path: string, again: boolean): TableFormat {
  const [, ending] = /\.(\w+)(?:\.gz)?$/.exec(path.toLowerCase()) ?? [];
  const byName: Record<string, TableFormat> = {
    csv: "csv",
    tsv: "tsv",
    tab: "tsv",
    jsonl: "jsonl",
    ndjson: "jsonl",
    parquet: "parquet",
  };
  const named = ending === undefined ? undefined : byName[ending];
  if (named !== undefined) return named;
  if (!again) return "csv";
  const head = headOf(path);
  if (head.startsWith("PAR1")) return "parquet";
  return /^\ufeff?\s*\{/.test(head) ? "jsonl" : "csv";
}

function headOf(path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(64);
      return bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}
