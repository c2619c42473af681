// The results as a table: per experiment, ranges and error, how many seeds succeeded, and the mean of the sequences until then.

import { tasks } from "./tasks.mjs";

export function summary(results) {
  const rows = Object.keys(tasks).flatMap((task) =>
    ["squared", "cross-entropy"].flatMap((error) =>
      [...new Set(results.map(({ squashing }) => squashing))].flatMap((squashing) => {
        const runs = results.filter((r) => r.task === task && r.error === error && r.squashing === squashing);
        return runs.length === 0 ? [] : [row(task, `${squashing} | ${error}`, runs)];
      }),
    ),
  );
  const head = [
    "| experiment | ranges | error | solved | mean sequences | published | by seed |",
    "| --- | --- | --- | ---: | ---: | ---: | --- |",
  ];
  return `${[...head, ...rows].join("\n")}\n`;
}

function row(task, setting, runs) {
  const solved = runs.filter((run) => run.solved);
  const mean = solved.reduce((sum, run) => sum + run.sequences, 0) / solved.length;
  const seeds = runs
    .toSorted((a, b) => a.seed - b.seed)
    .map(({ seed, solved, sequences }) => `${seed}: ${solved ? sequences : `none in ${sequences}`}`);
  return `| ${task} | ${setting} | ${solved.length} of ${runs.length} | ${solved.length > 0 ? Math.round(mean) : "no success"} | ${tasks[task].published} | ${seeds.join(", ")} |`;
}
