import type { RawRow, RowBlocks } from "./rows.js";
import { TableError } from "./table-error.js";

type OnBad = (error: TableError) => void;

/** Rows that have a field for each column. Empty lines are left out, or are missing values where there is one column. */
export async function* checkedRows(
  blocks: RowBlocks,
  {
    file,
    columns,
    isLoose,
    onBad,
  }: {
    readonly file: string;
    readonly columns: readonly string[];
    readonly isLoose: boolean;
    readonly onBad: OnBad | undefined;
  },
): AsyncGenerator<readonly RawRow[], void, undefined> {
  // Empty lines at the beginning and at the end of a table with one column are no values.
  let empty: RawRow[] = [];
  let isBegun = false;
  for await (const block of blocks) {
    const rows: RawRow[] = [];
    for (const found of block) {
      const row = isLoose || found instanceof TableError ? found : fitting(found);
      if (row instanceof TableError) {
        if (onBad === undefined) {
          if (rows.length > 0) yield rows;
          throw row;
        }
        onBad(row);
      } else if (row !== null) {
        rows.push(...empty, row);
        empty = [];
        isBegun = true;
      }
    }
    yield rows;
  }

  function fitting(row: RawRow): RawRow | TableError | null {
    const values = row.values as readonly unknown[];
    if (values.length === 1 && values[0] === "") {
      if (columns.length === 1 && isBegun) empty.push(row);
      return null;
    }
    if (values.length === columns.length) return row;
    const fields = values.length === 1 ? "1 field" : `${values.length} fields`;
    const names = columns.length <= 12 ? ` (${columns.join(", ")})` : "";
    const what = `${fields}, expected ${columns.length}${names}`;
    return new TableError(file, { unit: "line", number: row.at }, null, what);
  }
}

/** The first record, and all of them with it. @throws TableError if there is none, or it is bad */
export async function firstOf(
  blocks: RowBlocks,
  file: string,
  onBad: OnBad | undefined,
): Promise<{ readonly row: RawRow; readonly rest: RowBlocks }> {
  const passed: (readonly (RawRow | TableError)[])[] = [];
  for (;;) {
    const { value: block, done } = await blocks.next();
    if (done)
      throw new TableError(
        file,
        null,
        null,
        passed.length > 0 ? "there is no record in it" : "the file is empty",
      );
    passed.push(block);
    for (const row of block) {
      if (row instanceof TableError) {
        if (onBad === undefined) throw row;
      } else if (!(Array.isArray(row.values) && row.values.length === 1 && row.values[0] === "")) {
        return { row, rest: joined(passed, blocks) };
      }
    }
  }
}

async function* joined(passed: readonly (readonly (RawRow | TableError)[])[], rest: RowBlocks): RowBlocks {
  yield* passed;
  yield* rest;
}
