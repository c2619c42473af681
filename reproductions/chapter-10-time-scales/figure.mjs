// Draws figure.svg: the time constants of one net's units while they are learned.
//
//     node reproductions/chapter-10-time-scales/figure.mjs [RESULTS]

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lineChart } from "../line-chart.mjs";
import { readResults } from "../runs.mjs";
import { begun, fast, slow } from "./task.mjs";

const [file = fileURLToPath(new URL("results.jsonl", import.meta.url))] = process.argv.slice(2);
const { path } = readResults(file).find((result) => result.path !== undefined);
const [steps, units] = [path.at(-1)[0], path[0][1].length];
const flat = (T) => [
  [0, T],
  [steps, T],
];

writeFileSync(
  new URL("figure.svg", import.meta.url),
  lineChart([
    {
      title: `Time constants of ${units} units, from ${begun} steps`,
      across: "updates; up: time constants, in steps",
      ticks: [0, steps / 4, steps / 2, (3 * steps) / 4, steps],
      up: 80,
      lines: [
        ...Array.from({ length: units }, (_, unit) => ({
          name: "a unit",
          points: path.map(([step, constants]) => [step, Math.min(80, constants[unit])]),
        })),
        { name: `the targets', ${fast} and ${slow}`, points: flat(fast) },
        { name: `the targets', ${fast} and ${slow}`, points: flat(slow) },
      ],
    },
  ]),
);
