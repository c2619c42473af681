import { type CovariateConfig, collectSeries, SeriesError, type SeriesSet } from "longspan";
import { openTable, type Row, type Table, TableError } from "../../tables/index.js";
import { columnsOf, type SeriesColumns } from "./columns.js";
import type { SeriesSettings } from "./settings.js";

/** A table of time series that was read. */
export interface ReadSeries {
  readonly columns: SeriesColumns;
  readonly set: SeriesSet;
  /** What a record is called: a line, or a row. */
  readonly word: "line" | "row";
}

/**
 * Reads the time series of a table.
 * @param known what a run knows of its columns; by default they are found
 * @throws TableError in one line, by file, line and column
 */
export async function readSeries(
  path: string,
  settings: SeriesSettings,
  known: { readonly columns: SeriesColumns; readonly covariates: readonly CovariateConfig[] } | null,
): Promise<ReadSeries> {
  const table = await openTable(path, { header: settings.header === "yes" });
  const word = table.format === "parquet" ? "row" : "line";
  let columns: SeriesColumns | null = known?.columns ?? null;
  for (const name of columns === null ? [] : used(columns)) table.require(name);
  let collector: ReturnType<typeof collectSeries> | null = null;
  try {
    for await (const row of table.rows()) {
      columns ??= columnsOf(table, row, settings);
      // Another table than that of the training may have no weights.
      if (!table.columns.includes(columns.weight ?? "")) columns = { ...columns, weight: null };
      collector ??= collectSeries({
        covariates: known?.covariates ?? columns.covariates,
        steps: settings.frequency === "rows" || columns.time === null ? "rows" : "times",
        word,
      });
      addRow(collector, columns, row);
    }
    if (collector === null || columns === null)
      throw new TableError(table.path, null, null, "there is a header, and no row below it");
    return { columns, set: collector.finish(), word };
  } catch (error) {
    if (error instanceof SeriesError) throw inTable(error, table, columns!, word);
    throw error;
  }
}

function used({ id, time, targets, covariates }: SeriesColumns): string[] {
  const one = (name: string | null) => (name === null ? [] : [name]);
  return [...one(id), ...one(time), ...targets, ...covariates.map(({ name }) => name)];
}

function addRow(collector: ReturnType<typeof collectSeries>, columns: SeriesColumns, row: Row): void {
  const { id, time, targets, covariates, weight = null } = columns;
  const own: Record<string, string | number | null> = {};
  for (const { name } of covariates) own[name] = plain(row, name);
  const at = time === null ? {} : { time: row.text(time) };
  for (const target of targets) {
    const value = row.number(target);
    const name = id === null ? (targets.length === 1 ? "" : target) : row.text(id);
    collector.add(
      {
        id: name,
        ...at,
        target: value,
        covariates: own,
        ...(weight === null || value === null ? {} : { weight: weightOf(row, weight) }),
      },
      row.at,
    );
  }
}

function weightOf(row: Row, column: string): number {
  const weight = row.number(column);
  if (weight === null || weight < 0)
    throw row.fault(column, `${weight ?? "nothing"} is no weight; expected a number of at least 0`);
  return weight;
}

/** A covariate: words for what is missing are no categories. */
function plain(row: Row, name: string): string | number | null {
  const value = row.value(name);
  if (value === undefined || (typeof value === "string" && /^\s*(na|n\/a|nan|null|none)?\s*$/i.test(value)))
    return null;
  return typeof value === "number" ? value : row.text(name);
}

function inTable(
  { at, field, what }: SeriesError,
  { path }: Table,
  { time, targets }: SeriesColumns,
  unit: "line" | "row",
): TableError {
  const column = field === "time" ? time : field === "target" ? (targets[0] ?? null) : field;
  const remedy = what.endsWith("count rows as steps") ? " with --frequency rows" : "";
  return new TableError(path, at === null ? null : { unit, number: at }, column, `${what}${remedy}`);
}
