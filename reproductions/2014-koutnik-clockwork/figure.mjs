// Draws figure.svg: clips, and what the nets of seed 1 make of them.
//
//     node reproductions/2014-koutnik-clockwork/figure.mjs [RESULTS]

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lineChart } from "../line-chart.mjs";
import { readResults } from "../runs.mjs";
import { nets } from "./nets.mjs";

const [file = fileURLToPath(new URL("results.jsonl", import.meta.url))] = process.argv.slice(2);
const results = readResults(file).filter(({ wave }) => wave !== undefined);
const [[clip, samples]] = Object.entries(
  JSON.parse(readFileSync(new URL("clips.json", import.meta.url), "utf8")),
);
const pointsOf = (wave) => wave.map((y, t) => [t, (Math.max(-1, Math.min(1, y)) + 1) / 2]);

writeFileSync(
  new URL("figure.svg", import.meta.url),
  lineChart(
    Object.entries(nets).map(([name, { words }]) => {
      const { wave, nmse } = results.find(({ arm }) => arm === `${name}.${clip}`);
      return {
        title: `${words}: NMSE ${nmse.toPrecision(2)}`,
        across: "samples; up: from -1 (0) to 1 (1)",
        ticks: [0, 80, 160, 240, 320],
        up: 1,
        lines: [
          { name: `the clip "${clip}"`, points: pointsOf(samples) },
          { name: "the net", points: pointsOf(wave) },
        ],
      };
    }),
  ),
);
