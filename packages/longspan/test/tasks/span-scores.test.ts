import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Span,
  type SpanScheme,
  spanSchemeOf,
  spanScores,
  spansOf,
  tagScores,
} from "../../src/tasks/tagging/index.js";

const schemes: readonly SpanScheme[] = ["IOB1", "IOB2", "IOBES", "BILOU"];

/** Tags as a scheme writes spans, letter by letter from its table. */
function written(spans: readonly Span[], tokens: number, scheme: SpanScheme): string[] {
  const tags = new Array<string>(tokens).fill("O");
  const words = { IOB1: "IIII", IOB2: "BBII", IOBES: "SBIE", BILOU: "UBIL" }[scheme];
  const [one, first, inside, last] = words;
  for (const [i, { type, begin, end }] of spans.entries())
    for (let t = begin; t < end; t++) {
      const follows = spans[i - 1]?.end === begin && spans[i - 1]!.type === type;
      const letter = end - begin === 1 ? one : t === begin ? first : t === end - 1 ? last : inside;
      tags[t] = `${scheme === "IOB1" && follows && t === begin ? "B" : letter}-${type}`;
    }
  return tags;
}

/** Spans in their order, some side by side. */
const spans = fc
  .array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 4 }), fc.constantFrom("PER", "LOC", "A-B")), {
    maxLength: 8,
  })
  .map((parts) => {
    let at = 0;
    return parts.map(([gap, length, type]) => {
      const begin = at + gap;
      at = begin + length;
      return { type, begin, end: at };
    });
  });

describe("spans", () => {
  for (const scheme of schemes)
    it(`are read as they were written: ${scheme}`, () => {
      fc.assert(
        fc.property(spans, (all) => {
          const tags = written(all, (all.at(-1)?.end ?? 0) + 1, scheme);
          expect(spansOf(tags, { scheme, mode: "strict" })).toEqual(all);
          expect(spansOf(tags, { scheme })).toEqual(all);
        }),
        { numRuns: 500 },
      );
    });

  // Broken tags: what conlleval makes out, and what is left of it where the scheme is kept to.
  for (const [tags, scheme, conll, strict] of [
    ["O I-A I-A O", "IOB2", "A 1 3", ""],
    ["B-A I-B", "IOB2", "A 0 1, B 1 2", "A 0 1"],
    ["B-A I-A B-A", "IOB1", "A 0 2, A 2 3", "A 2 3"],
    ["I-A B-A", "IOB1", "A 0 1, A 1 2", "A 0 1, A 1 2"],
    ["I-A B-B", "IOB1", "A 0 1, B 1 2", "A 0 1"],
    ["B-A I-A O", "IOBES", "A 0 2", ""],
    ["I-A E-A S-B E-B", "IOBES", "A 0 2, B 2 3, B 3 4", "B 2 3"],
    ["B-A L-A U-A L-A", "BILOU", "A 0 2, A 2 3, A 3 4", "A 0 2, A 2 3"],
    ["B-A B-A E-A", "IOBES", "A 0 1, A 1 3", "A 1 3"],
  ] as const)
    it(`of ${tags} (${scheme})`, () => {
      const read = (mode: "conll" | "strict") =>
        spansOf(tags.split(" "), { scheme, mode })
          .map(({ type, begin, end }) => `${type} ${begin} ${end}`)
          .join(", ");
      expect(read("conll")).toBe(conll);
      expect(read("strict")).toBe(strict);
    });

  it("are refused where a tag is none of the scheme", () => {
    for (const tag of ["X", "E-A", "B-", "BA", ""])
      expect(() => spansOf(["O", tag], { scheme: "IOB2" })).toThrow(
        `spansOf: tags[1] is ${JSON.stringify(tag)}, expected O, or one of B, I with a hyphen and a type (IOB2)`,
      );
  });
});

