// The results as a table: a row per run, arms in the order of the README.

import { arms } from "./model.mjs";

export function summary(results) {
  const rows = Object.keys(arms).flatMap((arm) =>
    results
      .filter((result) => result.arm === arm)
      .toSorted((a, b) => a.seed - b.seed)
      .map(({ seed, steps, units, right, tested, brackets }) => {
        const found = brackets === undefined ? "" : (100 * brackets).toFixed(1);
        return `| ${arm} | ${seed} | ${steps} | ${units} | ${tested} | ${(100 * right).toFixed(2)} | ${found} |`;
      }),
  );
  const head = [
    "| arm | seed | steps | units | tested on | right, % | brackets found, % |",
    "| --- | ---: | ----: | ----: | --------: | -------: | ----------------: |",
  ];
  return `${[...head, ...rows].join("\n")}\n`;
}
