// One run: a net learns to read digits. Given by run.mjs; prints its result as a line of JSON.

import { argmax, crossEntropyMean, Key, leaves, onCpu, scope } from "longspan";
import { draws } from "../pairs.mjs";
import { trainKept } from "../training.mjs";
import { packed, readDigits } from "./digits.mjs";
import { arms, modelOf } from "./models.mjs";

const { arm, seed, steps, minutes, state, data } = JSON.parse(process.argv[2]);
if (!arms.includes(arm)) throw new Error(`no arm ${arm}`);
const [batch, rate] = [50, 0.003];
const { training, test } = readDigits(data);
const { reading, model } = modelOf(arm);
const [forInit, forBatches, forTraining] = Key.of(seed).split(3);

const answers = (params, { x, structure, answer }) =>
  model.apply(params, x, structure, { rows: answer }).output;
const wrong = (params, pictures) =>
  scope(() => {
    const read = onCpu(argmax(answers(params, packed(pictures, reading)))).toArray();
    return pictures.filter(({ digit }, s) => digit !== read[s]).length / pictures.length;
  });

const { params, result } = await trainKept({
  task: {
    capturable: true,
    batch(step) {
      const draw = draws(forBatches.fold(step));
      return packed(
        Array.from({ length: batch }, () => draw.of(training)),
        reading,
      );
    },
    predictions: () => batch,
    carriedAtStart: () => ({}),
    loss: (params, some) => ({ loss: crossEntropyMean(answers(params, some), some.labels), carried: {} }),
  },
  params: model.init(forInit),
  key: forTraining,
  seed,
  batch,
  rate,
  steps,
  every: 500,
  wrong: (params) => wrong(params, test),
  file: state,
  minutes,
});
process.stdout.write(
  `${JSON.stringify({
    arm,
    ...result,
    parameters: leaves(params).reduce((sum, { size }) => sum + size, 0),
    wrong: { training: wrong(params, training), test: wrong(params, test) },
  })}\n`,
);
