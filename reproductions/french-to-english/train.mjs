// One training run: node train.mjs '{"arm":"attention","seed":1,"steps":6000,"minutes":60,"state":"FILE","data":"FOLDER"}' prints its result
// as one line of JSON.

import { trainPairs } from "../pairs.mjs";
import { bleuOf } from "./measure.mjs";
import { modelOf, setting } from "./model.mjs";
import { readSentences } from "./sentences.mjs";

/** The longest translation that is written, and the width of the beam. */
const [length, width] = [60, 5];

const { arm, seed, steps, minutes, state, data } = JSON.parse(process.argv[2]);
const { train, check, test, source, target } = readSentences(data);
const model = modelOf(arm, { source: source.size, target: target.size });
const { params, result } = await trainPairs({
  model,
  seed,
  epoch: () => train,
  batch: 128,
  rate: 0.002,
  steps,
  every: 1000,
  check: check.slice(0, 500),
  length,
  file: state,
  minutes,
});
const greedily = bleuOf(model, params, test, { length, write: target.write });
const { bleu, byLength } = bleuOf(model, params, test, { length, width, write: target.write });
const sizes = { trained: train.length, tests: test.length, french: source.size, english: target.size };
process.stdout.write(
  `${JSON.stringify({ arm, ...result, ...sizes, bleu, greedily: greedily.bleu, byLength, setting: { ...result.setting, ...setting, width } })}\n`,
);
