// Draws figure.svg: how far off the nets are that go on alone, against how long they have been alone.
//
//     node reproductions/2015-bengio-scheduled-sampling/figure.mjs [RESULTS]

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lineChart } from "../line-chart.mjs";
import { readResults } from "../runs.mjs";
import { regimes } from "./regimes.mjs";
import { byArm, median } from "./summary.mjs";

const [file = fileURLToPath(new URL("results.jsonl", import.meta.url))] = process.argv.slice(2);
const arms = byArm(readResults(file));
const titles = { numbers: "Points as numbers", levels: "Points as one of 32 symbols" };

writeFileSync(
  new URL("figure.svg", import.meta.url),
  lineChart(
    Object.entries(titles).map(([kind, title]) => ({
      title,
      across: "points alone; up: error, in standard deviations",
      ticks: [0, 20, 40, 60, 80, 100],
      up: 1.6,
      lines: arms
        .filter(({ arm }) => arm.startsWith(`${kind}.`))
        .map(({ arm, all }) => ({
          name: regimes[arm.split(".")[1]].words,
          points: all[0].alone.map((_, t) => [t + 1, median(all.map(({ alone }) => alone[t]))]),
        })),
    })),
  ),
);
