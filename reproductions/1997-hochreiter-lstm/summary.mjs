// The results as a table: per experiment and setting, how many seeds succeeded, and the mean of the sequences until then.

import { tasks } from "./tasks.mjs";

export function summary(results) {
  const setting = ({ squashing, error, update }) => `${squashing} | ${error} | ${update}`;
  const rows = Object.keys(tasks).flatMap((task) => {
    const runs = results.filter((r) => r.task === task);
    return [...new Set(runs.map(setting))].map((s) =>
      row(
        task,
        s,
        runs.filter((r) => setting(r) === s),
      ),
    );
  });
  const head = [
    "| experiment | ranges | error | change per | solved | mean sequences | published | by seed |",
    "| --- | --- | --- | --- | ---: | ---: | ---: | --- |",
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
