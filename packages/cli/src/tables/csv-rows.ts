import { type CsvError, type Parser, parse } from "csv-parse";
import { nameOf, textBlocks } from "./blocks.js";
import { Lines } from "./lines.js";
import type { RawRow, RowBlocks } from "./rows.js";
import { TableError } from "./table-error.js";

/** Bytes of a record from which a quote that is never closed is more likely than a record. */
const longest = 2 ** 24;

/** The records of a file of separated values (RFC 4180), the header among them. After one with a misplaced quote, the next line is read. */
export async function* csvRows(path: string, delimiter: string | undefined): RowBlocks {
  const lines = new Lines();
  let reader: RecordReader | null = null;
  for await (const block of textBlocks(path, lines)) {
    reader ??= new RecordReader(nameOf(path), delimiter ?? delimiterOf(block), lines);
    yield await reader.read(block);
  }
  if (reader !== null) yield await reader.read(null);
}

/** What separates the fields: what the first line has most of. */
function delimiterOf(head: Buffer): string {
  const first = head
    .toString("utf8")
    .replace(/"[^"]*"/g, "")
    .split("\n", 1)[0]!;
  const count = (delimiter: string) => first.split(delimiter).length;
  return [",", ";", "\t"].reduce((best, other) => (count(other) > count(best) ? other : best));
}

/** Reads records with csv-parse, which is begun anew after a record that it cannot read. */
class RecordReader {
  private parser: Parser;
  private found: (RawRow | TableError)[] = [];
  /** Bytes that came before what the parser was given. */
  private begin = 0;
  /** Bytes from the first record on that is not read to its end. */
  private held: Buffer = Buffer.alloc(0);
  private heldFrom = 0;
  private wake: (fault: CsvError | null) => void = () => {};

  constructor(
    private readonly name: string,
    private readonly delimiter: string,
    private readonly lines: Lines,
  ) {
    this.parser = this.fresh(0);
  }

  /** The records that end in a block; null is the end of the file. */
  async read(block: Buffer | null): Promise<readonly (RawRow | TableError)[]> {
    this.held =
      block === null ? this.held : this.held.length === 0 ? block : Buffer.concat([this.held, block]);
    let fault = await this.feed(block);
    while (fault !== null) {
      const next = this.afterFault(fault);
      fault = next.length === 0 ? null : await this.feed(next);
      if (fault === null && block === null) fault = await this.feed(null);
    }
    const found = this.found;
    this.found = [];
    return found;
  }

  private feed(block: Buffer | null): Promise<CsvError | null> {
    return new Promise((resolve) => {
      this.wake = resolve;
      // An error is told by one way or the other.
      const settle = (error?: Error | null) => resolve((error ?? null) as CsvError | null);
      if (block === null) this.parser.end(settle);
      else this.parser.write(block, settle);
    });
  }

  /** What a record that cannot be read is told as. Returns the bytes from the next line on. */
  private afterFault(fault: CsvError): Buffer {
    const { bytes, code } = fault as CsvError & { bytes: number };
    const at = this.begin + bytes;
    const whole = code === "CSV_QUOTE_NOT_CLOSED" || code === "CSV_MAX_RECORD_SIZE";
    this.found.push(this.fault(this.lines.at(at), fault));
    const end = whole ? -1 : this.held.indexOf(0x0a, at - this.heldFrom);
    const from = end < 0 ? this.heldFrom + this.held.length : this.heldFrom + end + 1;
    this.parser = this.fresh(from);
    this.hold(from);
    return this.held;
  }

  private fault(line: number, { code, message }: CsvError): TableError {
    return new TableError(this.name, { unit: "line", number: line }, null, reasons[code] ?? message);
  }

  private hold(from: number): void {
    this.held = this.held.subarray(from - this.heldFrom);
    this.heldFrom = from;
  }

  private fresh(begin: number): Parser {
    this.begin = begin;
    let isOver = false;
    const parser = parse({
      delimiter: this.delimiter,
      record_delimiter: ["\n", "\r\n"],
      relax_column_count: true,
      max_record_size: longest,
      on_record: (values: string[], { bytes }) => {
        if (isOver) return null;
        this.hold(begin + bytes);
        // The line in which it ends, less those within its fields.
        const end = this.lines.at(begin + bytes - 1);
        this.found.push({ values, at: end - values.reduce((n, value) => n + breaksIn(value), 0) });
        return null;
      },
    });
    parser.on("error", (error) => {
      isOver = true;
      this.wake(error as CsvError);
    });
    return parser.resume();
  }
}

function breaksIn(value: string): number {
  let count = 0;
  for (let at = value.indexOf("\n"); at >= 0; at = value.indexOf("\n", at + 1)) count += 1;
  return count;
}

const reasons: Readonly<Partial<Record<CsvError["code"], string>>> = {
  CSV_QUOTE_NOT_CLOSED:
    "a quote is opened and never closed; close it, or double it if it is part of the text",
  CSV_INVALID_CLOSING_QUOTE:
    'text follows a closing quote; a quote within a quoted field is doubled, as in "the ""first"" one"',
  INVALID_OPENING_QUOTE:
    "a quote stands within a field that does not begin with one; quote the whole field, and double the quotes within it",
  CSV_MAX_RECORD_SIZE: "a record of more than 16 MiB begins here: a quote that is never closed?",
};
