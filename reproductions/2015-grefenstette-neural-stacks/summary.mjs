// The results as a table: per task, net and rate, how many seeds are right on all longer sequences, and the mean shares that are right.

import { nets, tasks } from "./net.mjs";

export function summary(results) {
  const rates = [...new Set(results.map((r) => r.setting.rate))].sort((a, b) => b - a);
  const rows = Object.keys(tasks).flatMap((task) =>
    nets.flatMap((net) =>
      rates.flatMap((rate) => {
        const runs = results
          .filter((r) => r.task === task && r.net === net && r.setting.rate === rate)
          .toSorted((a, b) => a.seed - b.seed);
        if (runs.length === 0) return [];
        const all = runs.filter(({ longer }) => longer.whole === 1).length;
        const shares = [
          mean(runs.map(({ trained }) => trained.whole)),
          mean(runs.map(({ longer }) => longer.whole)),
          mean(runs.map(({ longer }) => longer.symbols)),
        ];
        const bySeed = runs.map(({ seed, steps, longer }) => `${seed}: ${longer.whole} (${steps})`);
        return [
          `| ${task} | ${net} | ${rate} | ${all} of ${runs.length} | ${shares.join(" | ")} | ${bySeed.join(", ")} |`,
        ];
      }),
    ),
  );
  const head = [
    "| task | net | rate | seeds at 1.00 | trained lengths: sequences | longer: sequences | longer: symbols | by seed (steps) |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
  ];
  return `${[...head, ...rows].join("\n")}\n`;
}

function mean(numbers) {
  return (numbers.reduce((a, b) => a + b, 0) / numbers.length).toFixed(2);
}
