/** Element types. `int32` holds indices, comparison results (0 or 1) and random key words. */
export type DType = "float32" | "float64" | "int32";

/** The typed arrays that hold elements on the CPU. */
export type TypedArray = Float32Array | Float64Array | Int32Array;

/**
 * Bytes per element.
 * @example bytesPerElement("float64") // 8
 */
export function bytesPerElement(dtype: DType): number {
  return dtype === "float64" ? 8 : 4;
}

/**
 * A new zero-filled array of `length` elements.
 * @example newArray("int32", 2) // Int32Array [ 0, 0 ]
 */
export function newArray(dtype: DType, length: number): TypedArray {
  if (dtype === "float32") return new Float32Array(length);
  if (dtype === "float64") return new Float64Array(length);
  return new Int32Array(length);
}
