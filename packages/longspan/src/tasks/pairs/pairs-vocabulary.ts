import {
  check,
  checkSettings,
  isRecord,
  type KindsOf,
  kind,
  listOf,
  oneOf,
  optional,
  size,
  text,
} from "../../check/index.js";
import { wordsIn } from "../../data/words.js";

/** A text, and the one that is to be made of it. */
export interface TextPair {
  readonly source: string;
  readonly target: string;
}

/** What the symbols of a text are: characters; words and signs with the space before them, as `wordVocabulary` cuts; or tokens between white space. */
export type PairLevel = "char" | "word" | "token";

/** What one side of pairs is written in: plain JSON. */
export interface SideVocabulary {
  readonly level: PairLevel;
  readonly symbols: readonly string[];
}

/** What pairs are written in: plain JSON. */
export interface PairsVocabulary {
  readonly source: SideVocabulary;
  readonly target: SideVocabulary;
  /** Symbols of the longest target: what is written is no longer. */
  readonly longest: number;
}

/** How texts are cut. */
export interface PairsVocabularyOptions {
  /** `char` by default. */
  readonly source?: PairLevel;
  /** As the source by default. */
  readonly target?: PairLevel;
  /** Least number of times that a word or token occurs; 1 by default. Others are unknown. */
  readonly minCount?: number;
}

/** The symbols of a target that are no text. */
export const [begin, end] = [0, 1];

/**
 * The symbols that pairs of texts are written in, by falling frequency.
 *
 * @throws RangeError if there are no pairs
 * @example
 * const { source, target } = pairsVocabulary([{ source: "abba", target: "AE B AH" }], { target: "token" });
 * source.symbols; // ["a", "b"]
 * target.symbols; // ["AE", "AH", "B"]
 */
export function pairsVocabulary(
  pairs: readonly TextPair[],
  options?: PairsVocabularyOptions,
): PairsVocabulary {
  check("pairsVocabulary", "pairs", pairs, pairsKind);
  const {
    source = "char",
    target = source,
    minCount = 1,
  } = checkSettings("pairsVocabulary", options, optionKinds);
  if (pairs.length === 0) throw new RangeError("pairsVocabulary: pairs is empty; there is nothing to number");
  const side = (level: PairLevel, texts: readonly string[]): SideVocabulary => {
    const counts = new Map<string, number>();
    for (const text of texts)
      for (const symbol of cut(text, level)) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
    const least = level === "char" ? 1 : minCount;
    const symbols = [...counts]
      .filter(([, count]) => count >= least)
      .sort(([a, p], [b, q]) => q - p || (a < b ? -1 : 1))
      .map(([symbol]) => symbol);
    return { level, symbols };
  };
  return {
    source: side(
      source,
      pairs.map((pair) => pair.source),
    ),
    target: side(
      target,
      pairs.map((pair) => pair.target),
    ),
    longest: pairs.reduce((most, pair) => Math.max(most, cut(pair.target, target).length), 1),
  };
}

/** The symbols of a text. */
export function cut(text: string, level: PairLevel): string[] {
  if (level === "char") return Array.from(text);
  if (level === "token") return text.split(/\s+/u).filter((token) => token !== "");
  return wordsIn(text);
}

/** The numbers of one side: two symbols that are no text, one for what is unknown, then those of the vocabulary. */
export class SideNumbers {
  private readonly numbers: ReadonlyMap<string, number>;

  constructor(private readonly vocabulary: SideVocabulary) {
    this.numbers = new Map(vocabulary.symbols.map((symbol, i) => [symbol, i + first]));
  }

  /** How many numbers there are. */
  get size(): number {
    return this.vocabulary.symbols.length + first;
  }

  /** The numbers of a text. */
  read(text: string): number[] {
    return cut(text, this.vocabulary.level).map((symbol) => this.numbers.get(symbol) ?? unknown);
  }

  /** The text of symbols; what is unknown is `<unk>`. */
  write(symbols: readonly number[]): string {
    const { level, symbols: names } = this.vocabulary;
    const texts = symbols.map((symbol) => names[symbol - first] ?? "<unk>");
    return level === "token" ? texts.join(" ") : texts.join("");
  }
}

const unknown = 2;
const first = 3;

const pairKind = kind(
  "a pair { source, target } of texts",
  (value) => isRecord(value) && text.accepts(value.source) && text.accepts(value.target),
);
export const pairsKind = listOf(pairKind, "a list of pairs { source, target } of texts");
const level = oneOf("char", "word", "token");
const optionKinds: KindsOf<PairsVocabularyOptions> = {
  source: optional(level),
  target: optional(level),
  minCount: optional(size),
};
const texts = listOf(text, "a list of texts");
const isSide = (value: unknown) =>
  isRecord(value) && level.accepts(value.level) && texts.accepts(value.symbols);
export const pairsVocabularyKind = kind(
  "a vocabulary of pairs, made by pairsVocabulary(pairs)",
  (value) => isRecord(value) && isSide(value.source) && isSide(value.target) && size.accepts(value.longest),
);
