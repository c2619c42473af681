import { check, checkSettings, optional, size as sizeKind } from "../check/index.js";
import { cutAnew } from "./cut-anew.js";
import { checkEncode, textOrParts } from "./kinds.js";
import { type EncodeOptions, joined, type Vocabulary } from "./vocabulary.js";
import { unknownWord } from "./word-vocabulary.js";

/** Which tokens a vocabulary holds. */
export interface TokenVocabularyOptions {
  /** Most symbols, the one for unknown tokens among them; as many as there are by default. */
  readonly size?: number;
  /** Least number of times that a token occurs; 1 by default. */
  readonly minCount?: number;
}

/** The token that stands for the end of a line. */
export const lineEnd = "\n";

/**
 * The tokens of a text that was cut into tokens before: what stands between white space is one, and so is the end of a line, `"\n"`. Penn
 * Treebank and WikiText come so. `<unk>`, number 0, stands for all tokens that the vocabulary lacks; where the text has `<unk>` itself, as
 * those do, it is this token.
 *
 * They are numbered by falling frequency, those of the same frequency in the order of their UTF-16 units. `decode` writes a space after each
 * token that is no line's end, so that what it writes can be read again.
 *
 * @param text or its parts in their order, which may end within a token
 * @throws RangeError if the size or the count is not a positive integer
 * @example
 * const vocabulary = tokenVocabulary("the <unk> sat\nthe cat sat\n");
 * vocabulary.symbols; // ["<unk>", "\n", "sat", "the", "cat"]
 * vocabulary.encode("the dog sat\n"); // Int32Array [3, 0, 2, 1]
 * vocabulary.decode([3, 4, 2, 1]); // "the cat sat \n"
 */
export function tokenVocabulary(
  text: string | Iterable<string>,
  options?: TokenVocabularyOptions,
): Vocabulary {
  check("tokenVocabulary", "text", text, textOrParts);
  const { size = Number.POSITIVE_INFINITY, minCount = 1 } = checkSettings("tokenVocabulary", options, {
    size: optional(sizeKind),
    minCount: optional(sizeKind),
  });
  const counts = new Map<string, number>();
  for (const part of cutAnew("tokenVocabulary", typeof text === "string" ? [text] : text, endOfSureTokens))
    for (const token of tokensIn(part)) {
      const count = counts.get(token);
      // A slice keeps the whole part in memory, so a token that is kept is a copy.
      counts.set(count === undefined ? ` ${token}`.slice(1) : token, (count ?? 0) + 1);
    }
  counts.delete(unknownWord);
  const frequent = [...counts]
    .filter(([, count]) => count >= minCount)
    .sort(([a, p], [b, q]) => q - p || (a < b ? -1 : 1))
    .slice(0, size - 1)
    .map(([token]) => token);
  return new Tokens([unknownWord, ...frequent]);
}

/** A vocabulary of given tokens, each at most once, the first of which stands for all others. */
export class Tokens implements Vocabulary {
  readonly level = "token";
  readonly unknown = 0;
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly written: readonly string[];

  constructor(readonly symbols: readonly string[]) {
    this.numbers = new Map(symbols.map((token, i) => [token, i]));
    this.written = symbols.map((token) => (token === lineEnd ? token : `${token} `));
  }

  get size(): number {
    return this.symbols.length;
  }

  encode(text: string, options?: EncodeOptions): Int32Array {
    const skipUnknown = checkEncode(text, options);
    const found: number[] = [];
    for (const token of tokensIn(text)) {
      const number = this.numbers.get(token) ?? this.unknown;
      if (number !== this.unknown || !skipUnknown) found.push(number);
    }
    return Int32Array.from(found);
  }

  decode(symbols: Iterable<number>): string {
    return joined(this.written, symbols);
  }

  wholeSymbols(parts: Iterable<string>): Iterable<string> {
    return cutAnew("vocabulary.wholeSymbols", parts, endOfSureTokens);
  }
}

/** Whether a text is one token. */
export function isToken(text: string): boolean {
  return text === lineEnd || /^\S+$/u.test(text);
}

const white = /\s/u;

function* tokensIn(text: string): Generator<string, void, undefined> {
  for (const [token] of text.matchAll(/\n|\S+/gu)) yield token;
}

/** Where the last token ends that ends there whatever follows the text: behind the last white space. */
function endOfSureTokens(text: string): number {
  let at = text.length;
  while (at > 0 && !white.test(text[at - 1]!)) at -= 1;
  return at;
}
