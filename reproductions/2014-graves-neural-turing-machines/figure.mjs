// Draws what a fresh sequence costs while a net is trained: figure.svg.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lineChart } from "../line-chart.mjs";
import { readResults } from "../runs.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const results = readResults(here("results.jsonl"));
const names = { copy: "copy, 1 to 20 vectors", recall: "associative recall, 2 to 6 items" };

const panels = Object.entries(names).flatMap(([task, title]) => {
  const runs = results.filter((r) => r.task === task);
  if (runs.length === 0) return [];
  const furthest = Math.max(...runs.map(({ sequences }) => sequences));
  const thousands = (n) => n / 1000;
  const panel = (up, said) => ({
    title: `${title}: ${said}`,
    across: "thousands of sequences",
    ticks: [0, 0.25, 0.5, 0.75, 1].map((part) => Math.round(thousands(part * furthest))),
    up,
    lines: runs.map(({ machine, curve }) => ({
      name: machine,
      // What is above the panel is drawn at its upper edge.
      points: curve.map(([n, bits]) => [thousands(n), Math.min(bits, up)]),
    })),
  });
  return [panel(task === "copy" ? 80 : 20, "bits each"), panel(1, "the last bit")];
});
writeFileSync(here("figure.svg"), lineChart(panels));
