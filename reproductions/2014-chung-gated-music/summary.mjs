// The results as a table: nats per step of each net, beside the published figures.

import { pairsSummary, stepsOf } from "../pairs-runs.mjs";

/** What Chung et al. (2014) and Bai et al. (2018) report, from the lowest to the highest. */
const published = {
  "jsb-lstm": "8.45 to 8.67",
  "jsb-gru": "8.43 to 8.54",
  "jsb-tanh": "8.91 to 9.10",
  "jsb-tcn": "8.10",
  "nottingham-lstm": "3.20 to 3.29",
  "nottingham-gru": "3.23 to 3.46",
  "nottingham-tanh": "3.13 to 4.05",
  "nottingham-tcn": "3.07",
  "nottingham-widelstm": "3.29",
  "nottingham-widegru": "3.46",
};

export const table = {
  head: [
    "| net | seed | parameters | steps | best epoch | training | validation | test | published |",
    "| --- | ---: | ---------: | ----: | ---------: | -------: | ---------: | ---: | --------: |",
  ],
  row(result) {
    const { arm, seed, parameters, epochs, nats } = result;
    const figures = [nats.training, nats.validation, nats.test].map((v) => v.toFixed(2));
    return `| ${arm} | ${seed} | ${parameters} | ${stepsOf(result)} | ${epochs.best} | ${figures.join(" | ")} | ${published[arm]} |`;
  },
};

export const summary = (results) => pairsSummary(results, table);
