/**
 * The name that was probably meant: the one with the fewest insertions, deletions and replacements of characters, if
 * these are no more than a third of its length. Upper and lower case are one, and `_` and `-` count as nothing.
 */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const plain = (name: string) => name.replace(/[_-]/g, "").toLowerCase();
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const most = Math.floor(Math.max(given.length, name.length) / 3);
    if (Math.abs(given.length - name.length) > most + 2) continue;
    const n = edits(plain(given), plain(name));
    if (n <= most && n < least) [best, least] = [name, n];
  }
  return best;
}

/** Levenshtein distance. */
function edits(a: string, b: string): number {
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++)
      row.push(Math.min(last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), last[j]! + 1, row[j - 1]! + 1));
    last = row;
  }
  return last[b.length]!;
}
