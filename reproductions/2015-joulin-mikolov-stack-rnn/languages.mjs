// The five languages of the paper, by the names of formalLanguage, and the strings on which nets are tried.

/** The runs of a string: how many a, b, ...; and the first run whose length is determined by those before it. */
const languages = {
  "an-bn": { runs: (n) => [n, n], determined: 1 },
  "an-bn-cn": { runs: (n) => [n, n, n], determined: 1 },
  "an-bn-cn-dn": { runs: (n) => [n, n, n, n], determined: 1 },
  "an-b2n": { runs: (n) => [n, 2 * n], determined: 1 },
  // n here is the last run, which the first two share; they are as even as they can be.
  "an-bm-cnm": { runs: (n) => [n - (n >> 1), n >> 1, n], determined: 2 },
};

export const names = Object.keys(languages);

/** Nets are tried on n = 1 to this; they learn from strings whose n is below 20. */
export const LONGEST = 60;

/**
 * The string of every n, after a string of 10, at which the net begins: [symbols] each, and the steps at which the next symbol is
 * determined.
 */
export function tests(name) {
  const { runs, determined } = languages[name];
  const first = name === "an-bm-cnm" ? 2 : 1;
  return Array.from({ length: LONGEST - first + 1 }, (_, i) => {
    const n = first + i;
    const before = text(runs(10));
    const own = text(runs(n));
    const symbols = [...before, ...own];
    const scored = [...symbols.keys()].filter((t) => t >= before.length && symbols[t] >= determined);
    return { n, symbols, scored };
  });
}

function text(counts) {
  return counts.flatMap((count, symbol) => new Array(count).fill(symbol));
}
