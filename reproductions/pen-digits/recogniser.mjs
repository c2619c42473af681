// A net that reads digits, taught on real ones: the judge of those that are written.

import { dirname, join } from "node:path";
import { argmax, crossEntropyMean, Key, lstm, onCpu, recurrent, scope, sequenceModel } from "longspan";
import { trainKept } from "../training.mjs";
import { batchOf, digits, packed } from "./strokes.mjs";

const [hidden, batch, steps] = [128, 64, 4000];

/**
 * A function from digits to the share of them that is recognised.
 *
 * @param training the digits that it is taught on
 * @param state the file of a run: the recogniser's is beside it
 */
export async function recogniserOf(training, state) {
  const model = sequenceModel({
    layer: recurrent(lstm({ input: 2, hidden })),
    features: hidden,
    output: digits,
  });
  const last = (structure) =>
    Int32Array.from({ length: structure.sequences }, (_, s) => structure.rowsOf(s).at(-1));
  // It reads all eight points: y.
  const logits = (params, { y, structure }) =>
    model.apply(params, y, structure, { rows: last(structure) }).output;
  const share = (params, some, key) =>
    scope(() => {
      const read = onCpu(argmax(logits(params, packed(some, key)))).toArray();
      return some.filter(({ digit }, s) => digit === read[s]).length / some.length;
    });
  const [forInit, forBatches, forTraining, forJudging] = Key.of(200).split(4);
  const { params } = await trainKept({
    task: {
      batch: (step) => batchOf(training, forBatches.fold(step), batch),
      predictions: () => batch,
      carriedAtStart: () => ({}),
      loss: (params, of) => ({ loss: crossEntropyMean(logits(params, of), of.labels), carried: {} }),
    },
    params: model.init(forInit),
    key: forTraining,
    seed: "recogniser",
    batch,
    rate: 0.004,
    steps,
    every: steps,
    wrong: (params) => 1 - share(params, training.slice(0, 1000), forJudging),
    file: join(dirname(state), "recogniser.json"),
    minutes: Number.POSITIVE_INFINITY,
  });
  return (some) => share(params, some, forJudging);
}
