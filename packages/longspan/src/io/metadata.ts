import { crc32 } from "./crc.js";
import { type HeaderEntry, lengthBytes, longestHeader, metadataKey, readHeader } from "./header.js";
import { encodeUtf8 } from "./utf8.js";

/** The texts that a safetensors file holds beside its tensors, with a checksum of all that it says. */
export interface FileMetadata {
  readonly metadata: ReadonlyMap<string, string>;
  /** CRC-32 of the header, written in one way, without the text named, and of the tensors' bytes; 8 hexadecimal digits. */
  checksumWithout(name: string): string;
}

/** The texts of a safetensors file; its tensors are not read. @throws WeightFileError if its header cannot be read */
export function readMetadata(file: Uint8Array): FileMetadata {
  const { entries, metadata, dataBegin } = readHeader(file);
  return {
    metadata,
    checksumWithout(name) {
      const others = [...metadata].filter(([key]) => key !== name);
      return checksum(headerText(others, entries), file.subarray(dataBegin));
    },
  };
}

/**
 * A safetensors file with other texts, and the same tensors: their names, their order and their bytes stay as they are.
 *
 * @param checksumAs the text under which the file's checksum is kept, after the others; none by default
 * @throws WeightFileError if the header of the file cannot be read
 */
export function withMetadata(
  file: Uint8Array,
  metadata: ReadonlyMap<string, string>,
  checksumAs?: string,
): Uint8Array {
  const { entries, dataBegin } = readHeader(file);
  const data = file.subarray(dataBegin);
  const texts = [...metadata];
  if (checksumAs !== undefined) texts.push([checksumAs, checksum(headerText(texts, entries), data)]);
  const header = encodeUtf8(headerText(texts, entries));
  const padded = Math.ceil(header.length / 8) * 8;
  if (padded > longestHeader)
    throw new RangeError(`a header of ${padded} bytes; the format allows ${longestHeader}`);
  const out = new Uint8Array(lengthBytes + padded + data.length);
  new DataView(out.buffer).setUint32(0, padded, true);
  out.set(header, lengthBytes);
  out.fill(" ".charCodeAt(0), lengthBytes + header.length, lengthBytes + padded);
  out.set(data, lengthBytes + padded);
  return out;
}

function checksum(header: string, data: Uint8Array): string {
  return crc32(data, crc32(encodeUtf8(header)))
    .toString(16)
    .padStart(8, "0");
}

/** A header, written in one way. */
function headerText(
  metadata: readonly (readonly [string, string])[],
  entries: readonly HeaderEntry[],
): string {
  const texts = metadata.map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`);
  const tensors = entries.map(
    ({ name, type, shape, begin, end }) =>
      `${JSON.stringify(name)}:{"dtype":"${type.name}","shape":[${shape.join()}],"data_offsets":[${begin},${end}]}`,
  );
  const fields = texts.length > 0 ? [`"${metadataKey}":{${texts.join()}}`] : [];
  return `{${[...fields, ...tensors].join()}}`;
}
