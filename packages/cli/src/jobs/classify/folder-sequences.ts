import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { decodeUtf8, InputError, numbersIn, Utf8Error } from "longspan";
import { fileReason } from "longspan/node";
import { Failure } from "../../failure.js";
import { openTable } from "../../tables/index.js";
import type { RawSequence } from "./raw-sequence.js";
import { featureNames } from "./table-sequences.js";

const endings = ".txt for a text, .json for a list of numbers or of rows, .csv or .tsv for a row per step";

/**
 * The sequences of a folder: each file one, in a folder named after its class; where no classes are asked for, in whatever folder.
 * @throws Failure, or TableError, naming the file
 */
export async function* folderSequences(
  path: string,
  labelled: boolean,
): AsyncGenerator<RawSequence, void, undefined> {
  const folders = entriesOf(path);
  if (labelled && folders.some((name) => !isFolder(join(path, name))))
    throw new Failure(
      `${path}: ${folders.find((name) => !isFolder(join(path, name)))} lies beside the folders of the classes; expected a folder for each class and nothing else`,
    );
  for (const name of folders) {
    const at = join(path, name);
    if (isFolder(at)) for (const file of entriesOf(at)) yield await sequenceIn(join(at, file), name);
    else yield await sequenceIn(at, null);
  }
}

function entriesOf(path: string): string[] {
  return readdirSync(path)
    .filter((name) => !name.startsWith("."))
    .sort();
}

function isFolder(path: string): boolean {
  return statSync(path).isDirectory();
}

async function sequenceIn(path: string, label: string | null): Promise<RawSequence> {
  const fault = (what: string) => new Failure(`${path}: ${what}`);
  const common = { label, weight: 1, at: 1, fault };
  const ending = extname(path).toLowerCase();
  if (ending === ".csv" || ending === ".tsv") {
    const table = await openTable(path);
    const values: number[] = [];
    for await (const row of table.rows())
      for (const column of table.columns) values.push(row.number(column) ?? Number.NaN);
    if (values.length === 0) throw fault("it has no rows; a sequence has one step at least");
    return { ...common, content: Float64Array.from(values), columns: table.columns, column: "values" };
  }
  const text = textOf(path);
  if (ending === ".txt") return { ...common, content: text, columns: [], column: "text" };
  if (ending !== ".json") throw fault(`a file of a sequence ends in ${endings}`);
  try {
    const { values, width } = numbersIn(JSON.parse(text), null);
    return { ...common, content: values, columns: featureNames(width), column: "values" };
  } catch (error) {
    if (error instanceof InputError || error instanceof SyntaxError) throw fault(error.message);
    throw error;
  }
}

function textOf(path: string): string {
  try {
    return decodeUtf8(readFileSync(path));
  } catch (error) {
    if (error instanceof Utf8Error) throw new Failure(`${path}: ${error.message}`);
    throw new Failure(`cannot read ${path}: ${fileReason(error)}`);
  }
}
