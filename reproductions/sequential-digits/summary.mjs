// The results as a table: how many digits each net reads rightly.

import { pairsSummary, stepsOf } from "../pairs-runs.mjs";

const right = (wrong) => (100 * (1 - wrong)).toFixed(1);

export const table = {
  head: [
    "| read by | net | seed | parameters | steps | right of training, % | right of the test, % |",
    "| ------- | --- | ---: | ---------: | ----: | -------------------: | -------------------: |",
  ],
  row(result) {
    const { arm, seed, parameters, wrong } = result;
    return `| ${arm.replace("-", " | ")} | ${seed} | ${parameters} | ${stepsOf(result)} | ${right(wrong.training)} | ${right(wrong.test)} |`;
  },
};

export const summary = (results) => pairsSummary(results, table);
