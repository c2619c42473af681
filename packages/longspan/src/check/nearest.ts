/**
 * The name that a user who wrote `word` most probably meant: the only one that begins like it, or the one with the fewest
 * insertions, deletions, replacements and swaps of neighbours, if these are few for its length. Upper and lower case are one; spaces, `_`
 * and `-` count as nothing.
 */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const plainly = (name: string) => name.replace(/[\s_-]/g, "").toLowerCase();
  const plain = plainly(word);
  const begun = names.filter((name) => plain.length > 1 && plainly(name).startsWith(plain));
  if (begun.length === 1) return begun[0];
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const bound = Math.floor(Math.max(plain.length, name.length) / 3);
    // A bound on lengths first, so that a very long name costs nothing.
    if (Math.abs(word.length - name.length) > bound + 2) continue;
    const n = edits(plain, plainly(name));
    if (n <= bound && n < least) [best, least] = [name, n];
  }
  return best;
}

/** ` (did you mean NAME?)` or nothing. */
export function suggestion(word: string, names: readonly string[]): string {
  const name = nearest(word, names);
  return name === undefined ? "" : ` (did you mean ${name}?)`;
}

/** Optimal string alignment distance. */
function edits(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let n = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        n = Math.min(n, before[j - 2]! + 1);
      row.push(n);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
