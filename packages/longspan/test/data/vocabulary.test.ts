import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  characterVocabulary,
  countUnknown,
  storedVocabulary,
  UnknownSymbolError,
  vocabularyFrom,
} from "../../src/data/index.js";

describe("character vocabulary", () => {
  it("holds the code points in order, whatever the order of the text", () => {
    const vocabulary = characterVocabulary("né🙂a\uFF5En");
    expect(vocabulary.symbols).toEqual(["a", "n", "é", "\uFF5E", "🙂"]);
    expect([...vocabulary.encode("🙂an")]).toEqual([4, 0, 1]);
    expect(characterVocabulary("nn🙂\uFF5Eéa").symbols).toEqual(vocabulary.symbols);
  });

  it("gives any text back, and so does its JSON", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const vocabulary = characterVocabulary(text);
        const numbers = vocabulary.encode(text);
        expect(numbers.length).toBe([...text].length);
        expect(vocabulary.decode(numbers)).toBe(text);
        const again = vocabularyFrom(JSON.parse(JSON.stringify(storedVocabulary(vocabulary))));
        expect(again.symbols).toEqual(vocabulary.symbols);
        expect(again.encode(text)).toEqual(numbers);
      }),
      { numRuns: 200 },
    );
  });

  it("knows no unknown symbol", () => {
    const vocabulary = characterVocabulary("ab");
    expect(vocabulary.unknown).toBe(null);
    expect(countUnknown(vocabulary, vocabulary.encode("abba"))).toBe(0);
  });

  it("an empty text has an empty vocabulary", () => {
    expect(characterVocabulary("").size).toBe(0);
  });

  it("an unknown character is named with its place, counted in characters", () => {
    const vocabulary = characterVocabulary("🙂ab");
    expect(() => vocabulary.encode("a🙂b\n")).toThrow(
      'the character "\\n" (U+000A), character 3 of the text counted from 0, is not among the 3 of the vocabulary',
    );
    expect(() => vocabulary.encode("🙃")).toThrow(UnknownSymbolError);
  });

  it("comes from the parts of a text as from the whole", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (parts) => {
        expect(characterVocabulary(parts).symbols).toEqual(characterVocabulary(parts.join("")).symbols);
      }),
      { numRuns: 100 },
    );
  });

  it("leaves out what is unknown, if asked to", () => {
    const vocabulary = characterVocabulary("🙂ab");
    expect([...vocabulary.encode("a🙂n\nb🙃", { skipUnknown: true })]).toEqual([0, 2, 1]);
    expect([...characterVocabulary("").encode("ab", { skipUnknown: true })]).toEqual([]);
  });

  it("a number without a symbol is named", () => {
    expect(() => characterVocabulary("ab").decode([0, 2])).toThrow(
      "vocabulary.decode: symbols holds 2, which is not in the vocabulary; numbers run from 0 to 1",
    );
  });
});

describe("vocabularies from JSON that are none", () => {
  for (const [name, value, message] of [
    ["nothing", null, "stored is a record { level, symbols }, got null"],
    [
      "another level",
      { level: "byte", symbols: [] },
      'level is one of char, word, token, subword, got "byte"',
    ],
    ["no list", { level: "char", symbols: "ab" }, 'symbols is a list, got "ab"'],
    [
      "two characters in one",
      { level: "char", symbols: ["a", "bc"] },
      'symbol 1 is "bc", expected one character',
    ],
    ["a number", { level: "char", symbols: [1] }, "symbol 0 is 1, expected one character"],
    ["nothing for a character", { level: "char", symbols: [""] }, 'symbol 0 is "", expected one character'],
    ["no symbol for unknown words", { level: "word", symbols: [] }, 'symbols is empty, expected "<unk>"'],
    ["a word in its place", { level: "word", symbols: ["a"] }, 'symbol 0 is "a", expected "<unk>"'],
    [
      "two words in one",
      { level: "word", symbols: ["<unk>", "a b"] },
      'symbol 1 is "a b", expected one word',
    ],
    ["nothing for a word", { level: "word", symbols: ["<unk>", ""] }, 'symbol 1 is "", expected one word'],
    [
      "unknown words twice",
      { level: "word", symbols: ["<unk>", "<unk>"] },
      'symbol 1 is "<unk>", expected one word',
    ],
    ["a number for a word", { level: "word", symbols: ["<unk>", 1] }, "symbol 1 is 1, expected one word"],
    [
      "the same word twice",
      { level: "word", symbols: ["<unk>", " a", "a", " a"] },
      'symbol 3, " a", occurs twice',
    ],
    ["the same twice", { level: "char", symbols: ["a", "b", "a"] }, 'symbol 2, "a", occurs twice'],
  ] as const)
    it(name, () => {
      expect(() => vocabularyFrom(value)).toThrow(`vocabulary: ${message}`);
    });
});
