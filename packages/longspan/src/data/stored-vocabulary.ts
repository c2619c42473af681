import { check, checkSettings, describe, isRecord, oneOf } from "../check/index.js";
import { Characters } from "./character-vocabulary.js";
import { vocabularyKind } from "./kinds.js";
import { codecKinds, type SubwordCodec, Subwords } from "./subword-vocabulary.js";
import { isToken, Tokens } from "./token-vocabulary.js";
import type { Vocabulary, VocabularyLevel } from "./vocabulary.js";
import { unknownWord, Words } from "./word-vocabulary.js";
import { endOfWord } from "./words.js";

/** A vocabulary as JSON text holds it. */
export interface StoredVocabulary {
  readonly level: VocabularyLevel;
  readonly symbols: readonly string[];
  /** Of subwords: the number of that which stands for what the tokenizer cannot cut; null if there is none. */
  readonly unknown?: number | null;
  /** Of subwords: the tokenizer that cuts texts, as its file has it. */
  readonly tokenizer?: unknown;
}

/**
 * What `vocabularyFrom` reads back: a plain value for `JSON.stringify`.
 * @example JSON.stringify(storedVocabulary(characterVocabulary("ab"))) // {"level":"char","symbols":["a","b"]}
 */
export function storedVocabulary(vocabulary: Vocabulary): StoredVocabulary {
  check("storedVocabulary", "vocabulary", vocabulary, vocabularyKind);
  const { level, symbols, unknown } = vocabulary;
  if (!(vocabulary instanceof Subwords)) return { level, symbols: [...symbols] };
  return { level, symbols: [...symbols], unknown, tokenizer: vocabulary.tokenizer };
}

/**
 * The vocabulary of a value that was read from JSON.
 *
 * @param codec of a stored vocabulary of subwords: what cuts texts, such as the tokenizer that was stored with it. Without it, `encode` and `decode` are errors
 * @throws TypeError saying what is wrong with it, such as a symbol that occurs twice.
 * @example
 * vocabularyFrom(JSON.parse('{"level":"char","symbols":["a","b"]}')).size; // 2
 * const stored = { level: "subword", symbols: ["<unk>", "lo", "w"], unknown: 0, tokenizer: { cuts: "lo" } };
 * const codec = {
 *   encode: (text: string) => Array.from(text.match(/lo|w|./gu) ?? [], (part) => Math.max(0, stored.symbols.indexOf(part))),
 *   decode: (numbers: readonly number[]) => numbers.map((n) => stored.symbols[n]).join(""),
 * };
 * vocabularyFrom(stored, codec).encode("low!"); // Int32Array [1, 2, 0]
 */
export function vocabularyFrom(stored: unknown, codec?: SubwordCodec): Vocabulary {
  if (!isRecord(stored))
    throw new TypeError(`vocabulary: stored is a record { level, symbols }, got ${describe(stored)}`);
  const { level, symbols } = stored;
  if (!levels.some((known) => known === level))
    throw new TypeError(`vocabulary: level is ${levelsInWords}, got ${describe(level)}`);
  if (!Array.isArray(symbols)) throw new TypeError(`vocabulary: symbols is a list, got ${describe(symbols)}`);
  const all = checkedSymbols(symbols, level as VocabularyLevel);
  if (codec !== undefined) checkSettings("vocabulary: codec", codec, codecKinds);
  return makers[level as VocabularyLevel](all, stored, codec ?? null);
}

const makers: Readonly<
  Record<
    VocabularyLevel,
    (symbols: string[], stored: Record<string, unknown>, codec: SubwordCodec | null) => Vocabulary
  >
> = {
  char: (symbols) => new Characters(symbols.map((s) => s.codePointAt(0)!)),
  word: (symbols) => new Words(symbols),
  token: (symbols) => new Tokens(symbols),
  subword(symbols, { unknown = null, tokenizer }, codec) {
    if (unknown !== null && !(Number.isInteger(unknown) && symbols[unknown as number] !== undefined))
      throw new TypeError(
        `vocabulary: unknown is null, or the number of a symbol below ${symbols.length}, got ${describe(unknown)}`,
      );
    return new Subwords(symbols, unknown as number | null, tokenizer, codec);
  },
};
const levels = Object.keys(makers) as readonly VocabularyLevel[];
const levelsInWords = oneOf(...levels).words;

/** @throws TypeError naming the first symbol that is none, or occurs twice */
function checkedSymbols(symbols: readonly unknown[], level: VocabularyLevel): string[] {
  const seen = new Set<string>();
  symbols.forEach((s, i) => {
    const expected = expectedInPlaceOf(s, i, level);
    if (expected !== null)
      throw new TypeError(`vocabulary: symbol ${i} is ${JSON.stringify(s)}, expected ${expected}`);
    if (seen.has(s as string))
      throw new TypeError(`vocabulary: symbol ${i}, ${JSON.stringify(s)}, occurs twice`);
    seen.add(s as string);
  });
  if (level !== "char" && seen.size === 0)
    throw new TypeError(
      `vocabulary: symbols is empty, expected ${level === "subword" ? "one subword" : `"${unknownWord}"`} at least`,
    );
  return [...seen];
}

/** What symbol `i` should be instead; null if it is right. */
function expectedInPlaceOf(s: unknown, i: number, level: Vocabulary["level"]): string | null {
  if (level === "char") {
    const code = typeof s === "string" ? s.codePointAt(0) : undefined;
    return code !== undefined && String.fromCodePoint(code) === s ? null : "one character";
  }
  if (level === "subword") return typeof s === "string" ? null : "a text";
  if (i === 0) return s === unknownWord ? null : `"${unknownWord}"`;
  if (level === "token") return typeof s === "string" && isToken(s) ? null : "one token";
  return typeof s === "string" && s !== "" && endOfWord(s, 0) === s.length ? null : "one word";
}
