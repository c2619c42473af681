// Draws figure.svg: BLEU against the words of the source, and against the features of C.
//
//     node reproductions/french-to-english/figure.mjs [RESULTS]
//
// Each line is the mean over the seeds of an arm, each taken as far as it was trained.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lineChart } from "../line-chart.mjs";
import { readResults } from "../runs.mjs";
import { lengths } from "./measure.mjs";
import { arms } from "./model.mjs";

const [file = fileURLToPath(new URL("results.jsonl", import.meta.url))] = process.argv.slice(2);
const furthest = new Map(
  readResults(file)
    .toSorted((a, b) => a.steps - b.steps)
    .map((result) => [`${result.arm} ${result.seed}`, result]),
);
const meanOf = (values) => (100 * values.reduce((a, b) => a + b, 0)) / values.length;
/** The mean BLEU of an arm over its seeds, of the sources of one group of lengths; NaN where there are none. */
const bleuAt = (arm, from) =>
  meanOf(
    [...furthest.values()]
      .filter((result) => result.arm === arm)
      .flatMap(({ byLength }) => byLength.filter((group) => group.from === from).map(({ bleu }) => bleu)),
  );
const known = ([, y]) => !Number.isNaN(y);
const froms = lengths.map(([from]) => from);

const byLength = Object.keys(arms).map((name) => ({
  name,
  points: froms.map((from) => [from, bleuAt(name, from)]).filter(known),
  dots: true,
}));
const sized = Object.entries(arms)
  .filter(([, size]) => size !== null)
  .toSorted(([, a], [, b]) => a - b);
const bySize = [froms[1], froms.at(-1)].map((from) => ({
  name: `sources of ${groupName(from)} words`,
  points: sized.map(([arm, size]) => [Math.log2(size), bleuAt(arm, from)]).filter(known),
  dots: true,
}));
const up = Math.max(1, ...[...byLength, ...bySize].flatMap(({ points }) => points.map(([, y]) => y)));

function groupName(from) {
  const [, to] = lengths.find(([first]) => first === from);
  return to === Number.POSITIVE_INFINITY ? `${from} or more` : `${from} to ${to}`;
}

writeFileSync(
  new URL("figure.svg", import.meta.url),
  lineChart([
    {
      title: "BLEU against the length of the source",
      across: "words of the source, from",
      ticks: froms,
      up,
      lines: byLength.filter(({ points }) => points.length > 0),
    },
    {
      title: "BLEU without attention, against the size of C",
      across: "features of C, logarithm to the base 2",
      ticks: sized.map(([, size]) => Math.log2(size)),
      up,
      lines: bySize.filter(({ points }) => points.length > 0),
    },
  ]),
);
