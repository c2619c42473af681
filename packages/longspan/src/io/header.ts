import type { Shape } from "../tensor/index.js";
import { type ElementType, eitherOf, otherTypes, readTypes } from "./element-types.js";
import { JsonReader } from "./json-reader.js";
import { quote, WeightFileError } from "./weight-file-error.js";

/** What the header says of one tensor. */
export interface HeaderEntry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  /** Its bytes in the data section: [begin, end). */
  readonly begin: number;
  readonly end: number;
  /** Where in the file the entry begins. */
  readonly offset: number;
}

/** What a header says. */
export interface Header {
  readonly entries: readonly HeaderEntry[];
  readonly metadata: Map<string, string>;
  /** Where in the file the data section begins. */
  readonly dataBegin: number;
}

/** The key under which a header holds texts rather than a tensor. */
export const metadataKey = "__metadata__";

/** Bytes of the header's length at the head of the file. */
export const lengthBytes = 8;

/** Longest header that the format allows, in bytes. */
export const longestHeader = 100_000_000;

/** Reads the header. What it says of sizes is checked by the caller. @throws WeightFileError */
export function readHeader(bytes: Uint8Array): Header {
  if (bytes.length < lengthBytes)
    throw new WeightFileError({
      offset: 0,
      expected: `${lengthBytes} bytes with the length of the header`,
      found: `a file of ${bytes.length} bytes`,
    });
  const view = new DataView(bytes.buffer, bytes.byteOffset, lengthBytes);
  // Above 2^53 this is rounded, which is no matter: it is beyond the limit.
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  const most = Math.min(bytes.length - lengthBytes, longestHeader);
  if (length > most)
    throw new WeightFileError({
      offset: 0,
      expected: `a header of at most ${most} bytes (${
        most === longestHeader ? "the format's limit" : `the file has ${bytes.length}`
      })`,
      found: `the length ${length}`,
    });
  const dataBegin = lengthBytes + length;
  const reader = new JsonReader(bytes, lengthBytes, dataBegin);
  const entries: HeaderEntry[] = [];
  const metadata = new Map<string, string>();
  reader.object((name, offset) => {
    if (name === metadataKey)
      reader.objectOrNull((key) => metadata.set(key, reader.string(`the text of metadata ${quote(key)}`)));
    else entries.push(readEntry(reader, name, offset));
  });
  reader.finish();
  return { entries, metadata, dataBegin };
}

function readEntry(reader: JsonReader, name: string, offset: number): HeaderEntry {
  reader.tensor = name;
  let type: ElementType | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  reader.object((field, at) => {
    if (field === "dtype") type = typeOf(reader, reader.string("an element type"), at);
    else if (field === "shape") shape = reader.integers();
    else if (field === "data_offsets") offsets = reader.integers();
    else reader.fail({ offset: at, expected: '"dtype", "shape" or "data_offsets"', found: quote(field) });
  });
  if (type === undefined || shape === undefined || offsets === undefined)
    return reader.fail({
      offset,
      expected: '"dtype", "shape" and "data_offsets"',
      found: `no "${type === undefined ? "dtype" : shape === undefined ? "shape" : "data_offsets"}"`,
    });
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2)
    return reader.fail({ offset, expected: "two data_offsets", found: `${offsets.length}` });
  reader.tensor = undefined;
  return { name, type, shape, begin, end, offset };
}

function typeOf(reader: JsonReader, name: string, offset: number): ElementType {
  const known = [...readTypes, ...otherTypes].find((t) => t.name === name);
  if (known) return known;
  return reader.fail({
    offset,
    expected: `the dtype ${eitherOf(readTypes)}`,
    found: `${quote(name)}, which is no element type of the format`,
  });
}
