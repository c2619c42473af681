/** An element that cannot become an int32. */
export interface Misfit {
  readonly element: number;
  /** In digits. */
  readonly number: string;
  readonly expected: string;
}

/** Bytes of an element, and the element at byte `at`; beyond 2^53 a number near it, which int32 does not hold either. */
interface Kind {
  readonly bytes: number;
  readonly at: (view: DataView, at: number) => number;
  /** Every digit of it, for a message. */
  readonly exact?: (view: DataView, at: number) => bigint;
}

const two32 = 2 ** 32;
const int32 = "whole numbers from -2147483648 to 2147483647, which int32 holds";

const kinds: Readonly<Record<string, Kind>> = {
  BOOL: { bytes: 1, at: (v, i) => v.getUint8(i) },
  U8: { bytes: 1, at: (v, i) => v.getUint8(i) },
  I8: { bytes: 1, at: (v, i) => v.getInt8(i) },
  U16: { bytes: 2, at: (v, i) => v.getUint16(i, true) },
  I16: { bytes: 2, at: (v, i) => v.getInt16(i, true) },
  U32: { bytes: 4, at: (v, i) => v.getUint32(i, true) },
  I32: { bytes: 4, at: (v, i) => v.getInt32(i, true) },
  I64: {
    bytes: 8,
    at: (v, i) => v.getInt32(i + 4, true) * two32 + v.getUint32(i, true),
    exact: (v, i) => v.getBigInt64(i, true),
  },
  U64: {
    bytes: 8,
    at: (v, i) => v.getUint32(i + 4, true) * two32 + v.getUint32(i, true),
    exact: (v, i) => v.getBigUint64(i, true),
  },
};

/**
 * Little-endian integers or booleans as int32; the first that int32 does not hold instead.
 * @param type the format's name
 */
export function fromIntegers(bytes: Uint8Array, type: string): Int32Array | Misfit {
  const { bytes: width, at, exact } = kinds[type]!;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length / width;
  const expected = type === "BOOL" ? "0 or 1" : int32;
  const out = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const n = at(view, i * width);
    out[i] = n;
    if (out[i] !== n || (type === "BOOL" && n > 1))
      return { element: i, number: String(exact?.(view, i * width) ?? n), expected };
  }
  return out;
}
