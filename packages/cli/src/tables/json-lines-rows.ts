import { nameOf } from "./blocks.js";
import type { RawRow, RowBlocks } from "./rows.js";
import { TableError } from "./table-error.js";
import { lineBlocks } from "./text-lines.js";

/** The records of a file of JSON objects, one per line. */
export async function* jsonLinesRows(path: string): RowBlocks {
  const name = nameOf(path);
  for await (const lines of lineBlocks(path)) {
    const rows: (RawRow | TableError)[] = [];
    for (const { text, at } of lines) if (text.trim() !== "") rows.push(rowOf(name, text, at));
    yield rows;
  }
}

function rowOf(name: string, text: string, at: number): RawRow | TableError {
  const fault = (what: string) => new TableError(name, { unit: "line", number: at }, null, what);
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    return fault(`not JSON: ${(error as Error).message}; each line has to be one JSON object`);
  }
  if (typeof values === "object" && values !== null && !Array.isArray(values))
    return { values: values as Record<string, unknown>, at };
  const kind = Array.isArray(values) ? "a list" : values === null ? "null" : `a ${typeof values}`;
  return fault(`${kind}, expected a JSON object such as {"text": "..."}`);
}
