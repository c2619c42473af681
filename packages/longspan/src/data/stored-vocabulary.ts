import { check, describe, isRecord } from "../check/index.js";
import { Characters } from "./character-vocabulary.js";
import { vocabularyKind } from "./kinds.js";
import { isToken, Tokens } from "./token-vocabulary.js";
import type { Vocabulary, VocabularyLevel } from "./vocabulary.js";
import { unknownWord, Words } from "./word-vocabulary.js";
import { endOfWord } from "./words.js";

/** A vocabulary as JSON text holds it. */
export interface StoredVocabulary {
  readonly level: VocabularyLevel;
  readonly symbols: readonly string[];
}

/**
 * What `vocabularyFrom` reads back: a plain value for `JSON.stringify`.
 * @example JSON.stringify(storedVocabulary(characterVocabulary("ab"))) // {"level":"char","symbols":["a","b"]}
 */
export function storedVocabulary(vocabulary: Vocabulary): StoredVocabulary {
  check("storedVocabulary", "vocabulary", vocabulary, vocabularyKind);
  const { level, symbols } = vocabulary;
  return { level, symbols: [...symbols] };
}

/**
 * The vocabulary of a value that was read from JSON.
 * @throws TypeError saying what is wrong with it, such as a symbol that occurs twice.
 * @example vocabularyFrom(JSON.parse('{"level":"char","symbols":["a","b"]}')).size // 2
 */
export function vocabularyFrom(stored: unknown): Vocabulary {
  if (!isRecord(stored))
    throw new TypeError(`vocabulary: stored is a record { level, symbols }, got ${describe(stored)}`);
  const { level, symbols } = stored;
  if (level !== "char" && level !== "word" && level !== "token")
    throw new TypeError(`vocabulary: level is "char", "word" or "token", got ${describe(level)}`);
  if (!Array.isArray(symbols)) throw new TypeError(`vocabulary: symbols is a list, got ${describe(symbols)}`);
  const seen = new Set<string>();
  symbols.forEach((s: unknown, i) => {
    const expected = expectedInPlaceOf(s, i, level);
    if (expected !== null)
      throw new TypeError(`vocabulary: symbol ${i} is ${JSON.stringify(s)}, expected ${expected}`);
    if (seen.has(s as string))
      throw new TypeError(`vocabulary: symbol ${i}, ${JSON.stringify(s)}, occurs twice`);
    seen.add(s as string);
  });
  if (level !== "char" && seen.size === 0)
    throw new TypeError(`vocabulary: symbols is empty, expected "${unknownWord}" at least`);
  const all = [...seen];
  if (level === "char") return new Characters(all.map((s) => s.codePointAt(0)!));
  return level === "word" ? new Words(all) : new Tokens(all);
}

/** What symbol `i` should be instead; null if it is right. */
function expectedInPlaceOf(s: unknown, i: number, level: Vocabulary["level"]): string | null {
  if (level === "char") {
    const code = typeof s === "string" ? s.codePointAt(0) : undefined;
    return code !== undefined && String.fromCodePoint(code) === s ? null : "one character";
  }
  if (i === 0) return s === unknownWord ? null : `"${unknownWord}"`;
  if (level === "token") return typeof s === "string" && isToken(s) ? null : "one token";
  return typeof s === "string" && s !== "" && endOfWord(s, 0) === s.length ? null : "one word";
}
