import { textBlocks } from "./blocks.js";

/** A line of a text file. */
export interface TextLine {
  /** Without its end. */
  readonly text: string;
  /** Counted from 1. */
  readonly at: number;
}

const newline = 0x0a;

/**
 * The lines of a text file, one at a time: in UTF-8, without a byte order mark, with ends of LF or CR LF. What gzip packed is unpacked.
 *
 * @param path of the file; `-` is standard input
 * @throws TableError naming the file and the line: it cannot be read, or is not UTF-8
 * @example
 * for await (const { text, at } of textLines("corpus.conllu")) console.log(at, text);
 */
export async function* textLines(path: string): AsyncGenerator<TextLine, void, undefined> {
  for await (const lines of lineBlocks(path)) yield* lines;
}

/** The same, in blocks: to wait for each line takes longer than to read it. */
export async function* lineBlocks(path: string): AsyncGenerator<readonly TextLine[], void, undefined> {
  let open: Buffer[] = [];
  let at = 1;
  for await (const block of textBlocks(path)) {
    const lines: TextLine[] = [];
    let begin = 0;
    for (let end = block.indexOf(newline); end >= 0; end = block.indexOf(newline, begin)) {
      lines.push({ text: lineOf([...open, block.subarray(begin, end)]), at });
      open = [];
      begin = end + 1;
      at += 1;
    }
    if (begin < block.length) open.push(block.subarray(begin));
    if (lines.length > 0) yield lines;
  }
  if (open.length > 0) yield [{ text: lineOf(open), at }];
}

function lineOf(parts: readonly Buffer[]): string {
  const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  const text = bytes.toString("utf8");
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
