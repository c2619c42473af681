import type { TextPair } from "longspan";
import { Failure } from "../../failure.js";
import { openTable, TableError, textLines } from "../../tables/index.js";
import type { PairsSettings } from "./settings.js";

type Columns = Pick<PairsSettings, "target" | "sourceColumn" | "targetColumn">;

/**
 * The pairs of a file, or of two.
 * @throws TableError naming the file, the line and the column; Failure if there are none
 */
export async function readPairs(path: string, settings: Columns): Promise<TextPair[]> {
  const found =
    settings.target !== null
      ? await parallel(path, settings.target)
      : isTable(path)
        ? await fromTable(path, settings)
        : await fromTabs(path, settings);
  if (found.length === 0) throw new Failure(`${path} has no pairs`);
  return found;
}

function isTable(path: string): boolean {
  return /\.(csv|jsonl|ndjson|json|parquet)(\.gz)?$/i.test(path);
}

/** Two files, line by line. */
async function parallel(source: string, target: string): Promise<TextPair[]> {
  const [sources, targets] = [await linesOf(source), await linesOf(target)];
  if (sources.length !== targets.length)
    throw new Failure(
      `${source} has ${sources.length} lines and ${target} has ${targets.length}; each line of the one has its pair in the other`,
    );
  return sources.map((text, i) => {
    for (const [path, line] of [
      [source, text],
      [target, targets[i]!],
    ] as const)
      if (line.trim() === "") throw new TableError(path, { unit: "line", number: i + 1 }, null, empty);
    return { source: text, target: targets[i]! };
  });
}

async function linesOf(path: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { text } of textLines(path)) lines.push(text);
  return lines;
}

/** Columns with tabs between them, as they are: quotes are characters like others. */
async function fromTabs(path: string, { sourceColumn, targetColumn }: Columns): Promise<TextPair[]> {
  const [source, target] = [numberOf("source", sourceColumn, 1), numberOf("target", targetColumn, 2)];
  const pairs: TextPair[] = [];
  for await (const { text, at } of textLines(path)) {
    if (text.trim() === "") continue;
    const fields = text.split("\t");
    const fault = (column: number | null, what: string) =>
      new TableError(path, { unit: "line", number: at }, column === null ? null : String(column), what);
    const most = Math.max(source, target);
    if (fields.length < most)
      throw fault(
        null,
        `${fields.length} column${fields.length === 1 ? "" : "s"}, expected ${most} with a tab between them${fields.length === 1 ? "; of two files with a text a line, the second is named with --target" : ""}`,
      );
    for (const column of [source, target]) if (fields[column - 1]!.trim() === "") throw fault(column, empty);
    pairs.push({ source: fields[source - 1]!, target: fields[target - 1]! });
  }
  return pairs;
}

async function fromTable(path: string, { sourceColumn, targetColumn }: Columns): Promise<TextPair[]> {
  const table = await openTable(path);
  const named = (asked: string, usual: string): string => {
    const name =
      asked === "auto" ? usual : /^\d+$/.test(asked) ? (table.columns[Number(asked) - 1] ?? asked) : asked;
    table.require(name);
    return name;
  };
  const [source, target] = [named(sourceColumn, "source"), named(targetColumn, "target")];
  const pairs: TextPair[] = [];
  for await (const row of table.rows()) pairs.push({ source: row.text(source), target: row.text(target) });
  return pairs;
}

const empty = "is empty, expected a text";

function numberOf(setting: "source" | "target", asked: string, usual: number): number {
  if (asked === "auto") return usual;
  if (!/^[1-9]\d{0,5}$/.test(asked))
    throw new Failure(
      `--${setting}-column ${asked}: these columns have no names; give a number, from 1, or a table with a header (.csv)`,
    );
  return Number(asked);
}
