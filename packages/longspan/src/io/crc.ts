/** Remainders of the 256 bytes by a polynomial, its bits reversed. */
function remainders(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
    return rest;
  });
}

const castagnoli = remainders(0x82f63b78);
const iso = remainders(0xedb88320);

/** The checksum CRC-32C (Castagnoli) of some bytes, from 0 to 2^32 - 1. @see RFC 3720, section 12.1 and appendix B.4. */
export function crc32c(bytes: Uint8Array): number {
  return remainder(bytes, castagnoli);
}

/**
 * The checksum CRC-32 of some bytes, from 0 to 2^32 - 1, as zip archives have it.
 * @param before the checksum of bytes that come before them; that of both is returned
 * @see ISO 3309
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  return remainder(bytes, iso, before);
}

function remainder(bytes: Uint8Array, table: Uint32Array, before = 0): number {
  let crc = ~before;
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}
