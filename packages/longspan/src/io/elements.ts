import type { Shape } from "../tensor/index.js";
import { toFromLittleEndian } from "./byte-order.js";
import { type DType, type ElementType, eitherOf, readTypes } from "./element-types.js";
import { fromBrain, fromHalf } from "./half-floats.js";
import { fromIntegers } from "./integers.js";
import { shapeText, type WeightFileProblem } from "./weight-file-error.js";

/** One tensor of a weight file. */
export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: Shape;
  /** The elements, row-major, as many as the shape holds. */
  readonly data: Float32Array | Float64Array | Int32Array;
}

/** What a file says of a tensor whose elements are to be read. */
export interface StoredForm {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  /** Where in the file it is said. */
  readonly offset: number;
}

/** The elements of a tensor, copied, or why they are not read. @param bytes little endian, as many as the shape holds */
export function elements(
  bytes: Uint8Array,
  { name: tensor, type: { name, bits, dtype }, shape, offset }: StoredForm,
): StoredTensor["data"] | WeightFileProblem {
  if (dtype === null)
    return {
      tensor,
      offset,
      expected: `the dtype ${eitherOf(readTypes)}`,
      found: `${name} ${shapeText(shape)}, which this library does not hold; convert the tensor before saving it`,
    };
  if (dtype === "int32") {
    const data = fromIntegers(bytes, name);
    if (data instanceof Int32Array) return data;
    const { element, number, expected } = data;
    const found = `${number} at element ${element} of ${name} ${shapeText(shape)}`;
    return { tensor, offset, expected, found };
  }
  if (name === "F16") return fromHalf(bytes);
  if (name === "BF16") return fromBrain(bytes);
  // A copy, because an array of numbers must begin at a multiple of its width and the file's need not.
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  toFromLittleEndian(copy, bits / 8);
  return dtype === "float64" ? new Float64Array(copy.buffer) : new Float32Array(copy.buffer);
}
