import { codePointName } from "./utf8.js";
import { joined, type Vocabulary } from "./vocabulary.js";

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

/** A vocabulary of given code points, each at most once. */
export class Characters implements Vocabulary {
  readonly level = "char";
  readonly unknown = null;
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
    return joined(this.symbols, symbols);
  }
}
