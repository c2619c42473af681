/**
 * Numbers of 16 bits in the IEEE format (F16: 5 bits of exponent, 10 of fraction) as float32, which holds each of them
 * exactly, the subnormal ones, infinities and the payloads of NaNs included.
 *
 * @param bytes little endian, two per number
 * @see IEEE 754-2019, table 3.5, binary16
 * @example fromHalf(new Uint8Array([0, 0x3c]))[0] // 1
 */
export function fromHalf(bytes: Uint8Array): Float32Array {
  return widened(bytes, (half) => {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
    if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
    if (fraction === 0) return sign;
    // Subnormal: the leading bit of the fraction becomes the implied one.
    const shift = Math.clz32(fraction) - 21;
    return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
  });
}

/**
 * Numbers of 16 bits that are the upper half of a float32 (BF16) as float32.
 * @param bytes little endian, two per number
 */
export function fromBrain(bytes: Uint8Array): Float32Array {
  return widened(bytes, (half) => half << 16);
}

/** From 16 bits to the 32 bits of a float32, number by number. */
function widened(bytes: Uint8Array, bitsOf: (half: number) => number): Float32Array {
  const bits = new Int32Array(bytes.length / 2);
  for (let i = 0; i < bits.length; i++) bits[i] = bitsOf(bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
  return new Float32Array(bits.buffer);
}