describe("the scheme", () => {
  it("is told by the tags", () => {
    fc.assert(
      fc.property(fc.array(spans, { maxLength: 5 }), fc.constantFrom(...schemes), (all, scheme) => {
        const long = { type: "LONG", begin: 0, end: 3 };
        const one = { type: "ONE", begin: 4, end: 5 };
        const sentences = [[long, one], ...all].map((some) =>
          written(some, (some.at(-1)?.end ?? 0) + 1, scheme),
        );
        expect(spanSchemeOf(sentences)).toBe(scheme);
      }),
      { numRuns: 300 },
    );
  });

  it("is none where tags are no spans", () => {
    expect(spanSchemeOf([["DET", "NOUN"], ["B-X"]])).toBe(null);
    expect(spanSchemeOf([["O", "O"]])).toBe(null);
    expect(spanSchemeOf([["B-A", "E-A", "L-A"]])).toBe(null);
    expect(spanSchemeOf([])).toBe(null);
  });
});

describe("scores of spans", () => {
  // The examples of seqeval's README.
  const wanted = [
    ["O", "O", "O", "B-MISC", "I-MISC", "I-MISC", "O"],
    ["B-PER", "I-PER", "O"],
  ];
  const found = [
    ["O", "O", "B-MISC", "I-MISC", "I-MISC", "I-MISC", "O"],
    ["B-PER", "I-PER", "O"],
  ];

  it("are those of seqeval: F1 0.5 with MISC 0 and PER 1, accuracy 0.8", () => {
    const scores = spanScores(found, wanted, { scheme: "IOB2" });
    expect(scores).toMatchObject({ scheme: "IOB2", mode: "conll", precision: 0.5, recall: 0.5, f1: 0.5 });
    expect(scores.perType).toEqual([
      { type: "MISC", precision: 0, recall: 0, f1: 0, wanted: 1, found: 1, right: 0 },
      { type: "PER", precision: 1, recall: 1, f1: 1, wanted: 1, found: 1, right: 1 },
    ]);
    expect(tagScores(found, wanted).accuracy).toBeCloseTo(0.8, 12);
  });

  it("depend on the mode: I-NP I-NP for B-NP I-NP is right, or nothing at all", () => {
    const of = (mode: "conll" | "strict") =>
      spanScores([["I-NP", "I-NP", "O"]], [["B-NP", "I-NP", "O"]], { scheme: "IOB2", mode }).f1;
    expect([of("conll"), of("strict")]).toEqual([1, 0]);
  });

  it("count every span once, whatever its type: precision, recall and F1 by hand", () => {
    const scores = spanScores([["B-A", "B-A", "O", "B-B"]], [["B-A", "O", "B-A", "B-A"]], { scheme: "IOB2" });
    expect(scores).toMatchObject({ wanted: 3, found: 3, right: 1, f1: 1 / 3 });
    expect(scores.perType[0]).toMatchObject({ type: "A", precision: 1 / 2, recall: 1 / 3, f1: 2 / 5 });
    expect(scores.perType[1]).toMatchObject({ type: "B", precision: 0, recall: 0, f1: 0 });
  });

  it("of tags: each by its own", () => {
    const { perTag, accuracy, tokens } = tagScores([["D", "N", "N"]], [["D", "N", "V"]]);
    expect([accuracy, tokens]).toEqual([2 / 3, 3]);
    expect(perTag.map(({ type, precision, recall }) => [type, precision, recall])).toEqual([
      ["D", 1, 1],
      ["N", 1 / 2, 1],
      ["V", 0, 0],
    ]);
  });

  it("say what does not fit", () => {
    const options = { scheme: "IOB2" } as const;
    expect(() => spanScores([["O"]], [["O", "O"]], options)).toThrow(
      "found[0] has 1 tags and wanted[0] has 2",
    );
    expect(() => spanScores([], [["O"]], options)).toThrow("the tags of 0 sentences and wanted of 1");
    expect(() => tagScores([[]], [[]])).toThrow("tagScores: wanted has no tags");
  });
});
