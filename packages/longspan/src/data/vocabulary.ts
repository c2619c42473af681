import { codePointName } from "./utf8.js";

/** Numbers the symbols of a text: 0 to size - 1. */
export interface Vocabulary {
  /** What a symbol is. */
  readonly level: "char";
  /** The symbols by number. */
  readonly symbols: readonly string[];
  readonly size: number;
  /** The numbers of a text's symbols. @throws UnknownSymbolError naming the first symbol that has none, and its place. */
  encode(text: string): Int32Array;
  /** The text of a list of numbers. @throws RangeError naming a number that is not below the size. */
  decode(symbols: Iterable<number>): string;
}

/** A vocabulary as JSON text holds it. */
export interface StoredVocabulary {
  readonly level: "char";
  readonly symbols: readonly string[];
}

/** A symbol that the vocabulary lacks. */
export class UnknownSymbolError extends Error {
  override name = "UnknownSymbolError";

  constructor(
    readonly symbol: string,
    /** Its place in the text, in characters from 0. */
    readonly place: number,
    /** Symbols of the vocabulary. */
    size: number,
  ) {
    super(
      `the character ${JSON.stringify(symbol)} (${codePointName(symbol.codePointAt(0) ?? 0)}), character ${place} of the text counted from 0, is not among the ${size} of the vocabulary`,
    );
  }
}

/**
 * The characters that occur in a text, by code point: a character is one Unicode code point, whatever its length in
 * bytes, and the order does not depend on the text's order.
 *
 * @example
 * const vocabulary = characterVocabulary("banana"); // symbols ["a", "b", "n"]
 * vocabulary.encode("nab"); // Int32Array [2, 0, 1]
 */
export function characterVocabulary(text: string): Vocabulary {
  const codes = new Set<number>();
  for (const character of text) codes.add(character.codePointAt(0)!);
  return new Characters([...codes].sort((a, b) => a - b));
}

/** What `vocabularyFrom` reads back: a plain value for `JSON.stringify`. */
export function storedVocabulary({ level, symbols }: Vocabulary): StoredVocabulary {
  return { level, symbols: [...symbols] };
}

/**
 * The vocabulary of a value that was read from JSON.
 * @throws TypeError saying what is wrong with it, such as a symbol that occurs twice.
 * @example vocabularyFrom(JSON.parse('{"level":"char","symbols":["a","b"]}')).size // 2
 */
export function vocabularyFrom(stored: unknown): Vocabulary {
  const { level, symbols } = (stored ?? {}) as { level?: unknown; symbols?: unknown };
  if (level !== "char") throw new TypeError(`vocabulary: level is ${JSON.stringify(level)}, expected "char"`);
  if (!Array.isArray(symbols)) throw new TypeError("vocabulary: symbols is not a list");
  const seen = new Set<number>();
  symbols.forEach((s: unknown, i) => {
    const code = typeof s === "string" ? s.codePointAt(0) : undefined;
    if (code === undefined || String.fromCodePoint(code) !== s)
      throw new TypeError(`vocabulary: symbol ${i} is ${JSON.stringify(s)}, expected one character`);
    if (seen.has(code)) throw new TypeError(`vocabulary: symbol ${i}, ${JSON.stringify(s)}, occurs twice`);
    seen.add(code);
  });
  return new Characters([...seen]);
}

class Characters implements Vocabulary {
  readonly level = "char";
  readonly symbols: readonly string[];
  private readonly numbers: ReadonlyMap<number, number>;

  constructor(codes: readonly number[]) {
    this.symbols = codes.map((code) => String.fromCodePoint(code));
    this.numbers = new Map(codes.map((code, i) => [code, i]));
  }

  get size(): number {
    return this.symbols.length;
  }

  encode(text: string): Int32Array {
    // There are at most as many code points as UTF-16 units.
    const out = new Int32Array(text.length);
    let count = 0;
    for (const character of text) {
      const number = this.numbers.get(character.codePointAt(0)!);
      if (number === undefined) throw new UnknownSymbolError(character, count, this.size);
      out[count++] = number;
    }
    return out.slice(0, count);
  }

  decode(symbols: Iterable<number>): string {
    const parts: string[] = [];
    for (const n of symbols) {
      const symbol = this.symbols[n];
      if (symbol === undefined)
        throw new RangeError(`symbol ${n} is not in the vocabulary; numbers run from 0 to ${this.size - 1}`);
      parts.push(symbol);
    }
    return parts.join("");
  }
}
