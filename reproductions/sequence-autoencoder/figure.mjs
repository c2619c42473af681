// Draws figure.svg: the share of letters and of sequences that survives, against the length and the size of the code.
//
//     node reproductions/sequence-autoencoder/figure.mjs [RESULTS]

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lineChart } from "../line-chart.mjs";
import { readResults } from "../runs.mjs";

const [file = fileURLToPath(new URL("results.jsonl", import.meta.url))] = process.argv.slice(2);
const results = readResults(file)
  .filter(({ seed }) => seed === 1)
  .map(({ arm, byLength }) => ({ kind: arm.split("-")[0], size: Number(arm.split("-")[1]), byLength }))
  .sort((a, b) => a.size - b.size);

/** The lines of one measure, in percent. */
const linesOf = (measure, some, nameOf) =>
  some.map((result) => ({
    name: nameOf(result),
    points: result.byLength.map((of) => [of.length, 100 * of[measure]]),
  }));
const random = results.filter(({ kind }) => kind === "letters");
const codeOf = ({ size }) => `random letters, a code of ${size} numbers`;
const words = results.filter(({ kind }) => kind === "words");
const panels = [
  ["% of letters kept", linesOf("symbols", random, codeOf)],
  [
    "% of sequences kept whole",
    [
      ...linesOf("whole", random, codeOf),
      ...linesOf("whole", words, ({ size }) => `words, a code of ${size} numbers`),
    ],
  ],
];
writeFileSync(
  new URL("figure.svg", import.meta.url),
  lineChart(
    panels.map(([title, lines]) => ({ title, across: "length", ticks: [2, 5, 10, 15, 20], up: 100, lines })),
  ),
);
