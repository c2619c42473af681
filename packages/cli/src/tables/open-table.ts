import { suggestion } from "longspan/node";
import { nameOf, readsAgain } from "./blocks.js";
import { checkedRows, firstOf } from "./checked-rows.js";
import { csvRows } from "./csv-rows.js";
import { jsonLinesRows } from "./json-lines-rows.js";
import { openParquet } from "./parquet-rows.js";
import { FileRow, type Row } from "./row.js";
import type { RawRow, RowBlocks } from "./rows.js";
import { TableError } from "./table-error.js";
import { formatOf, separator, type TableFormat } from "./table-format.js";

/** How a table is read. */
export interface TableOptions {
  /** By default, what the file's name says; if it says nothing, what its first bytes look like. */
  readonly format?: TableFormat;
  /** Whether the first record of a file of separated values names the columns; true by default. Otherwise they are column1, column2, ... */
  readonly header?: boolean;
  /** What separates fields; by default a tab in .tsv, otherwise what the first line has most of: a comma, a semicolon or a tab. */
  readonly delimiter?: string;
  /** Is told of each record that cannot be read, and reading goes on; by default the first such record ends it. */
  readonly onBad?: (error: TableError) => void;
}

/** A table in a file. */
export interface Table {
  /** As messages name it. */
  readonly path: string;
  readonly format: TableFormat;
  /** Their names, in order; in a file of JSON objects, those of the first one. */
  readonly columns: readonly string[];
  /** Checks that there is a column of that name. @throws TableError naming those there are */
  require(column: string): void;
  /** The records, one at a time. A file can be read again, standard input once. */
  rows(): AsyncGenerator<Row, void, undefined>;
}

/**
 * Opens a table: separated values as RFC 4180 has them, with quotes, line breaks within fields, a byte order mark; JSON objects, one per
 * line; or Parquet. Separated values and JSON may be packed with gzip. The file is read as its rows are asked for, so that it may be larger
 * than the memory.
 *
 * @param path of the file; `-` is standard input
 * @throws TableError in one line, naming the file, the line and the column: it cannot be read, is empty, or has no proper header; `rows`
 *   throws it as well: a record with more or fewer fields than the header, a misplaced quote, not UTF-8, no JSON object, damaged Parquet
 * @example
 * const table = await openTable("sales.csv");
 * table.require("amount");
 * let total = 0;
 * for await (const row of table.rows()) total += row.number("amount") ?? 0;
 */
export async function openTable(path: string, options: TableOptions = {}): Promise<Table> {
  const { header = true, delimiter, onBad } = options;
  const again = readsAgain(path);
  const format = options.format ?? formatOf(path, again);
  const file = nameOf(path);
  if (format === "parquet") {
    const { columns, rows } = await openParquet(path);
    checkNames(file, columns, null);
    return table(columns, rows, 0);
  }
  const read = () => (format === "jsonl" ? jsonLinesRows(path) : csvRows(path, separator(format, delimiter)));
  const begun = read();
  const { row: first, rest } = await firstOf(begun, file, format !== "jsonl" && header ? undefined : onBad);
  if (again) await begun.return();
  const named = format === "jsonl" ? Object.keys(first.values) : header ? trimmed(first) : numbered(first);
  if (format !== "jsonl") checkNames(file, named, header ? first.at : null);
  const rows = again ? read : once(file, rest);
  return table(named, rows, format !== "jsonl" && header ? 1 : 0);

  function table(columns: readonly string[], blocks: () => RowBlocks, skip: number): Table {
    const byName = new Map(columns.map((name, k) => [name, k]));
    const unit = format === "parquet" ? "row" : "line";
    return {
      path: file,
      format: format!,
      columns,
      require(column) {
        if (byName.has(column)) return;
        const there = columns.map((name) => JSON.stringify(name)).join(", ");
        throw new TableError(
          file,
          null,
          null,
          `there is no column ${JSON.stringify(column)}${suggestion(column, columns)}; the columns are ${there}`,
        );
      },
      async *rows() {
        let passed = 0;
        for await (const block of checkedRows(blocks(), {
          file,
          columns,
          isLoose: format === "jsonl",
          onBad,
        }))
          for (const { values, at } of block) {
            passed += 1;
            if (passed <= skip) continue;
            const get = Array.isArray(values)
              ? (column: string) => values[byName.get(column) ?? -1]
              : (column: string) =>
                  Object.hasOwn(values, column) ? (values as Record<string, unknown>)[column] : undefined;
            yield new FileRow(file, unit, at, get);
          }
      },
    };
  }
}

function once(file: string, rows: RowBlocks): () => RowBlocks {
  let isRead = false;
  return () => {
    if (isRead) throw new TableError(file, null, null, "it can be read once only");
    isRead = true;
    return rows;
  };
}

function trimmed({ values }: RawRow): string[] {
  return (values as readonly string[]).map((name) => name.trim());
}

function numbered({ values }: RawRow): string[] {
  return (values as readonly string[]).map((_, k) => `column${k + 1}`);
}

function checkNames(file: string, names: readonly string[], line: number | null): void {
  const at = line === null ? null : { unit: "line" as const, number: line };
  const alone = names.find((name) => name.includes("\r"));
  if (alone !== undefined)
    throw new TableError(file, at, null, "the lines end with lone carriage returns; save it with line feeds");
  const unnamed = names.indexOf("");
  if (unnamed >= 0) throw new TableError(file, at, null, `column ${unnamed + 1} of the header has no name`);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined)
    throw new TableError(file, at, twice, "two columns of the header have this name; rename one");
}
