// The results as a table: per language and net, how many seeds are right at every n, the best seed, the one that predicts held-out strings best, the
// median and each.

import { names } from "./languages.mjs";

/** Per cent of the n that are right, for the best of the paper's runs, from its table 2. */
const published = {
  "stack-rnn, rounded": [100, 100, 100, 100, 100],
  "stack-rnn": [100, 100, 100, 100, 43.3],
  rnn: [25, 23.3, 13.3, 23.3, 33.3],
  lstm: [100, 100, 68.3, 75, 100],
};

/** The rows of the table: a net, and which of its scores. */
export const arms = [
  { name: "stack-rnn, rounded", net: "stack-rnn", score: "rounded" },
  { name: "stack-rnn", net: "stack-rnn", score: "mixed" },
  { name: "lstm", net: "lstm", score: "mixed" },
  { name: "rnn", net: "rnn", score: "mixed" },
];

export function summary(results) {
  const rows = names.flatMap((language, i) =>
    arms.flatMap(({ name, net, score }) => {
      const runs = results
        .filter((r) => r.language === language && r.net === net)
        .toSorted((a, b) => a.seed - b.seed);
      if (runs.length === 0) return [];
      const shares = runs.map((r) => r[score].share);
      const chosen = runs.reduce((a, b) => (b.loss < a.loss ? b : a))[score].share;
      const all = shares.filter((s) => s === 100).length;
      return [
        `| ${language} | ${name} | ${all} of ${runs.length} | ${Math.max(...shares)} | ${chosen} | ${median(shares)} | ${published[name][i]} | ${shares.join(", ")} |`,
      ];
    }),
  );
  const head = [
    "| language | net | seeds with 100 % | best seed | of least entropy | median seed | published | by seed |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
  ];
  return `${[...head, ...rows].join("\n")}\n`;
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : Number(((sorted[middle - 1] + sorted[middle]) / 2).toFixed(1));
}
