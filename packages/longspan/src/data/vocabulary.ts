import { check, describe, iterable } from "../check/index.js";
import { symbolsKind, vocabularyKind } from "./kinds.js";
/** A text in the numbers of its symbols: in the type that `encode` gives, or in a smaller one that holds them. */
export type SymbolNumbers = Int32Array | Uint16Array | Uint8Array;

/** How a text is put into numbers. */
export interface EncodeOptions {
  /** Whether symbols that the vocabulary lacks are left out, instead of an error or the number for unknown words. */
  readonly skipUnknown?: boolean;
}

/** What the symbols of a vocabulary are. */
export type VocabularyLevel = "char" | "word" | "token" | "subword";

/** Numbers the symbols of a text: 0 to size - 1. */
export interface Vocabulary {
  /**
   * What a symbol is: a character; a word with the space before it, a sign, a line break (see `wordVocabulary`); a token between white space
   * (see `tokenVocabulary`); a subword of a tokenizer (see `vocabularyFrom`).
   */
  readonly level: VocabularyLevel;
  /** The symbols by number. */
  readonly symbols: readonly string[];
  readonly size: number;
  /** The number of the symbol that stands for every word or token that is not in the vocabulary; null at level char, and where a tokenizer has none. */
  readonly unknown: number | null;
  /** The numbers of a text's symbols. @throws UnknownSymbolError at level char, naming the first character that has none, and its place. */
  encode(text: string, options?: EncodeOptions): Int32Array;
  /** The text of a list of numbers. @throws RangeError naming a number that is not below the size. */
  decode(symbols: Iterable<number>): string;
  /** The parts of a text cut anew, so that no symbol goes over from one to the next: to encode a text that is too long for one string. */
  wholeSymbols(parts: Iterable<string>): Iterable<string>;
}

/**
 * How many symbols of an encoded text are unknown: 0 at level char, whose `encode` refuses them.
 *
 * @example
 * const vocabulary = wordVocabulary("to be or not to be");
 * const numbers = vocabulary.encode("to be, or to seem");
 * console.log(`${(100 * countUnknown(vocabulary, numbers)) / numbers.length} % of the words are unknown`);
 */
export function countUnknown(vocabulary: Vocabulary, symbols: SymbolNumbers): number {
  check("countUnknown", "vocabulary", vocabulary, vocabularyKind);
  check("countUnknown", "symbols", symbols, symbolsKind);
  const { unknown } = vocabulary;
  let count = 0;
  for (const n of symbols) if (n === unknown) count += 1;
  return count;
}

/** The symbols of a list of numbers, one after the other. @throws RangeError for a number that is none's. */
export function joined(symbols: readonly string[], numbers: Iterable<number>): string {
  return knownNumbers(numbers, symbols.length)
    .map((n) => symbols[n]!)
    .join("");
}

/** Numbers of symbols. @throws RangeError for one that is none's */
export function knownNumbers(numbers: Iterable<number>, size: number): number[] {
  check("vocabulary.decode", "symbols", numbers, iterable);
  return Array.from(numbers, (n) => {
    if (!Number.isInteger(n) || n < 0 || n >= size)
      throw new RangeError(
        `vocabulary.decode: symbols holds ${describe(n)}, which is not in the vocabulary; numbers run from 0 to ${size - 1}`,
      );
    return n;
  });
}
