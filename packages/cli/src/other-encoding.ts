/** Bytes at the beginning of a file by which its encoding is told. */
const looked = 65_536;
/** Share of bytes that are 0 from which a file is no text in UTF-8, though UTF-8 has that character. */
const tooManyZeros = 1 / 8;
/** The share if they are all at even places, or all at odd ones: of letters such as Cyrillic, only spaces and line ends have one. */
const tooManyOnOneSide = 1 / 100;

/**
 * What the first bytes of a file look like instead of UTF-8, in words that follow the file's name; null if nothing speaks against
 * it. In UTF-16, every other byte of plain letters is 0, which is a character of UTF-8 too.
 */
export function otherEncoding(head: Uint8Array): string | null {
  const sample = head.subarray(0, looked);
  const [even, odd] = zeros(sample, 0);
  const share = (even + odd) / sample.length;
  const name = utf16(even, odd);
  if (name !== null && share >= tooManyOnOneSide)
    return `looks like ${name} without a byte order mark; ${remedy(name)}`;
  return share >= tooManyZeros
    ? `is no text in UTF-8: ${Math.round(100 * share)} % of its bytes are 0`
    : null;
}

/**
 * What may have led to a fault in UTF-8, with a remedy; null if nothing is known.
 * @param bytes around the fault, from the byte `begin` of the file on
 * @param fault its place in the file
 */
export function encodingHint(bytes: Uint8Array, begin: number, fault: number): string | null {
  const [even, odd] = zeros(bytes.subarray(0, looked), begin);
  const name = utf16(even, odd);
  if (name !== null) return `it looks like ${name} without a byte order mark: ${remedy(name)}`;
  const at = Math.max(0, fault - begin);
  // A text that has characters of several bytes before it is UTF-8, and damaged.
  if (bytes.subarray(0, at).some((byte) => byte >= 0x80)) return null;
  const around = bytes.subarray(Math.max(0, at - 1000), at + 1000);
  const high = around.filter((byte) => byte >= 0x80);
  const isWestern = high.length < 0.3 * around.length && !high.some((byte) => undefinedIn1252.includes(byte));
  return isWestern ? `it looks like Windows-1252 or Latin-1: ${remedy("WINDOWS-1252")}` : null;
}

/** Bytes that stand for no character in Windows-1252. */
const undefinedIn1252: readonly number[] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/** Bytes that are 0, at even and at odd places of the file. */
function zeros(bytes: Uint8Array, begin: number): [even: number, odd: number] {
  const counts: [number, number] = [0, 0];
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0) counts[((begin + i) % 2) as 0 | 1] += 1;
  return counts;
}

/** The more significant byte of a plain letter is 0: the first of two, or the second. One 0 says nothing. */
function utf16(even: number, odd: number): string | null {
  if (even + odd < 2) return null;
  if (odd > 20 * even) return "UTF-16LE";
  return even > 20 * odd ? "UTF-16BE" : null;
}

function remedy(name: string): string {
  return `save it as UTF-8, as with iconv -f ${name} -t UTF-8 OLD > NEW`;
}
