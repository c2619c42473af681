import {
  check,
  checkSettings,
  isRecord,
  type KindsOf,
  kind,
  listOf,
  optional,
  size,
  text,
} from "../../check/index.js";

/** A sentence, token by token, and the tag of each. */
export interface TaggedSentence {
  /** At least one; none is empty. */
  readonly tokens: readonly string[];
  readonly tags: readonly string[];
}

/** What a tagger knows by number: plain JSON. What it does not know is number 0. */
export interface TaggingVocabulary {
  /** From 1 on. */
  readonly words: readonly string[];
  /** Characters (code points), from 1 on. */
  readonly characters: readonly string[];
  /** From 0 on. */
  readonly tags: readonly string[];
}

/** Which words are known. */
export interface TaggingVocabularyOptions {
  /** Least number of times that a word occurs; 2 by default: those that occur once show a tagger what unknown words are like. */
  readonly minCount?: number;
}

/**
 * The words, characters and tags of sentences. Words are numbered by falling frequency, characters and tags by their code.
 *
 * @throws RangeError for a sentence without tokens, an empty token, or not as many tags as tokens
 * @example
 * const { words, tags } = taggingVocabulary([{ tokens: ["the", "sea", "the"], tags: ["DET", "NOUN", "DET"] }]);
 * words; // ["the"]
 * tags; // ["DET", "NOUN"]
 */
export function taggingVocabulary(
  sentences: readonly TaggedSentence[],
  options?: TaggingVocabularyOptions,
): TaggingVocabulary {
  check("taggingVocabulary", "sentences", sentences, sentencesKind);
  const { minCount = 2 } = checkSettings("taggingVocabulary", options, { minCount: optional(size) });
  const counts = new Map<string, number>();
  const [characters, tags] = [new Set<string>(), new Set<string>()];
  for (const [i, sentence] of sentences.entries()) {
    checkSentence(`taggingVocabulary: sentences[${i}]`, sentence);
    for (const token of sentence.tokens) {
      counts.set(token, (counts.get(token) ?? 0) + 1);
      for (const character of token) characters.add(character);
    }
    for (const tag of sentence.tags) tags.add(tag);
  }
  const words = [...counts]
    .filter(([, count]) => count >= minCount)
    .sort(([a, p], [b, q]) => q - p || (a < b ? -1 : 1))
    .map(([word]) => word);
  return { words, characters: [...characters].sort(), tags: [...tags].sort() };
}

/** The numbers of what a tagger knows. */
export class TaggingNumbers {
  private readonly words: ReadonlyMap<string, number>;
  private readonly characters: ReadonlyMap<string, number>;
  private readonly tags: ReadonlyMap<string, number>;

  constructor(readonly vocabulary: TaggingVocabulary) {
    this.words = numbered(vocabulary.words, 1);
    this.characters = numbered(vocabulary.characters, 1);
    this.tags = numbered(vocabulary.tags, 0);
  }

  /** A word as it is written or, where that is unknown, in lower case. */
  word(token: string): number {
    return this.words.get(token) ?? this.words.get(token.toLowerCase()) ?? 0;
  }

  /** The characters of a token; of a very long one, those at either end. */
  spelling(token: string): number[] {
    const all = Array.from(token);
    const kept =
      all.length <= 2 * longestEnd ? all : [...all.slice(0, longestEnd), ...all.slice(-longestEnd)];
    return kept.map((character) => this.characters.get(character) ?? 0);
  }

  /** -1 for a tag that is unknown: no answer is that. */
  tag(name: string): number {
    return this.tags.get(name) ?? -1;
  }
}

const longestEnd = 20;

function numbered(names: readonly string[], from: number): Map<string, number> {
  return new Map(names.map((name, i) => [name, from + i]));
}

/** @throws RangeError saying what is wrong with a sentence */
export function checkSentence(what: string, { tokens, tags }: TaggedSentence): void {
  if (tokens.length === 0) throw new RangeError(`${what} has no tokens`);
  if (tokens.length !== tags.length)
    throw new RangeError(`${what} has ${tokens.length} tokens and ${tags.length} tags; each token has one`);
  const empty = tokens.indexOf("");
  if (empty >= 0) throw new RangeError(`${what}: tokens[${empty}] is empty`);
}

const texts = listOf(text, "a list of texts");
export const sentencesKind = listOf(
  kind(
    "a sentence { tokens, tags }, two lists of texts",
    (value) => isRecord(value) && texts.accepts(value.tokens) && texts.accepts(value.tags),
  ),
  "a list of sentences { tokens, tags }",
);
export const vocabularyKinds: KindsOf<TaggingVocabulary> = { words: texts, characters: texts, tags: texts };
