import type { TaggedSentence } from "longspan";
import { exitCode, Failure } from "../../failure.js";
import { openTable, type Row, shown, TableError, textLines } from "../../tables/index.js";
import { ColumnsError, type ColumnsOptions, type ColumnsReader } from "./columns.js";
import { conllReader } from "./conll.js";
import { conllUReader } from "./conll-u.js";
import type { TagSettings } from "./settings.js";

/** What a file of sentences holds. */
export type TagFormat = Exclude<TagSettings["format"], "auto">;

/** Which file is read, and how. */
export type ReadOptions = Pick<TagSettings, "format" | "word" | "tag"> & {
  /** Whether each token must have a tag. */
  readonly tagged: boolean;
};

/** What a sentence of a file is, or what is wrong with it. */
export type Sentence = (TaggedSentence & { readonly at: number }) | TableError;

/**
 * The sentences of a file. After a bad one, reading goes on behind it, if whoever reads does.
 * @throws TableError if the file cannot be read; Failure if there is no such column
 */
export async function* sentencesOf(path: string, options: ReadOptions): AsyncGenerator<Sentence> {
  const format = options.format === "auto" ? await formatOf(path) : options.format;
  yield* format === "jsonl" ? fromRows(path, options) : fromColumns(path, format, options);
}

/** By the name or, where that says nothing, by the first lines. */
async function formatOf(path: string): Promise<TagFormat> {
  const name = path.toLowerCase().replace(/\.gz$/, "");
  if (name.endsWith(".conllu")) return "conllu";
  if (/\.(jsonl|ndjson)$/.test(name)) return "jsonl";
  // Standard input can be read once only.
  if (path === "-") return "conll";
  for await (const { text } of textLines(path)) {
    if (text.trim() === "") continue;
    if (text.startsWith("{")) return "jsonl";
    if (/^# (sent_id|text|newdoc|newpar|global\.columns)\b/.test(text)) return "conllu";
    return /^1(-\d+)?\t([^\t]*\t){8}[^\t]*$/.test(text) ? "conllu" : "conll";
  }
  return "conll";
}

async function* fromColumns(
  path: string,
  format: "conllu" | "conll",
  options: ColumnsOptions,
): AsyncGenerator<Sentence> {
  const reader = readerOf(format, options);
  const faultOf = (error: unknown): TableError => {
    if (!(error instanceof ColumnsError)) throw error;
    reader.skip();
    return new TableError(nameOf(path), { unit: "line", number: error.line }, error.column, error.what);
  };
  for await (const { text, at } of textLines(path)) {
    let sentence: Sentence | null;
    try {
      sentence = reader.line(text, at);
    } catch (error) {
      sentence = faultOf(error);
    }
    if (sentence !== null) yield sentence;
  }
  let last: Sentence | null;
  try {
    last = reader.end();
  } catch (error) {
    last = faultOf(error);
  }
  if (last !== null) yield last;
}

function readerOf(format: "conllu" | "conll", options: ColumnsOptions): ColumnsReader {
  try {
    return format === "conllu" ? conllUReader(options) : conllReader(options);
  } catch (error) {
    if (error instanceof RangeError) throw new Failure(error.message, exitCode.usage);
    throw error;
  }
}

async function* fromRows(path: string, { word, tag, tagged }: ReadOptions): AsyncGenerator<Sentence> {
  const bad: TableError[] = [];
  const table = await openTable(path, { format: "jsonl", onBad: (error) => void bad.push(error) });
  const [wordColumn, tagColumn] = [word === "auto" ? "tokens" : word, tag === "auto" ? "tags" : tag];
  for await (const row of table.rows()) {
    // Rows come in blocks: a bad one behind this may be known already.
    while (bad.length > 0 && bad[0]!.line! < row.at) yield bad.shift()!;
    try {
      const tokens = listIn(row, wordColumn, "token");
      const tags = tagged ? listIn(row, tagColumn, "tag") : [];
      if (tagged && tags.length !== tokens.length)
        throw row.fault(tagColumn, `${tags.length} tags for ${tokens.length} tokens; each token has one`);
      yield { tokens, tags, at: row.at };
    } catch (error) {
      if (!(error instanceof TableError)) throw error;
      yield error;
    }
  }
  yield* bad;
}

/** A list of texts that are not empty; a text is cut at white space. */
function listIn(row: Row, column: string, what: "token" | "tag"): readonly string[] {
  const value = row.value(column);
  const list = typeof value === "string" ? value.split(/\s+/u).filter((text) => text !== "") : value;
  if (list === undefined) throw row.fault(column, `nothing stands here, expected a list of ${what}s`);
  if (!Array.isArray(list)) throw row.fault(column, `${shown(list)}, expected a list of ${what}s`);
  if (list.length === 0) throw row.fault(column, `there are no ${what}s`);
  const wrong = list.findIndex((text) => typeof text !== "string" || text.trim() === "");
  if (wrong >= 0)
    throw row.fault(
      column,
      `${what} ${wrong + 1} is ${shown(list[wrong])}, expected a text that is not empty`,
    );
  return list as string[];
}

function nameOf(path: string): string {
  return path === "-" ? "standard input" : path;
}
