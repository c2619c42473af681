import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { decodeUtf8Parts, Utf8Error } from "longspan";
import { fileReason } from "longspan/node";
import { Failure } from "../../failure.js";
import { encodingHint, otherEncoding } from "../../other-encoding.js";

/** A text file that was read once, and is read again part by part: it may be too long for one string. */
export interface TextFile {
  readonly path: string;
  /** Of the text in UTF-8, without a byte order mark, in hexadecimal digits. */
  readonly sha256: string;
  /** Code points. */
  readonly characters: number;
  /** The text, cut between characters. @throws Failure as `openText` */
  parts(): Iterable<string>;
}

/** Bytes that are read at a time. */
const usualPart = 2 ** 24;

/**
 * Reads a text file to its end.
 * @throws Failure naming the file and what is wrong with it: it cannot be read, is not UTF-8, or is empty
 */
export function openText(path: string, partBytes = usualPart): TextFile {
  const hash = createHash("sha256");
  let characters = 0;
  // What comes through a pipe cannot be read twice.
  const kept: string[] | null = reading(path, () => statSync(path)).isFile() ? null : [];
  for (const part of partsOf(path, partBytes)) {
    hash.update(part);
    characters += charactersOf(part);
    kept?.push(part);
  }
  if (characters === 0) throw new Failure(`${path} is empty`);
  return { path, sha256: hash.digest("hex"), characters, parts: () => kept ?? partsOf(path, partBytes) };
}

/** The code points of a text without lone halves of a pair. */
export function charactersOf(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at++) if ((text.charCodeAt(at) & 0xfc00) === 0xdc00) count -= 1;
  return count;
}

function* partsOf(path: string, partBytes: number): Generator<string, void, undefined> {
  const file = reading(path, () => openSync(path, "r"));
  const blocks = new Blocks(path, file, partBytes);
  try {
    yield* decodeUtf8Parts(blocks);
  } catch (error) {
    if (!(error instanceof Utf8Error)) throw error;
    const hint = encodingHint(blocks.last, blocks.begin, error.offset);
    throw new Failure(`${path}: ${error.message}${hint === null ? "" : `; ${hint}`}`);
  } finally {
    closeSync(file);
  }
}

/** The blocks of a file, one at a time in the same bytes. */
class Blocks implements Iterable<Uint8Array> {
  /** The block that was read last, and where it begins in the file. */
  last: Uint8Array = new Uint8Array(0);
  begin = 0;

  constructor(
    private readonly path: string,
    private readonly file: number,
    private readonly size: number,
  ) {}

  *[Symbol.iterator](): Generator<Uint8Array, void, undefined> {
    const bytes = new Uint8Array(this.size);
    for (;;) {
      const count = reading(this.path, () => readSync(this.file, bytes, 0, bytes.length, null));
      if (count === 0) return;
      this.begin += this.last.length;
      this.last = bytes.subarray(0, count);
      if (this.begin === 0) {
        const other = otherEncoding(this.last);
        if (other !== null) throw new Failure(`${this.path} ${other}`);
      }
      yield this.last;
    }
  }
}

function reading<T>(path: string, f: () => T): T {
  try {
    return f();
  } catch (error) {
    throw new Failure(`cannot read ${path}: ${fileReason(error)}`);
  }
}
