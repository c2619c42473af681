// The results as a table.

import { pairsSummary, stepsOf } from "../pairs-runs.mjs";

export const summary = (results) => pairsSummary(results, table);

const percent = (share) => (100 * share).toFixed(1);

export const table = {
  head: [
    "| arm | seed | steps | nats per point, training | nats per point, test | recognised of those written, % | recognised of real ones, % | read by likelihood, % |",
    "| --- | ---: | ----: | ---: | ---: | ---: | ---: | ---: |",
  ],
  row(result) {
    const { arm, seed, nats, recognised, readByLikelihood } = result;
    const shares = [recognised.written, recognised.real, readByLikelihood].map(percent);
    return `| ${[arm, seed, stepsOf(result), nats.training.toFixed(3), nats.test.toFixed(3), ...shares].join(" | ")} |`;
  },
};
