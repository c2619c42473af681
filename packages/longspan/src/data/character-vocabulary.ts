import { check, text as textKind } from "../check/index.js";
import { cutAnew } from "./cut-anew.js";
import { checkEncode, textOrParts } from "./kinds.js";
import { codePointName } from "./utf8.js";
import { type EncodeOptions, joined, type Vocabulary } from "./vocabulary.js";
import { unitsOf } from "./words.js";

/** A symbol that the vocabulary lacks. */
export class UnknownSymbolError extends Error {
  override name = "UnknownSymbolError";

  constructor(
    readonly symbol: string,
    /** Its place in the text, in characters from 0. */
    readonly position: number,
    /** Symbols of the vocabulary. */
    size: number,
  ) {
    super(
      `the character ${JSON.stringify(symbol)} (${codePointName(symbol.codePointAt(0) ?? 0)}), character ${position} of the text counted from 0, is not among the ${size} of the vocabulary`,
    );
  }
}

/**
 * The characters that occur in a text, by code point: a character is one Unicode code point, whatever its length in
 * bytes, and the order does not depend on the text's order.
 *
 * @param text or its parts in their order, none of which ends within a character
 * @example
 * const vocabulary = characterVocabulary("banana"); // symbols ["a", "b", "n"]
 * vocabulary.encode("nab"); // Int32Array [2, 0, 1]
 */
export function characterVocabulary(text: string | Iterable<string>): Vocabulary {
  check("characterVocabulary", "text", text, textOrParts);
  const seen = new Uint8Array(0x110000);
  for (const part of typeof text === "string" ? [text] : text) {
    check("characterVocabulary", "a part of text", part, textKind);
    for (let at = 0; at < part.length; ) {
      const code = part.codePointAt(at)!;
      seen[code] = 1;
      at += unitsOf(code);
    }
  }
  const codes: number[] = [];
  seen.forEach((is, code) => {
    if (is) codes.push(code);
  });
  return new Characters(codes);
}

/** A vocabulary of given code points, each at most once. */
export class Characters implements Vocabulary {
  readonly level = "char";
  readonly unknown = null;
  readonly symbols: readonly string[];
  /** By code point: the number, counted from 1; 0 for those that have none. */
  private readonly numbers: Int32Array;

  constructor(codes: readonly number[]) {
    this.symbols = codes.map((code) => String.fromCodePoint(code));
    this.numbers = new Int32Array(codes.reduce((most, code) => Math.max(most, code), -1) + 1);
    for (const [i, code] of codes.entries()) this.numbers[code] = i + 1;
  }

  get size(): number {
    return this.symbols.length;
  }

  encode(text: string, options?: EncodeOptions): Int32Array {
    const skipUnknown = checkEncode(text, options);
    // There are at most as many code points as UTF-16 units.
    const out = new Int32Array(text.length);
    let count = 0;
    for (let at = 0; at < text.length; ) {
      const code = text.codePointAt(at)!;
      at += unitsOf(code);
      const number = this.numbers[code] ?? 0;
      if (number > 0) out[count++] = number - 1;
      else if (!skipUnknown) throw new UnknownSymbolError(String.fromCodePoint(code), count, this.size);
    }
    return out.slice(0, count);
  }

  decode(symbols: Iterable<number>): string {
    return joined(this.symbols, symbols);
  }

  wholeSymbols(parts: Iterable<string>): Iterable<string> {
    return cutAnew("vocabulary.wholeSymbols", parts, (text) => text.length);
  }
}
