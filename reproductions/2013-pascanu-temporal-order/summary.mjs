// The results as a table: per length and arm, how many seeds succeeded, and the median of the updates until then.

import { arms } from "./arms.mjs";

export function summary(results) {
  const rows = [...new Set(results.map(({ length }) => length))]
    .sort((a, b) => a - b)
    .flatMap((length) =>
      Object.keys(arms).flatMap((arm) => {
        const runs = results.filter((r) => r.length === length && r.arm === arm);
        return runs.length === 0 ? [] : [row(length, arm, runs)];
      }),
    );
  const head = [
    "| length | arm | solved | median updates | by seed |",
    "| -----: | --- | -----: | -------------: | ------- |",
  ];
  return `${[...head, ...rows].join("\n")}\n`;
}

/** Of some runs one per seed: a run that was taken further counts once, with its most updates. */
export function lastRuns(runs) {
  const bySeed = new Map(runs.toSorted((a, b) => a.updates - b.updates).map((run) => [run.seed, run]));
  return [...bySeed.values()].sort((a, b) => a.seed - b.seed);
}

function row(length, arm, runs) {
  const last = lastRuns(runs);
  const solved = last.filter((run) => run.solved).length;
  // Seeds without success stand at the end of the order.
  const ordered = last
    .map((run) => (run.solved ? run.updates : Number.POSITIVE_INFINITY))
    .sort((a, b) => a - b);
  const middle = (ordered.length - 1) / 2;
  const median = (ordered[Math.floor(middle)] + ordered[Math.ceil(middle)]) / 2;
  const seeds = last.map(
    ({ seed, solved, updates }) => `${seed}: ${solved ? updates : `none in ${updates}`}`,
  );
  return `| ${length} | ${arm} | ${solved} of ${last.length} | ${Number.isFinite(median) ? median : "no success"} | ${seeds.join(", ")} |`;
}
