import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countUnknown, storedVocabulary, tokenVocabulary, vocabularyFrom } from "../../src/data/index.js";

/** As a text of tokens is read by hand: white space parts tokens, and a line's end is one. */
function naively(text: string): string[] {
  const tokens: string[] = [];
  let token = "";
  for (const character of `${text} `) {
    if (!/\s/u.test(character)) {
      token += character;
      continue;
    }
    if (token !== "") tokens.push(token);
    token = "";
    if (character === "\n") tokens.push("\n");
  }
  return tokens;
}

const text = fc
  .array(fc.constantFrom(" ", "\n", "\t", "\r\n", "\u00a0", "a", "the", "<unk>", "N", "it's", "🙂", "@-@"), {
    maxLength: 30,
  })
  .map((parts) => parts.join(""));

describe("tokens between white space", () => {
  // The beginning of Penn Treebank as Mikolov prepared it.
  const lines =
    " no it was n't black monday \n but while the new york stock exchange did n't <unk> apart friday \n";

  it("are the words of Penn Treebank, the unknown one and the end of a line among them", () => {
    const { symbols, unknown, level } = tokenVocabulary(lines);
    expect(level).toBe("token");
    expect(symbols.slice(0, 3)).toEqual(["<unk>", "\n", "n't"]);
    expect(unknown).toBe(0);
    expect(symbols).toHaveLength(18);
  });

  it("read as by hand, <unk> as the one unknown word, and are written so that they are read again", () => {
    fc.assert(
      fc.property(text, (whole) => {
        const vocabulary = tokenVocabulary(whole);
        const numbers = vocabulary.encode(whole);
        expect([...numbers].map((n) => vocabulary.symbols[n])).toEqual(naively(whole));
        expect([...vocabulary.encode(vocabulary.decode(numbers))]).toEqual([...numbers]);
      }),
      { numRuns: 1000 },
    );
  });

  it("are those of the whole, where the text comes in parts", () => {
    const cut = fc.tuple(text, fc.array(fc.nat(60), { maxLength: 6 })).map(([whole, at]) => {
      const ends = [...at.map((p) => p % (whole.length + 1)), whole.length].sort((a, b) => a - b);
      return { whole, parts: ends.map((end, k) => whole.slice(ends[k - 1] ?? 0, end)) };
    });
    fc.assert(
      fc.property(cut, ({ whole, parts }) => {
        const vocabulary = tokenVocabulary(parts);
        expect(vocabulary.symbols).toEqual(tokenVocabulary(whole).symbols);
        const numbers = [...vocabulary.wholeSymbols(parts)].flatMap((part) => [...vocabulary.encode(part)]);
        expect(numbers).toEqual([...vocabulary.encode(whole)]);
      }),
      { numRuns: 1000 },
    );
  });

  it("are the most frequent ones, as many as asked for; the others are unknown, and left out if asked", () => {
    const vocabulary = tokenVocabulary("b a a c b a\n", { size: 3 });
    expect(vocabulary.symbols).toEqual(["<unk>", "a", "b"]);
    expect(tokenVocabulary("b a a c b a\n", { minCount: 2 }).symbols).toEqual(["<unk>", "a", "b"]);
    const numbers = vocabulary.encode("c a\n");
    expect([...numbers]).toEqual([0, 1, 0]);
    expect(countUnknown(vocabulary, numbers)).toBe(2);
    expect([...vocabulary.encode("c a\n", { skipUnknown: true })]).toEqual([1]);
  });

  it("are kept, and refused where one is none", () => {
    const vocabulary = tokenVocabulary(lines);
    const again = vocabularyFrom(JSON.parse(JSON.stringify(storedVocabulary(vocabulary))));
    expect([again.level, again.symbols]).toEqual(["token", vocabulary.symbols]);
    expect([...again.encode(lines)]).toEqual([...vocabulary.encode(lines)]);
    expect(() => vocabularyFrom({ level: "token", symbols: ["<unk>", "a b"] })).toThrow(
      'symbol 1 is "a b", expected one token',
    );
    expect(() => vocabularyFrom({ level: "token", symbols: ["a"] })).toThrow('expected "<unk>"');
  });
});
