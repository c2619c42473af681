// One training run: node train.mjs '{"arm":"simple","seed":1,"steps":4000,"minutes":60,"state":"FILE","data":"FOLDER"}' prints its result as
// one line of JSON.

import { attentionModel, errorsOf, trainPairs } from "../pairs.mjs";
import { actions, readScan, words } from "./scan.mjs";

const setting = { features: 32, hidden: 100 };
/** The longest answer has 48 actions. */
const length = 50;

const { arm, seed, steps, minutes, state, data } = JSON.parse(process.argv[2]);
const { train, check, test } = readScan(data, arm);
const model = attentionModel({ source: words.size, target: actions.size, ...setting });
const { params, result } = await trainPairs({
  model,
  seed,
  epoch: () => train,
  batch: 32,
  rate: 0.002,
  steps,
  every: 500,
  check,
  length,
  file: state,
  minutes,
});
const { share: _, ...errors } = errorsOf(model, params, test, { length });
process.stdout.write(
  `${JSON.stringify({ arm, ...result, ...errors, setting: { ...result.setting, ...setting } })}\n`,
);
