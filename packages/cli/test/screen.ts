import { EventEmitter } from "node:events";
import { displayWidth } from "../src/terminal-text.js";

/** A terminal that keeps what it shows: enough of one to see where lines and escapes end up. */
export class Screen extends EventEmitter {
  readonly isTTY = true;
  /** All that was written. */
  written = "";
  #rows: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(public columns: number) {
    super();
  }

  write(text: string): boolean {
    this.written += text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal reads these
    for (const [piece] of text.matchAll(/\u001b\[\??[\d;]*[A-Za-z]|./gsu)) this.#obey(piece);
    return true;
  }

  /** The text of the rows, without empty ones at the end. */
  get text(): string {
    return this.#rows
      .map((row) => row.join("").trimEnd())
      .join("\n")
      .trimEnd();
  }

  /** Where the next character goes. */
  get cursor(): { row: number; column: number } {
    return { row: this.#row, column: this.#column };
  }

  /** Changes the width as most terminals do: rows that no longer fit are broken. */
  resize(columns: number): void {
    this.columns = columns;
    const rows = this.#rows.flatMap((row) => {
      const pieces: string[][] = [];
      for (let k = 0; k === 0 || k < row.length; k += columns) pieces.push(row.slice(k, k + columns));
      return pieces;
    });
    // The cursor was at the end of the last row, and still is.
    this.#rows = rows;
    this.#row = rows.length - 1;
    this.#column = rows.at(-1)!.length;
    this.emit("resize");
  }

  #obey(piece: string): void {
    if (piece === "\r") this.#column = 0;
    else if (piece === "\n") this.#down();
    else if (piece === "\u001b[J") {
      this.#rows.length = this.#row + 1;
      this.#rows[this.#row]!.length = this.#column;
    } else if (piece === "\u001b[1A") this.#row = Math.max(0, this.#row - 1);
    else if (piece.startsWith("\u001b")) {
      if (!piece.endsWith("m")) throw new Error(`the screen does not know ${JSON.stringify(piece)}`);
    } else {
      const width = displayWidth(piece);
      if (this.#column + width > this.columns) this.#down();
      this.#rows[this.#row]![this.#column] = piece;
      if (width === 2) this.#rows[this.#row]![this.#column + 1] = "";
      this.#column += width;
    }
  }

  #down(): void {
    this.#row += 1;
    this.#column = 0;
    this.#rows[this.#row] ??= [];
  }
}
