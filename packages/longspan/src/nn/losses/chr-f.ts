import {
  check,
  checkSettings,
  finitePositive,
  flag,
  type KindsOf,
  listOf,
  optional,
  size,
  text,
} from "../../check/index.js";

/** How chrF compares. */
export interface ChrFOptions {
  /** Longest n-grams that are compared; 6 by default. */
  readonly order?: number;
  /** How much more recall counts than precision: beta; 2 by default. */
  readonly beta?: number;
  /** Whether white space counts as characters; it is left out by default. */
  readonly whiteSpace?: boolean;
}

/**
 * chrF of translations: how many of their character n-grams, of 1 to 6 characters, are in a translation that is wanted, and how many of those
 * wanted they have, over all sequences together.
 *
 *     P(n) = n-grams of found that are in wanted / n-grams of found,   R(n) = the same / n-grams of wanted
 *     P, R = means over those n of which both have n-grams
 *     chrF = (1 + beta^2) P R / (beta^2 P + R)
 *
 * An n-gram counts at most as often as it is in the reference. Of several references, the one that gives the sentence the most counts. It is
 * between 0 and 1; papers give 100 times as much. A character is a code point. As sacreBLEU's `corpus_chrf`, whose defaults these are
 * (`chrF2`).
 *
 * @param found a text per sequence
 * @param wanted the references of each sequence: one or more texts
 * @throws RangeError if there are not as many of both, there are none, or a sequence has no reference
 * @see Popović (2015), "chrF: character n-gram F-score for automatic MT evaluation"; Popović (2016), "chrF deconstructed", for beta
 * @example
 * chrF(["the cat sat"], [["the cat sat"]]); // 1
 * chrF(["ab"], [["aa"]]); // 0.25: of letters half are right, of pairs none
 */
export function chrF(
  found: readonly string[],
  wanted: readonly (readonly string[])[],
  options?: ChrFOptions,
): number {
  check("chrF", "found", found, texts);
  check("chrF", "wanted", wanted, referencesOfEach);
  const { order = 6, beta = 2, whiteSpace = false } = checkSettings("chrF", options, kinds);
  checkCounts(found, wanted);
  const cut = (sequence: string) => Array.from(whiteSpace ? sequence : sequence.replace(/\s+/gu, ""));
  const total = found
    .map((sequence, i) =>
      wanted[i]!.map((reference) => countsOf(cut(sequence), cut(reference), order)).reduce((best, counts) =>
        score(counts, beta) > score(best, beta) ? counts : best,
      ),
    )
    .reduce((sum, counts) =>
      sum.map((c, n) => ({
        found: c.found + counts[n]!.found,
        wanted: c.wanted + counts[n]!.wanted,
        both: c.both + counts[n]!.both,
      })),
    );
  return score(total, beta);
}

/** The n-grams of one n. */
interface Counts {
  readonly found: number;
  readonly wanted: number;
  readonly both: number;
}

function countsOf(found: readonly string[], wanted: readonly string[], order: number): Counts[] {
  return Array.from({ length: order }, (_, i) => {
    const known = nGrams(wanted, i + 1);
    let both = 0;
    for (const [name, count] of nGrams(found, i + 1)) both += Math.min(count, known.get(name) ?? 0);
    return { found: Math.max(0, found.length - i), wanted: Math.max(0, wanted.length - i), both };
  });
}

function nGrams(characters: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= characters.length; i++) {
    const name = characters.slice(i, i + n).join("");
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function score(counts: readonly Counts[], beta: number): number {
  const some = counts.filter(({ found, wanted }) => found > 0 && wanted > 0);
  if (some.length === 0) return 0;
  const mean = (of: (c: Counts) => number) => some.reduce((sum, c) => sum + of(c), 0) / some.length;
  const [precision, recall] = [mean((c) => c.both / c.found), mean((c) => c.both / c.wanted)];
  if (precision + recall === 0) return 0;
  return ((1 + beta ** 2) * precision * recall) / (beta ** 2 * precision + recall);
}

function checkCounts(found: readonly unknown[], wanted: readonly (readonly unknown[])[]): void {
  if (found.length !== wanted.length)
    throw new RangeError(
      `chrF: found has ${found.length} texts and wanted has references of ${wanted.length}: they are compared one by one`,
    );
  if (found.length === 0) throw new RangeError("chrF: found has no texts, and there is no chrF of none");
  const without = wanted.findIndex((references) => references.length === 0);
  if (without >= 0)
    throw new RangeError(
      `chrF: wanted[${without}] has no references; each sequence needs one at least, a text`,
    );
}

const texts = listOf(text, "a list of texts");
const referencesOfEach = listOf(
  listOf(text, "a list of references, each a text"),
  "a list with the references of each sequence",
);
const kinds: KindsOf<ChrFOptions> = {
  order: optional(size),
  beta: optional(finitePositive),
  whiteSpace: optional(flag),
};
