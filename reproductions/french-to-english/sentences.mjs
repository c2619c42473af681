// The pairs of French and English sentences of Tatoeba: how they are cut into words, and how they are split.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { alphabet } from "../pairs.mjs";
import { fail } from "../runs.mjs";

/** Of 100 English sentences, those that are for tests and those that are looked at on the way. */
const [tests, checks] = [5, 1];
/** A word that training has less often is unknown. */
const least = 3;
/** What stands for such a word; no word has an angle bracket in it. */
const unknown = "<unknown>";
/** Training leaves out pairs with a longer sentence, of either language. */
const longest = 40;

const plain = (text) => text.normalize("NFC").toLowerCase().replaceAll("’", "'");
/** Lower case; words, numbers, and each other sign by itself. An apostrophe goes with what follows it in English: don 't. */
export const englishWords = (text) => plain(text).match(/\p{L}+|'\p{L}+|\p{N}+|[^\s\p{L}\p{N}]/gu) ?? [];
/** As in English, but an apostrophe goes with what it follows: j' ai. */
export const frenchWords = (text) => plain(text).match(/\p{L}+'?|\p{N}+|[^\s\p{L}\p{N}]/gu) ?? [];

/** Which part an English sentence is in, by a hash of its words (FNV-1a of the bytes of UTF-8, 32 bits): whoever cuts likewise has the same parts. */
function partOf(english) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(english.join(" ")))
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  const number = hash % 100;
  return number < tests ? "test" : number < tests + checks ? "check" : "train";
}

/**
 * The sentences in three parts, with the words of each language.
 *
 * No English sentence is in two parts. A French sentence may have several English ones: if training has one of them, the sentence is in no
 * other part; else it is there once, with all its English ones as `references` (words) and `targets` (symbols).
 *
 * @param folder that of `fra.txt` or `fra.txt.gz`: an English sentence, a tab, a French one, in each line
 */
export function readSentences(folder) {
  const parts = { train: [], check: [], test: [] };
  for (const line of linesOf(folder)) {
    const [english, french] = line.split("\t");
    const pair = { english: englishWords(english), french: frenchWords(french) };
    if (pair.english.length > 0 && pair.french.length > 0) parts[partOf(pair.english)].push(pair);
  }
  const kept = parts.train.filter(
    ({ english, french }) => Math.max(english.length, french.length) <= longest,
  );
  const source = vocabulary(
    kept.map(({ french }) => french),
    0,
  );
  const target = vocabulary(
    kept.map(({ english }) => english),
    2,
  );
  const trained = new Set(parts.train.map(({ french }) => french.join(" ")));
  const held = (pairs) => {
    const known = new Map();
    for (const { english, french } of pairs) {
      const name = french.join(" ");
      if (trained.has(name)) continue;
      if (!known.has(name)) known.set(name, { source: source.read(french), references: [], targets: [] });
      const { references, targets } = known.get(name);
      // Some pairs differ in case alone.
      if (references.some((other) => other.join(" ") === english.join(" "))) continue;
      references.push(english);
      targets.push(target.read(english));
    }
    return [...known.values()].map((one) => ({ ...one, target: one.targets[0] }));
  };
  return {
    source,
    target,
    train: kept.map(({ english, french }) => ({ source: source.read(french), target: target.read(english) })),
    check: held(parts.check),
    test: held(parts.test),
  };
}

function linesOf(folder) {
  const file = ["fra.txt.gz", "fra.txt"].map((name) => join(folder, name)).find(existsSync);
  if (file === undefined)
    fail(`--data: there is neither fra.txt.gz nor fra.txt in ${folder}; README.md says where it is from`);
  const bytes = readFileSync(file);
  return (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8").split("\n").filter(Boolean);
}

/** The words that sentences have often enough, in the order of their first use, as symbols from `from` on; the first is the unknown word. */
function vocabulary(sentences, from) {
  const counts = new Map();
  for (const word of sentences.flat()) counts.set(word, (counts.get(word) ?? 0) + 1);
  const known = [...counts].filter(([, count]) => count >= least).map(([word]) => word);
  const names = alphabet([unknown, ...known], from);
  const set = new Set(known);
  return { ...names, read: (words) => names.read(words.map((word) => (set.has(word) ? word : unknown))) };
}
