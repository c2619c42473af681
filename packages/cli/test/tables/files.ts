import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTable, type TableOptions } from "../../src/tables/index.js";

/** Writes a file and returns its path. */
export function fileIn(folder: string): (name: string, contents: string | Uint8Array) => string {
  return (name, contents) => {
    const path = join(folder, name);
    writeFileSync(path, contents);
    return path;
  };
}

/** The values of a table with the line of each record before them. */
export async function valuesOf(path: string, options: TableOptions = {}): Promise<unknown[][]> {
  const table = await openTable(path, options);
  const rows: unknown[][] = [];
  for await (const row of table.rows()) rows.push([row.at, ...table.columns.map((name) => row.value(name))]);
  return rows;
}

/** The message of the error that reading a table ends with, without the folder. */
export async function messageOf(path: string, options: TableOptions = {}): Promise<string> {
  try {
    const rows = await valuesOf(path, options);
    return `no error, ${rows.length} rows`;
  } catch (error) {
    const message = (error as Error).message;
    return message.replace(`${join(path, "..")}/`, "");
  }
}
