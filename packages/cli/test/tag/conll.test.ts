import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ColumnsError,
  type ColumnsOptions,
  type ColumnsReader,
  type ReadSentence,
} from "../../src/jobs/tag/columns.js";
import { conllReader } from "../../src/jobs/tag/conll.js";
import { conllUReader } from "../../src/jobs/tag/conll-u.js";

const usual: ColumnsOptions = { word: "auto", tag: "auto", tagged: true };

/** All sentences of a text. @throws ColumnsError */
function all(reader: ColumnsReader, text: string): ReadSentence[] {
  const found: ReadSentence[] = [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const [i, line] of lines.entries()) {
    const sentence = reader.line(line, i + 1);
    if (sentence) found.push(sentence);
  }
  const last = reader.end();
  return last ? [...found, last] : found;
}
const plain = (sentences: readonly ReadSentence[]) => sentences.map(({ tokens, tags }) => [tokens, tags]);

const word = (id: string, form: string, upos: string) =>
  [id, form, "_", upos, "_", "_", "_", "_", "_", "_"].join("\t");
const small = [
  "# sent_id = 1",
  "# text = don't go",
  "1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_",
  word("1", "do", "AUX"),
  word("2", "n't", "PART"),
  word("2.1", "you", "PRON"),
  word("3", "go", "VERB"),
  "",
  "# sent_id = 2",
  word("1", "10 000", "NUM"),
  "",
].join("\n");

describe("CoNLL-U", () => {
  it("is read word by word; ranges, empty nodes and comments are passed over", () => {
    expect(all(conllUReader(usual), small)).toEqual([
      { tokens: ["do", "n't", "go"], tags: ["AUX", "PART", "VERB"], at: 4 },
      { tokens: ["10 000"], tags: ["NUM"], at: 10 },
    ]);
    // The last sentence needs no empty line, and one of white space is empty.
    expect(plain(all(conllUReader(usual), small.trimEnd().replace("\n\n", "\n \n")))).toEqual(
      plain(all(conllUReader(usual), small)),
    );
  });

  it("has other columns, by name or number; none where there are no tags yet", () => {
    const text = "1\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n";
    const of = (options: Partial<ColumnsOptions>) => plain(all(conllUReader({ ...usual, ...options }), text));
    expect(of({ tag: "xpos" })).toEqual([[["go"], ["VB"]]]);
    expect(of({ tag: "8", word: "lemma" })).toEqual([[["go"], ["root"]]]);
    expect(of({ tag: "feats" })).toEqual([[["go"], ["_"]]]);
    expect(plain(all(conllUReader({ ...usual, tagged: false }), "1\tgo\t_\t_\t_\t_\t_\t_\t_\t_\n"))).toEqual([
      [["go"], []],
    ]);
    expect(() => conllUReader({ ...usual, tag: "upo" })).toThrow(
      "there is no column upo in CoNLL-U (did you mean upos?)",
    );
  });

  for (const [name, text, message] of [
    [
      "fewer columns",
      "1\tgo\tgo\tVERB\n",
      "line 1: 4 columns, expected 10 with tabs between them (ID, FORM, LEMMA",
    ],
    ["spaces", "1 go go VERB VB _ 0 root _ _\n", "for columns with spaces, --format conll"],
    [
      "a number left out",
      `${word("1", "a", "X")}\n${word("3", "b", "X")}\n`,
      'line 2, column ID: "3", expected 2: words are numbered from 1',
    ],
    [
      "no empty line",
      `${word("1", "a", "X")}\n${word("1", "b", "X")}\n`,
      'line 2, column ID: "1", expected 2: words are numbered from 1, and an empty line ends a sentence',
    ],
    ["an empty word", `${word("1", "", "X")}\n`, "line 1, column FORM: is empty, expected a word"],
    [
      "no tag",
      `${word("1", "a", "_")}\n`,
      'line 1, column UPOS: "_" for the word "a", expected a tag; another column is named with --tag',
    ],
    ["a comment within", `${word("1", "a", "X")}\n# text\n`, "line 2: a comment within a sentence"],
    [
      "a range of words that do not come",
      `1-3${word("", "ab", "_")}\n${word("1", "a", "X")}\n\n`,
      "line 3, column ID: the sentence ends with word 1, and a line before covers words up to 3",
    ],
    [
      "a range that begins elsewhere",
      `2-3${word("", "ab", "_")}\n`,
      'line 1, column ID: "2-3" after word 0, expected a range that begins with 1',
    ],
    [
      "an empty node elsewhere",
      `1.1${word("", "ab", "_")}\n`,
      'line 1, column ID: "1.1" after word 0, expected 0.1',
    ],
  ] as const)
    it(`says where it is wrong: ${name}`, () => {
      expect(() => all(conllUReader(usual), text)).toThrow(message);
    });

  it("goes on behind a bad sentence", () => {
    const reader = conllUReader(usual);
    const found: unknown[] = [];
    const lines = [word("1", "a", "X"), "bad", word("2", "b", "X"), "", word("1", "c", "X")];
    for (const [i, line] of lines.entries())
      try {
        found.push(reader.line(line, i + 1));
      } catch {
        reader.skip();
        found.push("bad");
      }
    expect(found).toEqual([null, "bad", null, null, null]);
    expect(reader.end()).toMatchObject({ tokens: ["c"] });
  });
});

