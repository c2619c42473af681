// Draws the results: what a readout finds against the lag, and distances against the strength of the connections.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lineChart } from "../line-chart.mjs";
import { readResults } from "../runs.mjs";

const results = readResults(fileURLToPath(new URL("results.jsonl", import.meta.url)));
const strengths = [0, 0.05, 0.1, 0.2, 0.5, 1];
const runsOf = (strength) => results.filter(({ task }) => task === `strength-${strength}`);
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

const found = strengths.map((strength) => {
  const runs = runsOf(strength);
  return {
    name: `strength ${strength}`,
    points: runs[0].lags.slice(0, 6).map((lag, k) => [lag, median(runs.map((r) => r.found[k]))]),
  };
});
const distances = [
  "the same input, another start",
  "10 % of the spikes moved",
  "40 % of the spikes moved",
].map((name, k) => ({
  name,
  dots: true,
  points: strengths.map((strength) => [strength, median(runsOf(strength).map((r) => r.distances[k]))]),
}));
const svg = lineChart([
  {
    title: "Found by a readout, r squared",
    across: "lag in ms",
    ticks: [0, 30, 60, 90, 120, 150],
    up: 1,
    lines: found,
  },
  {
    title: "Distance of two liquids",
    across: "strength",
    ticks: [0, 0.2, 0.5, 1],
    up: 0.3,
    lines: distances,
  },
]);
writeFileSync(new URL("figure.svg", import.meta.url), svg);
