import { fromHalf } from "longspan/engine";

/** Element types of weight files, and their bytes per number. */
export const weightTypes = {
  float32: { bytes: 4 },
  float16: { bytes: 2 },
  int32: { bytes: 4 },
  uint16: { bytes: 2 },
  uint8: { bytes: 1 },
  bool: { bytes: 1 },
} as const;
export type WeightType = keyof typeof weightTypes;

/** Types that weights are quantised to. */
export const quantisedTypes = ["uint8", "uint16", "float16"] as const;

/** How a weight is quantised: a number n of the file stands for scale n + min. */
export interface Quantised {
  readonly type: (typeof quantisedTypes)[number];
  readonly scale: number;
  readonly min: number;
}

/**
 * The numbers of a weight, or null where they are no float32. Quantised ones are scale n + min in float64, rounded once, as TensorFlow.js does.
 * @param bytes little endian
 */
export function numbersOf(
  bytes: Uint8Array,
  { type, quantised }: { readonly type: string; readonly quantised: Quantised | null },
): Float32Array | null {
  if (type !== "float32") return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (quantised === null)
    return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  const { scale, min } = quantised;
  if (quantised.type === "float16") return fromHalf(bytes);
  if (quantised.type === "uint8") return Float32Array.from(bytes, (n) => n * scale + min);
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => view.getUint16(2 * i, true) * scale + min);
}