describe("columns of CoNLL", () => {
  it("have white space between them, the word first and the tag last", () => {
    const text = "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\n# NN I-NP O\n\nPeter NNP I-NP I-PER\n";
    expect(all(conllReader(usual), text)).toEqual([
      { tokens: ["EU", "#"], tags: ["I-ORG", "O"], at: 3 },
      { tokens: ["Peter"], tags: ["I-PER"], at: 6 },
    ]);
    expect(plain(all(conllReader({ ...usual, word: "2", tag: "1" }), text))[0]).toEqual([
      ["NNP", "NN"],
      ["EU", "#"],
    ]);
  });

  it("have tabs between them, if the first line has some: words may have spaces", () => {
    expect(plain(all(conllReader(usual), "New York\tB\nof\tO\n"))).toEqual([
      [
        ["New York", "of"],
        ["B", "O"],
      ],
    ]);
  });

  for (const [name, text, message] of [
    [
      "one column",
      "a\n",
      "line 1: 1 column, expected 2 at least: a word and its tag, with white space between them",
    ],
    ["another number of columns", "a X\n\nb X Y\n", "line 3: 3 columns, expected 2 as in line 1"],
    ["no word", "a\tX\n\tX\n", "line 2, column 1: is empty, expected a word"],
    ["no tag", "a\tX\nb\t\n", 'line 2, column 2: is empty for the word "b", expected a tag'],
  ] as const)
    it(`say where they are wrong: ${name}`, () => {
      expect(() => all(conllReader(usual), text)).toThrow(message);
    });

  it("have no names", () => {
    expect(() => conllReader({ ...usual, tag: "ner" })).toThrow(
      "--tag ner: these columns have no names; give a number, from 1",
    );
  });
});

/** CoNLL-U as its page on the web says it, sentence by sentence; null for what is none. */
function bySentence(text: string): [string[], string[]][] | null {
  const found: [string[], string[]][] = [];
  for (const block of text.replace(/\n$/, "").split(/\n(?:[^\S\n]*\n)+|^(?:[^\S\n]*\n)+/u)) {
    const lines = block
      .split("\n")
      .filter((line, i, { length }) => !(/^\s*$/u.test(line) && (i === length - 1 || i === 0)));
    while (lines[0]?.startsWith("#")) lines.shift();
    const [tokens, tags]: [string[], string[]] = [[], []];
    const covered = new Set<number>();
    let empties = 0;
    for (const line of lines) {
      const fields = line.split("\t");
      if (fields.length !== 10) return null;
      const [id, form, , upos] = fields as [string, string, string, string];
      const n = tokens.length;
      if (/^\d+-\d+$/.test(id)) {
        const [from, to] = id.split("-").map(Number) as [number, number];
        if (id !== `${from}-${to}` || from !== n + 1 || to < from || covered.has(from)) return null;
        for (let k = from; k <= to; k++) covered.add(k);
      } else if (/^\d+\.\d+$/.test(id)) {
        empties += 1;
        if (id !== `${n}.${empties}`) return null;
      } else {
        if (id !== String(n + 1) || /^\s*$/u.test(form) || /^\s*$/u.test(upos) || upos === "_") return null;
        tokens.push(form);
        tags.push(upos);
        empties = 0;
      }
    }
    for (const k of covered) if (k > tokens.length) return null;
    if (tokens.length > 0) found.push([tokens, tags]);
  }
  return found;
}

describe("100,000 mutated files", () => {
  const pieces = [
    "\t",
    "\n",
    " ",
    "#",
    "1",
    "2",
    "3",
    "-",
    ".",
    "_",
    "1-2",
    "2.1",
    "X",
    "\u00a0",
    "é",
    "\r",
    "0",
  ];
  /** A text with some characters, lines or pieces taken out, put in or exchanged. */
  const mutated = fc
    .array(fc.tuple(fc.nat(5), fc.nat(999), fc.nat(999), fc.constantFrom(...pieces)), {
      minLength: 1,
      maxLength: 4,
    })
    .map((changes) => {
      let text = small;
      for (const [what, a, b, piece] of changes) {
        const at = a % (text.length + 1);
        const lines = text.split("\n");
        const [i, j] = [a % lines.length, b % lines.length];
        if (what === 0) text = text.slice(0, at) + piece + text.slice(at);
        else if (what === 1) text = text.slice(0, at) + text.slice(at + 1);
        else if (what === 2) text = text.slice(0, at) + piece + text.slice(at + 1);
        else if (what === 3) text = lines.toSpliced(i, 1).join("\n");
        else if (what === 4) text = lines.toSpliced(i, 0, lines[j]!).join("\n");
        else text = text.slice(0, at);
      }
      return text;
    });

  it("of CoNLL-U are an error that names the line, or read as its rules say", () => {
    let accepted = 0;
    fc.assert(
      fc.property(mutated, (text) => {
        let read: unknown = null;
        try {
          read = plain(all(conllUReader(usual), text));
        } catch (error) {
          if (!(error instanceof ColumnsError)) throw error;
          expect(error.line).toBeGreaterThan(0);
          expect(error.line).toBeLessThanOrEqual(text.split("\n").length);
        }
        expect(read).toEqual(bySentence(text));
        if (read !== null) accepted += 1;
      }),
      { numRuns: 100_000 },
    );
    // Both happen often: neither is tested by the other.
    expect(accepted).toBeGreaterThan(10_000);
    expect(accepted).toBeLessThan(90_000);
  }, 120_000);
});
