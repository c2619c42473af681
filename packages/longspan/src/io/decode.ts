import { check, instanceOf } from "../check/index.js";
import { elements, type StoredTensor } from "./elements.js";
import { type HeaderEntry, readHeader } from "./header.js";
import { StoredTensors } from "./stored-tensors.js";
import { quote, shapeText, WeightFileError, type WeightFileProblem } from "./weight-file-error.js";

/** The contents of a weight file. */
export interface StoredWeights {
  /** Those that could be read, by name, in the order of the header. To `get` one of `unread` throws a WeightFileError. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The others, with the reason: of a type for which there is no tensor here, or with a number that int32 does not hold. */
  readonly unread: ReadonlyMap<string, WeightFileProblem>;
  /** Texts by name. */
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Reads a safetensors file: 8 bytes with the length of the header, the header in JSON, then the elements, all little
 * endian.
 *
 * Everything that the header claims is checked before any memory is taken for it, so a damaged or hostile file gives
 * an error and takes no more memory than a small multiple of its size. The tensors must lie in the data section without
 * gaps or overlaps and fill it. Stricter than the format in two points: a name that occurs twice and a field that the
 * format does not have are errors.
 *
 * A tensor that cannot be held exactly does not keep the others from being read: it is listed in `unread`, and an error when it is
 * asked for.
 *
 * @param bytes the whole file.
 * @returns names with types float32 (F32, and F16 and BF16, whose numbers it holds exactly), float64 (F64) and int32 (integers of all
 * sizes, and BOOL as 0 and 1); the data is copied.
 * @throws WeightFileError saying where and what.
 * @see https://huggingface.co/docs/safetensors
 * @example
 * const file = await encodeSafetensors({ w: tensor([[1, 2]]) }, { epoch: "3" });
 * const { tensors, metadata } = decodeSafetensors(file);
 * console.log(tensors.get("w"), metadata.get("epoch")); // { dtype: "float32", shape: [1, 2], data: [1, 2] } "3"
 */
export function decodeSafetensors(bytes: Uint8Array): StoredWeights {
  check("decodeSafetensors", "bytes", bytes, instanceOf(Uint8Array, "a Uint8Array"));
  const { entries, metadata, dataBegin } = readHeader(bytes);
  for (const entry of entries) checkSize(entry);
  checkLayout(entries, bytes.length - dataBegin, dataBegin);
  const read: [string, StoredTensor][] = [];
  const unread = new Map<string, WeightFileProblem>();
  for (const entry of entries) {
    const { name, type, shape, begin, end } = entry;
    const data = elements(bytes.subarray(dataBegin + begin, dataBegin + end), entry);
    if ("found" in data) unread.set(name, data);
    else read.push([name, { dtype: type.dtype!, shape, data }]);
  }
  return { tensors: new StoredTensors(read, unread), unread, metadata };
}

function checkSize({ name, type, shape, begin, end, offset }: HeaderEntry): void {
  let size = type.bits / 8;
  // A zero hides an overflow of the other sizes, so it is applied last.
  for (const n of shape) if (n !== 0) size *= n;
  if (size > Number.MAX_SAFE_INTEGER)
    throw new WeightFileError({
      tensor: name,
      offset,
      expected: "a shape of less than 2^53 bytes",
      found: shapeText(shape),
    });
  if (shape.includes(0)) size = 0;
  if (!Number.isInteger(size))
    throw new WeightFileError({
      tensor: name,
      offset,
      expected: "a shape of whole bytes",
      found: `${type.name} ${shapeText(shape)}`,
    });
  if (end - begin !== size)
    throw new WeightFileError({
      tensor: name,
      offset,
      expected: `${size} bytes of data for ${type.name} ${shapeText(shape)}`,
      found: `data_offsets [${begin}, ${end}]`,
    });
}

function checkLayout(entries: readonly HeaderEntry[], length: number, dataBegin: number): void {
  let end = 0;
  let before: HeaderEntry | undefined;
  for (const e of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (e.begin !== end)
      throw new WeightFileError({
        tensor: e.name,
        offset: e.offset,
        expected: `data from ${end} on, ${before ? `where tensor ${quote(before.name)} ends` : "the beginning"}`,
        found: `data_offsets [${e.begin}, ${e.end}], ${e.begin > end ? "which leaves a gap" : "an overlap"}`,
      });
    if (e.end > length)
      throw new WeightFileError({
        tensor: e.name,
        offset: e.offset,
        expected: `data within the ${length} bytes after the header`,
        found: `data_offsets [${e.begin}, ${e.end}]`,
      });
    end = e.end;
    before = e;
  }
  if (end !== length)
    throw new WeightFileError({
      offset: dataBegin + end,
      expected: `the end of the file, since the tensors take ${end} bytes`,
      found: `${length - end} more`,
    });
}
