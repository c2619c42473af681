// One training run: node train.mjs '{"arm":"mixture-5","seed":1,"steps":4000,"minutes":60,"state":"FILE","data":"FOLDER"}' prints its
// result as one line of JSON.

import { Key, mean, onCpu, scope } from "longspan";
import { trainKept } from "../training.mjs";
import { hidden, penOf } from "./models.mjs";
import { recogniserOf } from "./recogniser.mjs";
import { asked, batchOf, digits, packed, perUnit, points, readDigits } from "./strokes.mjs";

const { arm, seed, steps, minutes, state, data } = JSON.parse(process.argv[2]);
const [batch, rate] = [64, 0.004];
const [training, test] = [readDigits(data, "training"), readDigits(data, "test")];
const recognised = await recogniserOf(training, state);
const pen = penOf(arm);

const [forInit, forBatches, forTraining] = Key.of(seed).split(3);
// What a run is tried on is the same for all seeds.
const [forTest, forWriting] = Key.of(100).split(2);

/** Nats per point, in units of the files. */
const nats = (params, some) =>
  scope(() => onCpu(mean(pen.losses(params, packed(some, forTest)))).item() + perUnit);

/** The share of digits that are likelier as what they are than as any other. */
function readByLikelihood(params, some) {
  const each = Array.from({ length: digits }, (_, d) =>
    scope(() => {
      const { structure, ...of } = packed(some, forTest);
      const losses = pen.losses(params, { ...of, structure, ...asked(some.map(() => d)) });
      const inOrder = onCpu(structure.unpack(losses)).toArray();
      return some.map((_, s) => inOrder.subarray(s * points, (s + 1) * points).reduce((a, b) => a + b));
    }),
  );
  const right = some.filter(({ digit }, s) => each.every((of) => each[digit][s] <= of[s]));
  return right.length / some.length;
}

const { params, result } = await trainKept({
  task: pen.task((step) => batchOf(training, forBatches.fold(step), batch)),
  params: pen.init(forInit),
  key: forTraining,
  seed,
  batch,
  rate,
  steps,
  every: 1000,
  wrong: (params) => nats(params, test),
  told: (measured) => `${measured.toFixed(3)} nats per point of the test`,
  file: state,
  minutes,
});
const labels = Array.from({ length: 1000 }, (_, s) => s % digits);
process.stdout.write(
  `${JSON.stringify({
    arm,
    ...result,
    nats: { training: nats(params, training), test: nats(params, test) },
    recognised: { real: recognised(test), written: recognised(pen.written(params, labels, forWriting)) },
    readByLikelihood: readByLikelihood(params, test),
    setting: { ...result.setting, hidden },
  })}\n`,
);
