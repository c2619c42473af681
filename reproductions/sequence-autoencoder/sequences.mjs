// What is to be remembered: letters drawn at random, and words.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chain, fromArray, Key } from "longspan";
import { alphabet, draws } from "../pairs.mjs";

export const letters = alphabet("abcdefghijklmnopqrstuvwxyz");
/** The shortest and the longest. */
export const [shortest, longest] = [2, 20];
export const lengths = Array.from({ length: longest - shortest + 1 }, (_, i) => shortest + i);

/** So many sequences of letters drawn at random, the lengths too by default. */
function randomLetters(key, count, length) {
  const draw = draws(key);
  return Array.from({ length: count }, () =>
    Array.from({ length: length ?? draw.of(lengths) }, () => draw.below(letters.size)),
  );
}

/** At most so many of each length for tests. */
const most = 400;

/**
 * A kind of sequences.
 *
 * @param folder that of `cmudict.dict`, for words
 * @returns { batch: key, count => sequences for training, test: sequences that training never sees }
 */
export const kinds = {
  letters: () => ({
    batch: (key, count) => randomLetters(key, count),
    test: lengths.flatMap((length) => randomLetters(Key.of(300).fold(length), most, length)),
  }),
  words(folder) {
    const names = readFileSync(join(folder, "cmudict.dict"), "utf8")
      .split("\n")
      .map((line) => line.split(" ")[0].replace(/\(\d+\)$/, ""));
    const words = [...new Set(names)].filter(
      (word) => /^[a-z]+$/.test(word) && word.length >= shortest && word.length <= longest,
    );
    // The split depends on the words alone. A tenth of each length is held out.
    const order = draws(Key.of(20)).shuffled(words);
    const heldOut = lengths.flatMap((length) => {
      const of = order.filter((word) => word.length === length);
      return of.slice(0, Math.min(most, Math.ceil(of.length / 10)));
    });
    const isHeldOut = new Set(heldOut);
    const train = order.filter((word) => !isHeldOut.has(word)).map(letters.read);
    return {
      batch(key, count) {
        const draw = draws(key);
        return Array.from({ length: count }, () => draw.of(train));
      },
      test: heldOut.map(letters.read),
    };
  },
};

/** Sequences as a net reads them. */
export function packed(sequences) {
  const structure = chain(sequences.map((s) => s.length));
  return { x: structure.pack(fromArray(sequences.flat(), [structure.nodes], "int32")), structure };
}
