// The results as a table: for each task, radius and arm, the errors per sequence at each learning rate, the mean over the seeds.

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
  const counts = Object.keys(sorted.find(({ errors }) => errors)?.errors ?? { all: null });
  const means = counts.map((name) => `${meanOf(sorted, name)} (${name})`);
  const seeds = sorted.map(
    ({ seed, errors, updates }) => `${seed}: ${errors?.[counts[0]] ?? "diverged"} after ${updates}`,
  );
  const { rate } = runs[0];
  return `| ${task} | ${radius} | ${arm} | ${rate} | ${runs.length} | ${means.join(", ")} | ${seeds.join(", ")} |`;
}

function meanOf(runs, name) {
  if (runs.some(({ errors }) => errors === null)) return "diverged";
  return Number((runs.reduce((sum, { errors }) => sum + errors[name], 0) / runs.length).toPrecision(3));
}
