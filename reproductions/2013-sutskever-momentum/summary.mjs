// The results as a table: for each task, radius and arm, the errors per sequence at each learning rate, the mean over the seeds.

import { tasks } from "./setting.mjs";

export function summary(results) {
  const distinct = (name) => [...new Set(results.map((r) => r[name]))].sort();
  const rows = distinct("task").flatMap((task) =>
    distinct("radius").flatMap((radius) =>
      distinct("arm").flatMap((arm) => {
        const runs = results.filter((r) => r.task === task && r.radius === radius && r.arm === arm);
        return distinct("rate")
          .map((rate) => runs.filter((r) => r.rate === rate))
          .filter((sameRate) => sameRate.length > 0)
          .map((sameRate) => row(task, radius, arm, sameRate));
      }),
    ),
  );
  const head = [
    "| task | radius | arm | rate | seeds | errors per sequence | by seed |",
    "| ---- | -----: | --- | ---: | ----: | ------------------: | ------- |",
  ];
  return `${[...head, ...rows].join("\n")}\n`;
}

function row(task, radius, arm, runs) {
  const sorted = runs.toSorted((a, b) => a.seed - b.seed);
  const counts = Object.keys(tasks[task].errors);
  const meanOf = (name) => sorted.reduce((sum, { errors }) => sum + errors[name], 0) / sorted.length;
  const mean = sorted.some(({ errors }) => errors === null)
    ? "diverged"
    : counts.map((name) => `${Number(meanOf(name).toPrecision(3))} ${name}`).join(", ");
  const seeds = sorted.map(({ seed, errors, updates }) => {
    const ends = errors === null ? "diverged" : counts.map((name) => errors[name]).join(" / ");
    return `${seed}: ${ends} after ${updates}`;
  });
  return `| ${task} | ${radius} | ${arm} | ${runs[0].rate} | ${runs.length} | ${mean} | ${seeds.join(", ")} |`;
}
