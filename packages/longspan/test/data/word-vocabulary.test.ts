import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countUnknown, storedVocabulary, vocabularyFrom, wordVocabulary } from "../../src/data/index.js";
import { endOfWord, wholeWords } from "../../src/data/words.js";

function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = endOfWord(text, at);
    words.push(text.slice(at, end));
    at = end;
  }
  return words;
}

/** Texts in which the cases of the rule come together often. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "\u00a0",
        "\ufeff",
        "a",
        "The",
        "é",
        "e\u0301",
        "7",
      ),
      fc.constantFrom(
        "'",
        "’",
        ".",
        "...",
        "-",
        "_",
        "<unk>",
        "🙂",
        "👩‍👧",
        "❤️",
        "𝒜",
        "語",
        "\ud83d",
        "\ude42",
      ),
      fc.string({ unit: "binary", maxLength: 3 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

describe("a text in parts", () => {
  /** A text, and the same cut anywhere, be it within a character. */
  const cut = fc.tuple(text, fc.array(fc.nat(60), { maxLength: 8 })).map(([whole, places]) => {
    const ends = [...places.map((p) => p % (whole.length + 1)), whole.length].sort((a, b) => a - b);
    return { whole, parts: ends.map((end, k) => whole.slice(ends[k - 1] ?? 0, end)) };
  });

  it("has the words of the whole, none of them in two parts", () => {
    fc.assert(
      fc.property(cut, ({ whole, parts }) => {
        expect([...wholeWords(parts)].flatMap(wordsOf)).toEqual(wordsOf(whole));
      }),
      { numRuns: 3000 },
    );
  });

  it("keeps no more back than the last words", () => {
    expect([...wholeWords(["to be, or n", "ot to\nbe"])]).toEqual(["to be,", " or not to\n", "be"]);
    expect([...wholeWords(["one ", "", "two "])]).toEqual(["one", " two "]);
  });

  it("has the vocabulary of the whole", () => {
    fc.assert(
      fc.property(cut, ({ whole, parts }) => {
        expect(wordVocabulary(parts).symbols).toEqual(wordVocabulary(whole).symbols);
      }),
      { numRuns: 300 },
    );
  });
});

describe("words", () => {
  for (const [name, whole, words] of [
    ["nothing", "", []],
    ["a sentence", "The cat, the dog.", ["The", " cat", ",", " the", " dog", "."]],
    ["apostrophes", "don't 'tis dogs' l’été o''", ["don't", " '", "tis", " dogs", "'", " l’été", " o", "''"]],
    ["digits", "in 1984, 3.14", ["in", " 1984", ",", " 3", ".", "14"]],
    ["underscores and hyphens are signs", "a_b co-op", ["a", "_", "b", " co", "-", "op"]],
    ["runs of one sign", 'wait... "what?!" --', ["wait", "...", ' "', "what", "?", "!", '"', " --"]],
    ["spaces", "a  b   ", ["a", " ", " b", "   "]],
    ["indentation", "if x:\n    y\n", ["if", " x", ":", "\n", "   ", " y", "\n"]],
    ["tabs", "\t\ta \tb \n", ["\t\t", "a", " ", "\t", "b", " ", "\n"]],
    ["line breaks", "a\n\nb\r\n\r\nc\rd", ["a", "\n", "\n", "b", "\r\n", "\r\n", "c", "\r", "d"]],
    ["combining marks", "e\u0301te\u0301 \u0301", ["e\u0301te\u0301", " \u0301"]],
    ["emoji", "🙂🙂🙃 👩‍👧", ["🙂🙂", "🙃", " 👩", "\u200d", "👧"]],
    ["letters beyond 16 bits", "𝒜𝒷 𝒞", ["𝒜𝒷", " 𝒞"]],
    ["other white space", "a\u00a0\u00a0b\u2028c", ["a", "\u00a0\u00a0", "b", "\u2028", "c"]],
    ["halves of surrogate pairs", "a\ud83d\ud83db", ["a", "\ud83d\ud83d", "b"]],
    ["the unknown word", "<unk>", ["<", "unk", ">"]],
  ] as const)
    it(name, () => expect(wordsOf(whole)).toEqual(words));

  it("give any text back, and each is one word by itself", () => {
    fc.assert(
      fc.property(text, (whole) => {
        const words = wordsOf(whole);
        expect(words.join("")).toBe(whole);
        for (const word of words) expect(wordsOf(word)).toEqual([word]);
      }),
      { numRuns: 2000 },
    );
  });

  it("of ten million characters are found in one pass, without a stack", () => {
    for (const unit of ["a", "a'", "𝒜", " ", "-", "🙂", "\n"]) {
      const whole = unit.repeat(10_000_000 / unit.length);
      const words = wordsOf(whole);
      expect(words.length).toBe(unit === "\n" ? 10_000_000 : unit === "a'" ? 2 : 1);
      expect(words.reduce((n, w) => n + w.length, 0)).toBe(10_000_000);
    }
  });
});

