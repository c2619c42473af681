// The CMU pronouncing dictionary as pairs of letters and phonemes, and how it is split.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Key } from "longspan";
import { alphabet, draws } from "../pairs.mjs";

export const letters = alphabet("abcdefghijklmnopqrstuvwxyz'");
/** 0 and 1 are begin and end. */
export const phonemes = alphabet(
  "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split(
    " ",
  ),
  2,
);

/** Words that are held out; the split depends on the words alone, not on the seed of a run. */
const [tests, checks] = [12_000, 1000];

/**
 * The words of letters and apostrophes, in three parts. A word that has several pronunciations has them all in `targets`; it is in one part only.
 * Stress is left out.
 *
 * @param folder that of `cmudict.dict`
 */
export function readDictionary(folder) {
  const words = new Map();
  for (const line of readFileSync(join(folder, "cmudict.dict"), "utf8").split("\n")) {
    const [name, ...sounds] = line.replace(/#.*/, "").trim().split(/\s+/);
    const word = name.replace(/\(\d+\)$/, "");
    if (!/^[a-z][a-z']*$/.test(word)) continue;
    const target = phonemes.read(sounds.map((sound) => sound.replace(/\d$/, "")));
    const known = words.get(word) ?? [];
    // Some differ in stress alone.
    if (!known.some((other) => other.join() === target.join())) known.push(target);
    words.set(word, known);
  }
  const all = [...words].map(([word, targets]) => ({ word, source: letters.read(word), targets }));
  const order = draws(Key.of(20)).shuffled(all);
  const held = (from, to) => order.slice(from, to).map((one) => ({ ...one, target: one.targets[0] }));
  return {
    test: held(0, tests),
    check: held(tests, tests + checks),
    /** A pair for each pronunciation. */
    train: order
      .slice(tests + checks)
      .flatMap(({ word, source, targets }) => targets.map((target) => ({ word, source, target }))),
  };
}
