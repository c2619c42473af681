// The results as a table, a row per run.

import { stepsOf } from "../pairs-runs.mjs";

const words = { learned: "learned", fixed: "fixed at 16", drawn: "drawn, fixed" };

/** How many time constants lie within a factor of 2 of a number. */
const near = (constants, T) => constants.filter((c) => c > T / 2 && c < 2 * T).length;

const row = (result) => {
  const { arm, seed, nmse, constants } = result;
  const ends = [constants[0], constants.at(-1)].map((T) => T.toFixed(1)).join(" to ");
  return `| ${[words[arm], seed, stepsOf(result), ...nmse.map((e) => e.toFixed(4)), ends, near(constants, 4), near(constants, 64)].join(" | ")} |`;
};

export function summary(results) {
  const order = Object.keys(words);
  const rows = results.toSorted((a, b) => order.indexOf(a.arm) - order.indexOf(b.arm) || a.seed - b.seed);
  return `${[
    "| time constants | seed | steps | NMSE, average over 4 | NMSE, over 64 | constants at the end | of 16 near 4 | near 64 |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows.map(row),
  ].join("\n")}\n`;
}

/** What is shown of one run when it ends. */
export const table = { head: [], row };