describe("word vocabulary", () => {
  it("holds the most frequent words, the unknown one first", () => {
    const whole = "b a b c b a d c";
    const { symbols } = wordVocabulary(whole, { minCount: 1 });
    expect(symbols).toEqual(["<unk>", " a", " b", " c", " d", "b"]);
    expect(wordVocabulary(whole).symbols).toEqual(["<unk>", " a", " b", " c"]);
    expect(wordVocabulary(whole, { minCount: 3 }).symbols).toEqual(["<unk>"]);
    expect(wordVocabulary(whole, { minCount: 1, size: 3 }).symbols).toEqual(["<unk>", " a", " b"]);
    expect(wordVocabulary(whole, { size: 1 }).symbols).toEqual(["<unk>"]);
    expect(wordVocabulary(" b b\u00e9 z z z", { minCount: 1 }).symbols).toEqual([
      "<unk>",
      " z",
      " b",
      " b\u00e9",
    ]);
  });

  it("of two words as frequent, the one with the lower characters comes first, wherever they stand", () => {
    for (const order of [
      ["b", "🙂", " a", "!"],
      ["!", "b", "🙂", " a"],
    ])
      expect(wordVocabulary(order.join("\n"), { minCount: 1 }).symbols).toEqual([
        "<unk>",
        "\n",
        " a",
        "!",
        "b",
        "🙂",
      ]);
  });

  it("maps all other words to the unknown one, and counts it", () => {
    const vocabulary = wordVocabulary("to be, or not to be", { minCount: 1 });
    expect(vocabulary.symbols).toEqual(["<unk>", " be", " not", " or", " to", ",", "to"]);
    const numbers = vocabulary.encode("to be, <unk> or so\n");
    expect([...numbers]).toEqual([6, 1, 5, 0, 0, 0, 3, 0, 0]);
    expect(countUnknown(vocabulary, numbers)).toBe(5);
    expect(vocabulary.decode(numbers)).toBe("to be,<unk><unk><unk> or<unk><unk>");
    expect(() => vocabulary.decode([7])).toThrow(
      "vocabulary.decode: symbols holds 7, which is not in the vocabulary; numbers run from 0 to 6",
    );
  });

  it("an empty text has the unknown word only", () => {
    const vocabulary = wordVocabulary("");
    expect(vocabulary.symbols).toEqual(["<unk>"]);
    expect([...vocabulary.encode("")]).toEqual([]);
    expect([...vocabulary.encode("a b")]).toEqual([0, 0]);
  });

  it("gives a text back if it knows all its words, and so does its JSON", () => {
    fc.assert(
      fc.property(text, (whole) => {
        const vocabulary = wordVocabulary(whole, { minCount: 1, size: 1000 });
        const numbers = vocabulary.encode(whole);
        expect(countUnknown(vocabulary, numbers)).toBe(0);
        expect(vocabulary.decode(numbers)).toBe(whole);
        const again = vocabularyFrom(JSON.parse(JSON.stringify(storedVocabulary(vocabulary))));
        expect([again.level, again.symbols]).toEqual(["word", vocabulary.symbols]);
        expect(again.encode(whole)).toEqual(numbers);
      }),
      { numRuns: 500 },
    );
  });

  it("any two texts: each word is its own or the unknown one, as often as the limits say", () => {
    const limits = fc.record({
      size: fc.integer({ min: 1, max: 8 }),
      minCount: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(text, text, limits, (known, other, { size, minCount }) => {
        const vocabulary = wordVocabulary(known, { size, minCount });
        const count = (word: string) => wordsOf(known).filter((w) => w === word).length;
        const held = vocabulary.symbols.slice(1);
        expect(vocabulary.size).toBeLessThanOrEqual(size);
        for (const word of held) expect(count(word)).toBeGreaterThanOrEqual(minCount);
        const least = Math.min(...held.map(count));
        const left = [...new Set(wordsOf(known))].filter((w) => !held.includes(w) && count(w) >= minCount);
        for (const word of left) expect(vocabulary.size === size && count(word) <= least).toBe(true);
        const found = [...vocabulary.encode(other)].map((n) => vocabulary.symbols[n]);
        expect(found).toEqual(wordsOf(other).map((w) => (held.includes(w) ? w : "<unk>")));
      }),
      { numRuns: 500 },
    );
  });

  it("impossible limits", () => {
    expect(() => wordVocabulary("a", { size: 0 })).toThrow(
      "wordVocabulary: size is a positive integer, got 0",
    );
    expect(() => wordVocabulary("a", { minCount: 1.5 })).toThrow(
      "wordVocabulary: minCount is a positive integer, got 1.5",
    );
  });
});
