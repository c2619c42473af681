// One training run: node train.mjs '{"arm":"words","seed":1,"steps":7500,"minutes":60,"state":"FILE","data":"FOLDER"}' prints its result as one
// line of JSON.

import { errorsOf, trainPairs } from "../pairs.mjs";
import { readDictionary } from "./dictionary.mjs";
import { model, setting } from "./model.mjs";

/** The longest pronunciation has 32 phonemes. */
const [length, width] = [32, 5];

const { arm, seed, steps, minutes, state, data } = JSON.parse(process.argv[2]);
const { train, check, test } = readDictionary(data);
const { params, result } = await trainPairs({
  model,
  seed,
  epoch: () => train,
  batch: 128,
  rate: 0.003,
  steps,
  every: 500,
  check,
  length,
  file: state,
  minutes,
});
const greedily = errorsOf(model, params, test, { length });
const { share: _, ...errors } = errorsOf(model, params, test, { length, width });
process.stdout.write(
  `${JSON.stringify({ arm, ...result, ...errors, greedily: { wrong: greedily.wrong, edits: greedily.edits }, setting: { ...result.setting, ...setting, width } })}\n`,
);
