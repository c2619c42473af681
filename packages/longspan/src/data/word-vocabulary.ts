import { check, checkSettings, optional, size as sizeKind } from "../check/index.js";
import { cutAnew } from "./cut-anew.js";
import { checkEncode, textOrParts } from "./kinds.js";
import { type EncodeOptions, joined, type Vocabulary } from "./vocabulary.js";
import { endOfSureWords, endOfWord, wholeWords } from "./words.js";

/** Which words a vocabulary holds. */
export interface WordVocabularyOptions {
  /** Most symbols, the one for unknown words among them; 10,000 by default. */
  readonly size?: number;
  /** Least number of times that a word occurs; 2 by default. */
  readonly minCount?: number;
}

/** What stands for every word that is not in the vocabulary. It is three words by the rule, so no text brings it up. */
export const unknownWord = "<unk>";

/**
 * The most frequent words of a text, and one symbol, `<unk>`, number 0, for all others.
 *
 * A text is cut so that its words give it back, character for character, when they are put together. A word is one of
 *
 * - letters, marks and digits in any number, and apostrophes between them, with the single space before them: `" don't"`
 * - one sign, or a run of the same sign, with the single space before it: `" ("`, `"..."`, `"🙂"`
 * - a line break
 * - a run of the same white space, but for a last space that belongs to what follows
 *
 * Words are told apart by their characters: `"The"`, `" The"` and `" the"` are three. Scripts that put no spaces between words,
 * such as Chinese and Thai, are better served by characters.
 *
 * The words are numbered by falling frequency, those of the same frequency in the order of their UTF-16 units. With the
 * default `minCount`, rare words are unknown in the text itself: otherwise a model would never see `<unk>` before it meets
 * a text that has unknown words. `decode` writes an unknown word as `<unk>`; to keep it out of a sample, give its number to
 * `sampleSymbols` as `exclude`.
 *
 * @param text or its parts in their order, which may end within a word
 * @throws RangeError if the size or the count is not a positive integer
 * @example
 * const vocabulary = wordVocabulary("to be, or not to be", { minCount: 1 });
 * vocabulary.symbols; // ["<unk>", " be", " not", " or", " to", ",", "to"]
 * vocabulary.encode("to be, or so"); // Int32Array [6, 1, 5, 3, 0]
 */
export function wordVocabulary(text: string | Iterable<string>, options?: WordVocabularyOptions): Vocabulary {
  check("wordVocabulary", "text", text, textOrParts);
  const { size = 10_000, minCount = 2 } = checkSettings("wordVocabulary", options, {
    size: optional(sizeKind),
    minCount: optional(sizeKind),
  });
  const counts = new Map<string, number>();
  for (const part of wholeWords(typeof text === "string" ? [text] : text))
    for (let at = 0; at < part.length; ) {
      const end = endOfWord(part, at);
      const word = part.slice(at, end);
      const count = counts.get(word);
      // A slice keeps the whole part in memory, so a word that is kept is a copy.
      counts.set(count === undefined ? ` ${word}`.slice(1) : word, (count ?? 0) + 1);
      at = end;
    }
  const frequent = [...counts]
    .filter(([, count]) => count >= minCount)
    .sort(([a, p], [b, q]) => q - p || (a < b ? -1 : 1))
    .slice(0, size - 1)
    .map(([word]) => word);
  return new Words([unknownWord, ...frequent]);
}

/** A vocabulary of given words, each at most once, the first of which stands for all others. */
export class Words implements Vocabulary {
  readonly level = "word";
  readonly unknown = 0;
  private readonly numbers: ReadonlyMap<string, number>;

  constructor(readonly symbols: readonly string[]) {
    this.numbers = new Map(symbols.map((word, i) => [word, i]));
  }

  get size(): number {
    return this.symbols.length;
  }

  encode(text: string, options?: EncodeOptions): Int32Array {
    const skipUnknown = checkEncode(text, options);
    // There are at most as many words as UTF-16 units.
    const out = new Int32Array(text.length);
    let count = 0;
    for (let at = 0; at < text.length; ) {
      const end = endOfWord(text, at);
      const number = this.numbers.get(text.slice(at, end)) ?? this.unknown;
      if (number !== this.unknown || !skipUnknown) out[count++] = number;
      at = end;
    }
    return out.slice(0, count);
  }

  decode(symbols: Iterable<number>): string {
    return joined(this.symbols, symbols);
  }

  wholeSymbols(parts: Iterable<string>): Iterable<string> {
    return cutAnew("vocabulary.wholeSymbols", parts, endOfSureWords);
  }
}
