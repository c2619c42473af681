import { InputError, numbersIn } from "longspan";
import { openTable, type Row, type Table, type TableOptions } from "../../tables/index.js";
import type { RawSequence, SequenceColumns } from "./raw-sequence.js";

/** The column of texts, and that of lists of numbers, where none is named. */
const usualInputs = ["text", "values"];

/** The sequences of a table: one a row, or one a step. @throws TableError naming the file, the line and the column */
export async function* tableSequences(
  path: string,
  columns: SequenceColumns,
  options: TableOptions = {},
): AsyncGenerator<RawSequence, void, undefined> {
  const table = await openTable(path, options);
  for (const column of [columns.label, columns.id, columns.weight, columns.input])
    if (column !== null) table.require(column);
  if (columns.id !== null) return yield* perStep(table, { ...columns, id: columns.id });
  const input = columns.input ?? usualInputs.find((name) => table.columns.includes(name)) ?? null;
  const others = table.columns.filter((name) => !columns.ignored.includes(name));
  for await (const row of table.rows()) {
    const common = {
      label: columns.label === null ? null : row.text(columns.label),
      weight: weightOf(row, columns.weight),
      at: row.at,
      fault: (what: string, column?: string) => row.fault(column ?? input, what),
    };
    if (input === null)
      yield {
        ...common,
        content: Float64Array.from(others, (name) => row.number(name) ?? Number.NaN),
        columns: ["value"],
        column: null,
        steps: others,
      };
    else yield { ...common, ...contentOf(row, input), column: input };
  }
}

function contentOf(row: Row, input: string): Pick<RawSequence, "content" | "columns"> {
  const value = row.value(input);
  if (!Array.isArray(value)) return { content: value === undefined ? "" : row.text(input), columns: [] };
  try {
    const { values, width } = numbersIn(value, null, input);
    return { content: values, columns: featureNames(width) };
  } catch (error) {
    if (error instanceof InputError) throw row.fault(null, error.message);
    throw error;
  }
}

/** Names of features that have none. */
export function featureNames(width: number): string[] {
  return Array.from({ length: width }, (_, i) => `feature ${i + 1}`);
}

/** How much an example counts: 1 where no column says it. */
function weightOf(row: Row, column: string | null): number {
  if (column === null) return 1;
  const weight = row.number(column);
  if (weight === null) throw row.fault(column, "the weight is missing; expected a number of at least 0");
  if (weight < 0) throw row.fault(column, `${weight} is below 0; a weight is a number of at least 0`);
  return weight;
}

/** Rows that follow each other and have one id are the steps of a sequence. */
async function* perStep(
  table: Table,
  { id, label, weight, input, ignored }: SequenceColumns & { readonly id: string },
): AsyncGenerator<RawSequence, void, undefined> {
  const names = input === null ? table.columns.filter((name) => !ignored.includes(name)) : [input];
  const seen = new Map<string, number>();
  let open: { readonly id: string; readonly first: Row; readonly values: number[] } | null = null;
  const closed = (): RawSequence => {
    const { first, values } = open!;
    return {
      content: Float64Array.from(values),
      columns: names,
      column: "values",
      label: label === null ? null : first.text(label),
      weight: weightOf(first, weight),
      at: first.at,
      fault: (what, column) => first.fault(column ?? null, what),
    };
  };
  for await (const row of table.rows()) {
    const own = row.text(id);
    if (open === null || open.id !== own) {
      if (open !== null) yield closed();
      const before = seen.get(own);
      if (before !== undefined)
        throw row.fault(
          id,
          `the sequence ${JSON.stringify(own)} began in line ${before} and ended before this; rows of a sequence follow each other`,
        );
      seen.set(own, row.at);
      open = { id: own, first: row, values: [] };
    } else if (label !== null && row.text(label) !== open.first.text(label))
      throw row.fault(
        label,
        `the sequence ${JSON.stringify(own)} has the label ${JSON.stringify(open.first.text(label))} in line ${open.first.at}; a sequence has one`,
      );
    for (const name of names) open.values.push(row.number(name) ?? Number.NaN);
  }
  if (open !== null) yield closed();
}
