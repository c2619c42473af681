// How the reproduction `french-to-english` cuts and splits its sentences.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Held {
  readonly source: readonly number[];
  readonly references: readonly (readonly string[])[];
  readonly targets: readonly (readonly number[])[];
}
interface Pair {
  readonly source: readonly number[];
  readonly target: readonly number[];
}
interface Vocabulary {
  readonly size: number;
  write(symbols: readonly number[]): string[];
}
interface Sentences {
  englishWords(text: string): string[];
  frenchWords(text: string): string[];
  readSentences(folder: string): {
    readonly source: Vocabulary;
    readonly target: Vocabulary;
    readonly train: readonly Pair[];
    readonly check: readonly Held[];
    readonly test: readonly Held[];
  };
}

// A program of `reproductions`, which are outside what TypeScript checks.
const file = new URL("../reproductions/french-to-english/sentences.mjs", import.meta.url).href;
const sentences = (await import(file)) as Sentences;

test("sentences are cut into words in lower case, signs by themselves, apostrophes as the language has them", () => {
  expect(sentences.englishWords("I don’t know, Tom's 5-year plan.")).toEqual(
    "i don 't know , tom 's 5 - year plan .".split(" "),
  );
  expect(sentences.frenchWords("J'ai vu l’« œuf » !")).toEqual("j' ai vu l' « œuf » !".split(" "));
  // A letter and its accent as one sign or as two are the same.
  expect(sentences.frenchWords("E\u0301te\u0301")).toEqual(["\u00e9t\u00e9"]);
});

test("no English sentence is in two parts, and no French one that training has is tried", () => {
  const folder = mkdtempSync(join(tmpdir(), "sentences-"));
  // The first French sentence has two English ones, the first English one two French ones. Digits are words of their own, so all are known.
  const lines = Array.from({ length: 600 }, (_, i) => {
    const digits = [...String(i)].join(" ");
    return `I see ${digits}.\tJe vois ${digits}.\nI SEE ${digits}.\tMoi, je vois ${digits}.\nI can see ${digits}.\tJe vois ${digits}.`;
  });
  writeFileSync(join(folder, "fra.txt"), `${lines.join("\n")}\n`);
  const { train, check, test: tried, source, target } = sentences.readSentences(folder);
  const text = (vocabulary: Vocabulary, symbols: readonly number[]) => vocabulary.write(symbols).join(" ");
  const englishOf = (held: readonly Held[]) =>
    held.flatMap(({ references }) => references.map((r) => r.join(" ")));
  const trained = new Set(train.map((pair) => text(target, pair.target)));
  const trainedFrench = new Set(train.map((pair) => text(source, pair.source)));
  expect(tried.length).toBeGreaterThan(10);
  expect(check.length).toBeGreaterThan(0);
  for (const english of [...englishOf(tried), ...englishOf(check)]) expect(trained).not.toContain(english);
  for (const english of englishOf(tried)) expect(englishOf(check)).not.toContain(english);
  for (const { source: symbols } of [...tried, ...check])
    expect(trainedFrench).not.toContain(text(source, symbols));
  // The part of a sentence depends on its words alone: these are pinned.
  expect([train.length, check.length, tried.length]).toEqual([1710, 7, 26]);
});
