// One training run: node train.mjs '{"arm":"dates","seed":1,"steps":3000,"minutes":60,"state":"FILE"}' prints its result as one line of JSON.

import { Key } from "longspan";
import { errorsOf, trainPairs } from "../pairs.mjs";
import { pairsOf } from "./dates.mjs";
import { model, setting } from "./model.mjs";

const { arm, seed, steps, minutes, state } = JSON.parse(process.argv[2]);
// The dates that a run is tried on are the same for all seeds.
const [forCheck, forTest] = Key.of(100).split(2);
const forTraining = Key.of(seed).fold(100);
const length = 12;

const { params, result } = await trainPairs({
  model,
  seed,
  // Fresh dates for each epoch of 100 batches.
  epoch: (number) => pairsOf("train", forTraining.fold(number), 3200),
  batch: 32,
  rate: 0.004,
  steps,
  every: 500,
  check: pairsOf("check", forCheck, 1000),
  length,
  file: state,
  minutes,
});
const test = pairsOf("test", forTest, 10_000);
const { share: _, ...errors } = errorsOf(model, params, test, { length });
process.stdout.write(
  `${JSON.stringify({ arm, ...result, ...errors, setting: { ...result.setting, ...setting } })}\n`,
);
