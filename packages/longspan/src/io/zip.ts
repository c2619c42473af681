import { crc32 } from "./crc.js";
import { decodeUtf8, encodeUtf8 } from "./utf8.js";
import { quote, WeightFileError } from "./weight-file-error.js";

/** A file in a zip archive. */
export interface ZipEntry {
  /** As they lie in the archive: a view, no copy. */
  readonly bytes: Uint8Array;
  /** Where they begin in the archive. */
  readonly offset: number;
  /** Whether they are compressed, by deflate; `size` is how many they are without. */
  readonly deflated: boolean;
  readonly size: number;
}

const [endSignature, centralSignature, localSignature] = [0x06054b50, 0x02014b50, 0x04034b50];
const [endLength, centralLength, localLength] = [22, 46, 30];
/** Stands for a number that only zip64 holds. */
const beyond = 0xffffffff;

/**
 * The files of a zip archive, by name. Nothing is unpacked and no memory taken for contents.
 * @throws WeightFileError if it is none, is cut or damaged, is encrypted or in several parts, or is larger than 4 GB (zip64)
 * @example readZip(writeZip(new Map([["a.txt", new Uint8Array(3)]]))).get("a.txt")!.size // 3
 */
export function readZip(archive: Uint8Array): Map<string, ZipEntry> {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = endOf(view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (at === beyond || count === 0xffff)
    throw new WeightFileError({ offset: end, expected: "an archive of less than 4 GB", found: "zip64" });
  const entries = new Map<string, ZipEntry>();
  for (let i = 0; i < count; i++) {
    if (at + centralLength > end || view.getUint32(at, true) !== centralSignature)
      throw damaged(at, `entry ${i + 1} of ${count} in the archive's directory`);
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const [packed, size] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    const [nameLength, extraLength] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)];
    const local = view.getUint32(at + 42, true);
    const next = at + centralLength + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > end) throw damaged(at, `entry ${i + 1} of ${count} in the archive's directory`);
    const name = nameOf(archive, at + centralLength, nameLength);
    if (flags & 1)
      throw new WeightFileError({
        offset: at,
        expected: "an archive without a password",
        found: `${quote(name)}, encrypted`,
      });
    if (method !== 0 && method !== 8)
      throw new WeightFileError({
        offset: at,
        expected: "files that are stored or deflated",
        found: `${quote(name)}, method ${method}`,
      });
    if (local + localLength > archive.length || view.getUint32(local, true) !== localSignature)
      throw damaged(local, `the file ${quote(name)}`);
    const begin = local + localLength + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (begin + packed > archive.length || (method === 0 && packed !== size))
      throw new WeightFileError({
        offset: at,
        expected: `${packed} bytes for ${quote(name)} from byte ${begin} on`,
        found:
          method === 0 && packed !== size ? `a size of ${size}` : `an archive of ${archive.length} bytes`,
      });
    if (entries.has(name))
      throw new WeightFileError({ offset: at, expected: "every file once", found: `${quote(name)} again` });
    entries.set(name, {
      bytes: archive.subarray(begin, begin + packed),
      offset: begin,
      deflated: method === 8,
      size,
    });
    at = next;
  }
  return entries;
}

/**
 * Whether some bytes begin as a zip archive does.
 * @example looksLikeZip(new Uint8Array([1, 2, 3])) // false
 */
export function looksLikeZip(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/**
 * A zip archive of files that are stored as they are, each beginning at a multiple of 64 bytes.
 * @example writeZip(new Map([["a.txt", new Uint8Array(3)]])).length // 140
 */
export function writeZip(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, bytes] of files) {
    const path = encodeUtf8(name);
    // The filler is an extra field of its own, of at least its four bytes of head.
    const bare = at + localLength + path.length;
    const padding = 4 + (((-(bare + 4) % 64) + 64) % 64);
    const crc = crc32(bytes);
    const head = new DataView(new ArrayBuffer(localLength));
    head.setUint32(0, localSignature, true);
    common(head, 4, { crc, size: bytes.length, name: path.length, extra: padding });
    const extra = new DataView(new ArrayBuffer(padding));
    extra.setUint16(0, 0x4246, true);
    extra.setUint16(2, padding - 4, true);
    const central = new DataView(new ArrayBuffer(centralLength));
    central.setUint32(0, centralSignature, true);
    common(central, 6, { crc, size: bytes.length, name: path.length, extra: 0 });
    central.setUint32(42, at, true);
    directory.push(bytesOf(central), path);
    parts.push(bytesOf(head), path, bytesOf(extra), bytes);
    at = bare + padding + bytes.length;
  }
  const length = directory.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (at + length + endLength >= beyond)
    throw new RangeError("an archive of 4 GB or more, which the plain zip format does not hold");
  const end = new DataView(new ArrayBuffer(endLength));
  end.setUint32(0, endSignature, true);
  end.setUint16(8, files.size, true);
  end.setUint16(10, files.size, true);
  end.setUint32(12, length, true);
  end.setUint32(16, at, true);
  return joined([...parts, ...directory, bytesOf(end)]);
}

/** The fields that both heads of a file have, from a byte on. */
function common(
  head: DataView,
  from: number,
  of: { crc: number; size: number; name: number; extra: number },
): void {
  // The two heads differ by the version of the writer only, which comes first in one of them.
  head.setUint16(from, 20, true);
  head.setUint32(from + 10, of.crc, true);
  head.setUint32(from + 14, of.size, true);
  head.setUint32(from + 18, of.size, true);
  head.setUint16(from + 22, of.name, true);
  head.setUint16(from + 24, of.extra, true);
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Where the record at the end begins: before a comment of any length. */
function endOf(view: DataView): number {
  const last = view.byteLength - endLength;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--)
    if (
      view.getUint32(at, true) === endSignature &&
      at + endLength + view.getUint16(at + 20, true) === view.byteLength
    )
      return at;
  throw new WeightFileError({
    offset: view.byteLength,
    expected: "the end of a zip archive",
    found: "none: the file is cut, or is something else",
  });
}

function damaged(offset: number, what: string): WeightFileError {
  return new WeightFileError({ offset, expected: what, found: "something else: the file is damaged" });
}

function nameOf(archive: Uint8Array, from: number, length: number): string {
  try {
    return decodeUtf8(archive.subarray(from, from + length));
  } catch {
    throw new WeightFileError({ offset: from, expected: "a name in UTF-8", found: "other bytes" });
  }
}
