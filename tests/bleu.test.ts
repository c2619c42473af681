// Expected figures are those of NLTK 3 (nltk.translate.bleu_score, corpus_bleu and sentence_bleu without smoothing), on the sentences of its
// documentation, which are from the paper.

import { bleu } from "longspan";
import { expect, test } from "vitest";

const words = (text: string) => text.split(" ");
const party = words(
  "It is a guide to action which ensures that the military always obeys the commands of the party",
);
const parties = [
  "It is a guide to action that ensures that the military will forever heed Party commands",
  "It is the guiding principle which guarantees the military forces always being under the command of the Party",
  "It is the practical guide for the army always to heed the directions of the party",
].map(words);
const book = words("he read the book because he was interested in world history");
const books = [words("he was interested in world history because he read the book")];

test("BLEU is that of NLTK: of one sentence, of a corpus, and of translations that are too short", () => {
  expect(bleu([party], [parties])).toBeCloseTo(0.5045666840058485, 14);
  expect(bleu([party, book], [parties, books])).toBeCloseTo(0.5920778868801042, 14);
  expect(bleu([party.slice(0, 12), book], [parties.slice(0, 1), books])).toBeCloseTo(0.5753312630700612, 14);
});

test("BLEU of a corpus by hand: counts are clipped and added over sentences, and the nearest length counts", () => {
  // 1-grams: "a" counts twice of four, as the reference has it, and 5 of 5: 7 of 9. 2-grams: 1 of 3 and 4 of 4. 3-grams: 0 of 2 and 3 of 3.
  // 4-grams: 0 of 1 and 2 of 2. Lengths: 9 found; 3 (as near as 5, and shorter) and 5 wanted: no penalty.
  const found = [words("a a a a"), words("1 2 3 4 5")];
  const wanted = [[words("x a a y z"), words("a a x")], [words("1 2 3 4 5")]];
  expect(bleu(found, wanted)).toBeCloseTo(((7 / 9) * (5 / 7) * (3 / 5) * (2 / 3)) ** 0.25, 14);
  // Two labels fewer than wanted: exp(1 - 7 / 5) of nothing wrong.
  expect(bleu([[1, 2, 3, 4, 5]], [[[1, 2, 3, 4, 5, 6, 7]]])).toBeCloseTo(Math.exp(1 - 7 / 5), 14);
});

test("BLEU is 1 of the references themselves, and 0 where no 4-gram is right or nothing was found", () => {
  expect(bleu([party, book], [parties.concat([party]), [book]])).toBe(1);
  expect(bleu([Int32Array.of(1, 2, 3)], [[[1, 2, 3]]])).toBe(0);
  expect(bleu([[]], [[[1, 2, 3]]])).toBe(0);
  // A number is not the text that shows it, and one label is not two.
  expect(bleu([[1, 2, 3, 4, 5]], [[["1", "2", "3", "4", "5"]]])).toBe(0);
  expect(bleu([["a b", "c", "d", "e"]], [[["a", "b c", "d", "e"]]])).toBe(0);
});

test("BLEU says what is missing", () => {
  expect(() => bleu([[1]], [])).toThrow(
    "bleu: found has 1 sequences and wanted has references of 0: they are compared one by one",
  );
  expect(() => bleu([], [])).toThrow("bleu: there are no sequences, and no BLEU of none");
  expect(() => bleu([[1], [2]], [[[1]], []])).toThrow(
    "bleu: wanted[1] has no references; each sequence needs one at least, a list of labels",
  );
  // One reference as if it were a list of them.
  expect(() => bleu([["a"]], [["a"]] as never)).toThrow(/bleu: .*wanted\[0\]\[0\].*a list of labels/);
});
