import { check, kind, listOf } from "../../check/index.js";

/**
 * The edit distance of two sequences (Levenshtein): the fewest insertions, deletions and replacements that make one of the other.
 *
 * @param found a list of numbers or texts, or a text, letter by letter @param wanted likewise
 * @example editDistance([1, 2, 3], [1, 3, 3, 4]) // 2: 2 replaced, 4 put in
 */
export function editDistance(found: ArrayLike<number | string>, wanted: ArrayLike<number | string>): number {
  check("editDistance", "found", found, sequence);
  check("editDistance", "wanted", wanted, sequence);
  // Per row, the distance of a beginning of what was found to every beginning of what is wanted.
  let row = Array.from({ length: wanted.length + 1 }, (_, j) => j);
  for (let i = 0; i < found.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < wanted.length; j++) {
      const replaced = row[j]! + (found[i] === wanted[j] ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[wanted.length]!;
}

/**
 * The label error rate over many sequences: all edits that they take together, per label wanted.
 *
 *     sum of editDistance(found[b], wanted[b]) / sum of the lengths of wanted[b]
 *
 * It is above 1 where more labels are put in than were wanted. Of words it is the word error rate, of characters the character error rate.
 *
 * @throws RangeError if there are not as many of both, or no label is wanted
 * @see Graves et al. (2006), "Connectionist temporal classification", equation 2, per sequence there
 * @example labelErrorRate([[1, 2], [3]], [[1, 2, 2], [3]]) // 0.25
 */
export function labelErrorRate(
  found: readonly ArrayLike<number | string>[],
  wanted: readonly ArrayLike<number | string>[],
): number {
  check("labelErrorRate", "found", found, sequences);
  check("labelErrorRate", "wanted", wanted, sequences);
  if (found.length !== wanted.length)
    throw new RangeError(
      `labelErrorRate: found has ${found.length} sequences and wanted ${wanted.length}: they are compared one by one`,
    );
  const labels = wanted.reduce((n, w) => n + w.length, 0);
  if (labels === 0) throw new RangeError("labelErrorRate: wanted has no labels: there is no rate over none");
  return found.reduce((n, f, b) => n + editDistance(f, wanted[b]!), 0) / labels;
}

const sequence = kind(
  "a list of labels, or a text",
  (value) =>
    typeof value === "string" ||
    (typeof value === "object" &&
      value !== null &&
      typeof (value as { readonly length?: unknown }).length === "number"),
);
const sequences = listOf(sequence, "a list of label sequences");
