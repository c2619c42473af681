import { check, kind, listOf } from "../../check/index.js";

/**
 * BLEU of translations: how many of their n-grams, runs of 1 to 4 labels, are in a translation that is wanted, over all sequences together.
 *
 *     p(n) = n-grams of found that are in wanted / n-grams of found
 *     BLEU = min(1, exp(1 - r / c)) exp((ln p(1) + ln p(2) + ln p(3) + ln p(4)) / 4)
 *
 * An n-gram counts at most as often as it is in one reference of its sequence: the one that has it most often. c is the number of labels
 * found and r of those wanted, so that short translations are worth less; r adds, for each sequence, the length of the reference whose length
 * is nearest, and of two that are as near, the shorter.
 *
 * It is between 0 and 1; papers give 100 times as much. Nothing is smoothed: with no 4-gram right, it is 0. It is a measure of a whole set
 * of sentences, of little worth for one. Labels are compared as they are: what is a word, and whether case counts, is decided where text is
 * cut, and figures compare only where that was done alike.
 *
 * @param found a list of numbers or texts per sequence
 * @param wanted the references of each sequence: one or more lists of numbers or texts
 * @throws RangeError if there are not as many of both, there are none, or a sequence has no reference
 * @see Papineni et al. (2002), "BLEU: a method for automatic evaluation of machine translation"
 * @example
 * const found = ["the cat sat on the mat".split(" ")];
 * bleu(found, [["the cat sat on a mat".split(" "), "the cat sat on the mat".split(" ")]]) // 1
 * bleu(found, [["the cat sat on a mat".split(" ")]]).toFixed(3) // "0.537"
 */
export function bleu(
  found: readonly ArrayLike<number | string>[],
  wanted: readonly (readonly ArrayLike<number | string>[])[],
): number {
  check("bleu", "found", found, sequences);
  check("bleu", "wanted", wanted, referencesOfEach);
  checkCounts(found, wanted);
  const right = [0, 0, 0, 0];
  const all = [0, 0, 0, 0];
  let [c, r] = [0, 0];
  for (const [b, labels] of found.entries()) {
    const references = wanted[b]!;
    c += labels.length;
    r += nearestLength(labels.length, references);
    for (const i of right.keys()) {
      all[i]! += Math.max(0, labels.length - i);
      right[i]! += matches(labels, references, i + 1);
    }
  }
  if (right.includes(0)) return 0;
  const meanLog = right.reduce((sum, n, i) => sum + Math.log(n / all[i]!), 0) / right.length;
  return Math.exp(Math.min(0, 1 - r / c) + meanLog);
}

/** How many n-grams of labels are in the references, each at most as often as in the one that has it most often. */
function matches(
  labels: ArrayLike<number | string>,
  references: readonly ArrayLike<number | string>[],
  n: number,
): number {
  const counts = references.map((reference) => nGrams(reference, n));
  let sum = 0;
  for (const [name, count] of nGrams(labels, n))
    sum += Math.min(count, Math.max(...counts.map((known) => known.get(name) ?? 0)));
  return sum;
}

/** Each n-gram of a sequence, and how often it is there. */
function nGrams(labels: ArrayLike<number | string>, n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= labels.length; i++) {
    // JSON tells the number 1 from the text "1", and labels with spaces in them from two labels.
    const name = JSON.stringify(Array.from({ length: n }, (_, j) => labels[i + j]));
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Of the lengths of the references the nearest; of two, the shorter. */
function nearestLength(length: number, references: readonly ArrayLike<unknown>[]): number {
  const lengths = references.map((reference) => reference.length).sort((a, b) => a - b);
  return lengths.reduce((best, l) => (Math.abs(l - length) < Math.abs(best - length) ? l : best));
}

function checkCounts(found: readonly unknown[], wanted: readonly (readonly unknown[])[]): void {
  if (found.length !== wanted.length)
    throw new RangeError(
      `bleu: found has ${found.length} sequences and wanted has references of ${wanted.length}: they are compared one by one`,
    );
  if (found.length === 0) throw new RangeError("bleu: there are no sequences, and no BLEU of none");
  const without = wanted.findIndex((references) => references.length === 0);
  if (without >= 0)
    throw new RangeError(
      `bleu: wanted[${without}] has no references; each sequence needs one at least, a list of labels`,
    );
}

// A text is no list of labels here: wanted[b] would take the words of one reference for references of letters.
const labelList = kind(
  "a list of labels",
  (value) =>
    typeof value === "object" &&
    value !== null &&
    typeof (value as { readonly length?: unknown }).length === "number",
);
const sequences = listOf(labelList, "a list of label sequences");
const referencesOfEach = listOf(
  listOf(labelList, "a list of references, each a list of labels"),
  "a list with the references of each sequence",
);
