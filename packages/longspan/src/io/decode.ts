import type { Shape } from "../tensor/index.js";
import { toFromLittleEndian } from "./byte-order.js";
import type { DType, ElementType } from "./element-types.js";
import { fromBrain, fromHalf } from "./half-floats.js";
import { type HeaderEntry, readHeader } from "./header.js";
import { quote, shapeText, WeightFileError } from "./weight-file-error.js";

/** One tensor of a weight file. */
export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: Shape;
  /** The elements, row-major, as many as the shape holds. */
  readonly data: Float32Array | Float64Array | Int32Array;
}

/** The contents of a weight file. */
export interface StoredWeights {
  /** By name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
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
 * @param bytes the whole file.
 * @returns names with types float32 (F32, and F16 and BF16, whose numbers it holds exactly), float64 (F64) and int32 (I32);
 * the data is copied.
 * @throws WeightFileError saying where and what, also for element types that this library does not hold.
 * @see https://huggingface.co/docs/safetensors
 * @example
 * const file = await encodeSafetensors({ w: tensor([[1, 2]]) }, { epoch: "3" });
 * const { tensors, metadata } = decodeSafetensors(file);
 * console.log(tensors.get("w"), metadata.get("epoch")); // { dtype: "float32", shape: [1, 2], data: [1, 2] } "3"
 */
export function decodeSafetensors(bytes: Uint8Array): StoredWeights {
  const { entries, metadata, dataBegin } = readHeader(bytes);
  for (const entry of entries) checkSize(entry);
  checkLayout(entries, bytes.length - dataBegin, dataBegin);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, type, shape, begin, end } of entries)
    tensors.set(name, {
      dtype: type.dtype,
      shape,
      data: elements(bytes.subarray(dataBegin + begin, dataBegin + end), type),
    });
  return { tensors, metadata };
}

function checkSize({ name, type, shape, begin, end, offset }: HeaderEntry): void {
  let size = type.bytes;
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

function elements(bytes: Uint8Array, { name, dtype, bytes: width }: ElementType): StoredTensor["data"] {
  if (name === "F16") return fromHalf(bytes);
  if (name === "BF16") return fromBrain(bytes);
  // A copy, because an array of numbers must begin at a multiple of its width and the file's need not.
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  toFromLittleEndian(copy, width);
  if (dtype === "float64") return new Float64Array(copy.buffer);
  return dtype === "float32" ? new Float32Array(copy.buffer) : new Int32Array(copy.buffer);
}
