import { isUtf8 } from "node:buffer";
import { createReadStream, type ReadStream, statSync } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { decodeUtf8, Utf8Error } from "longspan";
import { fileReason } from "longspan/node";
import { encodingHint, otherEncoding } from "../other-encoding.js";
import { Lines } from "./lines.js";
import { TableError } from "./table-error.js";

/** Bytes that are read at a time. */
const blockBytes = 2 ** 18;

/** The path that stands for standard input. */
export const standardInput = "-";

/** What a file is called in messages. */
export function nameOf(path: string): string {
  return path === standardInput ? "standard input" : path;
}

/** Whether a file can be read more than once. @throws TableError if there is no such file */
export function readsAgain(path: string): boolean {
  if (path === standardInput) return false;
  try {
    return statSync(path).isFile();
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * The blocks of a text file, in UTF-8, without a byte order mark. None ends within a character. What is packed with gzip is unpacked.
 * @param lines is told of every block before it is handed over
 * @throws TableError if it cannot be read or is not UTF-8
 */
export async function* textBlocks(
  path: string,
  lines = new Lines(),
): AsyncGenerator<Buffer, void, undefined> {
  const name = nameOf(path);
  let rest: Buffer = Buffer.alloc(0);
  let begin = 0;
  for await (const part of bytesOf(path)) {
    if (begin === 0 && rest.length === 0) {
      const other = otherEncoding(part);
      if (other !== null) throw new TableError(name, null, null, other);
    }
    const bytes = rest.length === 0 ? part : Buffer.concat([rest, part]);
    const end = bytes.length - cutShort(bytes);
    const whole = bytes.subarray(0, end);
    checkUtf8(name, whole, begin, lines);
    rest = bytes.subarray(end);
    const block = begin === 0 ? withoutMark(whole) : whole;
    begin += end;
    lines.add(block);
    if (block.length > 0) yield block;
  }
  if (rest.length > 0) checkUtf8(name, rest, begin, lines);
}

/** The bytes of a file, unpacked. @throws TableError if it cannot be read */
async function* bytesOf(path: string): AsyncGenerator<Buffer, void, undefined> {
  const source: Readable =
    path === standardInput ? process.stdin : createReadStream(path, { highWaterMark: blockBytes });
  try {
    const parts = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const { value: first, done } = await parts.next();
    if (done) return;
    const all = Readable.from(withFirst(first, parts));
    const isPacked = first[0] === 0x1f && first[1] === 0x8b;
    const unpacked = isPacked ? pipeline(all, createGunzip({ chunkSize: blockBytes }), () => {}) : all;
    for await (const part of unpacked) yield part as Buffer;
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    if (path !== standardInput) (source as ReadStream).destroy();
  }
}

async function* withFirst(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (;;) {
    const { value, done } = await rest.next();
    if (done) return;
    yield value;
  }
}

/** An error of the system, or of what unpacks, about a file. */
export function unreadable(path: string, error: unknown): TableError {
  const { code } = error as { code?: unknown };
  const isPacking = typeof code === "string" && code.startsWith("Z_");
  const reason = isPacking
    ? `what gzip packed is damaged or cut short: ${fileReason(error)}`
    : fileReason(error);
  return new TableError(nameOf(path), null, null, `cannot be read: ${reason}`, { cause: error });
}

function checkUtf8(name: string, bytes: Buffer, begin: number, lines: Lines): void {
  if (isUtf8(bytes)) return;
  try {
    decodeUtf8(bytes);
  } catch (error) {
    if (!(error instanceof Utf8Error)) throw error;
    const line = lines.count + breaksIn(bytes.subarray(0, error.offset));
    const hint = encodingHint(bytes, begin, begin + error.offset);
    throw new TableError(
      name,
      { unit: "line", number: line },
      null,
      `not UTF-8: byte ${begin + error.offset}: ${error.reason}${hint === null ? "" : `; ${hint}`}`,
    );
  }
}

function breaksIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count += 1;
  return count;
}

/** Bytes at the end that begin a character and do not end it. */
function cutShort(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue; // goes on with a character
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
