import { nameOf } from "../tables/blocks.js";
import { openTable, TableError } from "../tables/index.js";
import { lineBlocks } from "../tables/text-lines.js";
import type { Input } from "./inputs.js";

/** How inputs are written down. */
export type InputFormat = "lines" | "jsonl" | "csv" | "tsv" | "parquet";

/** What the name of a file says of its format; undefined if it says nothing. */
export function formatByName(path: string): InputFormat | undefined {
  const [, ending] = /\.(\w+)(?:\.gz)?$/.exec(path.toLowerCase()) ?? [];
  const byName: Record<string, InputFormat> = {
    csv: "csv",
    tsv: "tsv",
    tab: "tsv",
    jsonl: "jsonl",
    ndjson: "jsonl",
    parquet: "parquet",
  };
  return byName[ending ?? ""];
}

/**
 * Inputs from a file or from standard input, as many at a time as are there, so that a pipe is answered as it is written to. Blank lines are
 * passed over.
 * @param columns of a table that are handed on
 */
export function inputBlocks(path: string, format: InputFormat): AsyncIterable<readonly Input[]> {
  return format === "lines" || format === "jsonl" ? ofLines(path, format) : ofTable(path, format);
}

async function* ofLines(path: string, format: "lines" | "jsonl"): AsyncGenerator<readonly Input[]> {
  const name = nameOf(path);
  for await (const lines of lineBlocks(path))
    yield lines
      .filter(({ text }) => text.trim() !== "")
      .map(({ text, at }) => (format === "lines" ? { line: at, value: text } : jsonInput(name, text, at)));
}

function jsonInput(name: string, text: string, line: number): Input {
  try {
    return { line, value: JSON.parse(text) };
  } catch (error) {
    const { message } = error as Error;
    const [, position] = / at position (\d+)/.exec(message) ?? [];
    const column = position === undefined ? "" : `, column ${Number(position) + 1}`;
    return { line, problem: new Error(`${name}, line ${line}${column}: not JSON: ${message}`) };
  }
}

async function* ofTable(path: string, format: "csv" | "tsv" | "parquet"): AsyncGenerator<readonly Input[]> {
  const bad: Input[] = [];
  const onBad = (problem: TableError) => bad.push({ line: problem.at?.number ?? 0, problem });
  const table = await openTable(path, { format, onBad });
  for await (const row of table.rows()) {
    const record = Object.fromEntries(
      table.columns.map((column) => [column, row.value(column) ?? null] as const),
    );
    yield [...bad.splice(0), { line: row.at, value: record }];
  }
  if (bad.length > 0) yield bad;
}

/** Inputs that come one by one, as blocks. */
export async function* inBlocks(inputs: AsyncIterable<Input>): AsyncGenerator<readonly Input[]> {
  const iterator = inputs[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<Input>;
    try {
      next = await iterator.next();
    } catch (error) {
      if (!(error instanceof TableError)) throw error;
      yield [{ line: error.at?.number ?? 0, problem: error }];
      return;
    }
    if (next.done) return;
    yield [next.value];
  }
}
