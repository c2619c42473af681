// The results as a table.

import { pairsSummary, stepsOf } from "../pairs-runs.mjs";
import { lengths } from "./measure.mjs";

export const summary = (results) => pairsSummary(results, table);

const groups = lengths.map(([from, to]) =>
  to === Number.POSITIVE_INFINITY ? `${from} or more` : `${from}-${to}`,
);
const points = (share) => (share === undefined ? "" : (100 * share).toFixed(1));

/** BLEU times 100. */
export const table = {
  head: [
    `| arm | seed | pairs trained on | steps | BLEU | greedy | ${groups.join(" | ")} |`,
    `| --- | ---: | ---: | ---: | ---: | ---: |${" ---: |".repeat(groups.length)}`,
  ],
  row(result) {
    const { arm, seed, trained, bleu, greedily, byLength } = result;
    const each = lengths.map(([from]) => points(byLength.find((group) => group.from === from)?.bleu));
    return `| ${[arm, seed, trained, stepsOf(result), points(bleu), points(greedily), ...each].join(" | ")} |`;
  },
};
