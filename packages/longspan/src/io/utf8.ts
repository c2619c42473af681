// Part of every browser and of Node.js, but of no ECMAScript library file.
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new (
  label: "utf-8",
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

/**
 * The bytes of a text.
 * @example encodeUtf8("ä").length // 2
 */
export function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text of bytes.
 * @throws TypeError if they are not UTF-8
 * @example decodeUtf8(encodeUtf8("ä")) // "ä"
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Whether a text has half of a surrogate pair, which UTF-8 cannot hold. */
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

/** Order of the UTF-8 bytes, which is that of the code points and not that of JavaScript strings. */
export function compareUtf8(a: string, b: string): number {
  const [p, q] = [encodeUtf8(a), encodeUtf8(b)];
  for (let i = 0; i < p.length && i < q.length; i++) if (p[i] !== q[i]) return p[i]! - q[i]!;
  return p.length - q.length;
}
