// The results as a table: what survives, of sequences of some lengths.

import { pairsSummary, stepsOf } from "../pairs-runs.mjs";

export const summary = (results) => pairsSummary(results, table);

const shown = [2, 4, 6, 8, 10, 15, 20];
const percent = (share) => (100 * share).toFixed(1);

export const table = {
  head: [
    `| sequences | size of the code | seed | steps | ${shown.map((length) => `of ${length}`).join(" | ")} |`,
    `| --- | ---: | ---: | ---: |${" ---: |".repeat(shown.length)}`,
  ],
  /** Per length: letters kept, and sequences kept whole. */
  row(result) {
    const [kind, size] = result.arm.split("-");
    const each = shown.map((length) => {
      const { symbols, whole } = result.byLength.find((of) => of.length === length);
      return `${percent(symbols)} (${percent(whole)})`;
    });
    return `| ${[kind, Number(size), result.seed, stepsOf(result), ...each].join(" | ")} |`;
  },
};
