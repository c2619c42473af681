import { check, instanceOf, iterable } from "../check/index.js";

// Part of every browser and of Node.js, but of no ECMAScript library file.
declare const TextDecoder: new (
  label: "utf-8",
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

/** Bytes that are not UTF-8; the message names the place and what is wrong there. */
export class Utf8Error extends Error {
  override name = "Utf8Error";

  constructor(
    /** Number of bytes before the first one that belongs to no character. */
    readonly offset: number,
    /** What is wrong there. */
    readonly reason: string,
  ) {
    super(`not UTF-8: byte ${offset}: ${reason}`);
  }
}

/**
 * The text of UTF-8 bytes. Nothing is repaired or replaced. A byte order mark at the very beginning is left out, since it
 * belongs to the file and not to the text; offsets count it.
 *
 * @param bytes the whole file.
 * @throws Utf8Error at the first sequence that is no character: cut short, overlong, half of a surrogate pair (U+D800 to
 * U+DFFF), above U+10FFFF, or a byte that cannot stand where it does.
 * @see The Unicode Standard 16.0, table 3-7 (well-formed UTF-8 byte sequences).
 * @example decodeUtf8(Uint8Array.of(0x68, 0xc3, 0xa9)) // "hé"
 */
export function decodeUtf8(bytes: Uint8Array): string {
  check("decodeUtf8", "bytes", bytes, bytesKind);
  return decodedAt(0, bytes);
}

/**
 * The text of UTF-8 bytes that come in parts, as of a file that is too long for one string (about 512 MB). No part of the text ends
 * within a character, whatever the parts of the bytes. Otherwise as `decodeUtf8`, with offsets in the whole.
 *
 * @param parts in their order; one that was read may be overwritten when the next is asked for
 * @throws Utf8Error as `decodeUtf8`, when the part is asked for in which it lies
 * @example [...decodeUtf8Parts([Uint8Array.of(0x68, 0xc3), Uint8Array.of(0xa9)])] // ["h", "é"]
 */
export function* decodeUtf8Parts(parts: Iterable<Uint8Array>): Generator<string, void, undefined> {
  check("decodeUtf8Parts", "parts", parts, iterable);
  let rest = new Uint8Array(0);
  let begin = 0;
  for (const part of parts) {
    check("decodeUtf8Parts", "a part of parts", part, bytesKind);
    const bytes = rest.length === 0 ? part : together(rest, part);
    const end = bytes.length - cutShort(bytes);
    const text = decodedAt(begin, bytes.subarray(0, end), bytes);
    begin += end;
    rest = bytes.slice(end);
    if (text !== "") yield text;
  }
  if (rest.length > 0) yield decodedAt(begin, rest);
}

const bytesKind = instanceOf(Uint8Array, "a Uint8Array");

function together(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** Bytes at the end that begin a character whose other bytes are not there yet. */
function cutShort(bytes: Uint8Array): number {
  for (let n = 1; n <= Math.min(3, bytes.length); n++) {
    const byte = bytes[bytes.length - n]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return lengthAfter(byte) > n ? n : 0;
  }
  return 0;
}

/** @param begin where the bytes lie in the whole file @param known they, and what is known of those that follow */
function decodedAt(begin: number, bytes: Uint8Array, known = bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: begin > 0 }).decode(bytes);
  } catch (error) {
    const fault = firstFault(begin, known);
    if (fault === null) throw error; // Valid, but too long for a string.
    throw fault;
  }
}

function firstFault(begin: number, bytes: Uint8Array): Utf8Error | null {
  if (
    begin === 0 &&
    bytes.length >= 2 &&
    bytes[0]! + bytes[1]! === 0xff + 0xfe &&
    Math.abs(bytes[0]! - bytes[1]!) === 1
  )
    return new Utf8Error(0, "the byte order mark of UTF-16; save the text as UTF-8");
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at]!;
    if (lead < 0x80) {
      at += 1;
      continue;
    }
    const length = lengthAfter(lead);
    const reason = length === 0 ? loneByte(lead) : faultAt(begin, bytes, at, length);
    if (reason !== null) return new Utf8Error(begin + at, reason);
    at += length;
  }
  return null;
}

/** Bytes of a character of several, by the first; 0 if it cannot be the first. */
function lengthAfter(lead: number): number {
  return lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
}

function loneByte(byte: number): string {
  return byte < 0xc0
    ? `${hex(byte)} continues a character, but none has begun`
    : `${hex(byte)} occurs in no character`;
}

function faultAt(begin: number, bytes: Uint8Array, at: number, length: number): string | null {
  const lead = bytes[at]!;
  let code = lead & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    if (at + i >= bytes.length)
      return `${hex(lead)} begins a character of ${length} bytes, but the text ends after ${i} of them`;
    const byte = bytes[at + i]!;
    if ((byte & 0xc0) !== 0x80)
      return `${hex(lead)} begins a character of ${length} bytes, but byte ${begin + at + i} (${hex(byte)}) does not continue it`;
    code = code * 64 + (byte & 0x3f);
  }
  if (code < [0, 0, 0x80, 0x800, 0x10000][length]!)
    return `an overlong form: ${length} bytes for ${codePointName(code)}`;
  if (code >= 0xd800 && code <= 0xdfff) return `${codePointName(code)} is half of a surrogate pair`;
  if (code > 0x10ffff) return `${codePointName(code)} lies above U+10FFFF`;
  return null;
}

function hex(byte: number): string {
  return `0x${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

/** `U+0041` */
export function codePointName(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
