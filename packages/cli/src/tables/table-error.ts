/** Something that is wrong in a table. The message is one line: the file, the line, the column, what was found, what was expected. */
export class TableError extends Error {
  override name = "TableError";

  constructor(
    readonly path: string,
    /** Where in the file: lines, or rows of a format without lines, counted from 1; null where it is the file as a whole. */
    readonly at: Position | null,
    readonly column: string | null,
    /** What is wrong there. */
    readonly what: string,
    options?: ErrorOptions,
  ) {
    const where = [path, ...(at ? [`${at.unit} ${at.number}`] : [])].join(", ");
    const named = column === null ? where : `${where}, column ${JSON.stringify(column)}`;
    super(`${named}: ${oneLine(what)}`, options);
  }

  /** The line of the file, or null where it is the file as a whole, or a row of a format without lines. */
  get line(): number | null {
    return this.at?.unit === "line" ? this.at.number : null;
  }
}

/** A record of a file, counted from 1. */
export interface Position {
  readonly unit: "line" | "row";
  readonly number: number;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*[\r\n]+\s*/g, " ");
}
