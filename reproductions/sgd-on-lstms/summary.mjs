// The results as a table: what each arm ends with at its best rate, of the runs of so many minutes; of the longest by default.

import { bestRuns, last, median } from "./best-runs.mjs";
import { tasks } from "./tasks.mjs";

export function summary(results, minutes = Math.max(...results.map((r) => r.minutes))) {
  const rows = bestRuns(results, minutes).map(({ task, arm, rate, runs }) => {
    const cells = [task, arm, runs[0].hidden, runs[0].parameters, rate, tasks[task].measure];
    const updates = median(runs.map(({ curve }) => curve.at(-1)?.step ?? 0));
    const ends = runs.toSorted((a, b) => a.seed - b.seed).map((run) => told(last(run)));
    return `| ${[...cells, told(median(runs.map(last))), ends.join(", "), updates].join(" | ")} |`;
  });
  const head = [
    "| task | arm | units | parameters | best rate | measure | median | by seed | updates |",
    "| ---- | --- | ----: | ---------: | --------: | ------- | -----: | ------- | ------: |",
  ];
  return `${[...head, ...rows].join("\n")}\n`;
}

const told = (value) => (Number.isFinite(value) ? value : "diverged");
