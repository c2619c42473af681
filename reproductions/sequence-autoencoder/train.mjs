// One training run: node train.mjs '{"arm":"letters-32","seed":1,"steps":4000,"minutes":60,"state":"FILE"}' prints its result as one line
// of JSON. Words are given their folder, as `data`.

import { argmax, crossEntropyMean, Key, onCpu, scope } from "longspan";
import { trainKept } from "../training.mjs";
import { modelOf, setting } from "./model.mjs";
import { kinds, lengths, packed } from "./sequences.mjs";

const { arm, seed, steps, minutes, state, data } = JSON.parse(process.argv[2]);
const [kind, size] = arm.split("-");
const [batch, rate] = [64, 0.004];
const sequences = kinds[kind](data);
const model = modelOf(Number(size));

/** What survives of sequences: the share of the letters, and the share of sequences of which all do. */
function survival(params, some) {
  const [many, right, whole] = [some.flat().length, [], []];
  for (let i = 0; i < some.length; i += 200)
    scope(() => {
      const these = some.slice(i, i + 200);
      const { x, structure } = packed(these);
      const { output } = model.apply(params, x, structure);
      const found = onCpu(structure.unpack(argmax(output))).toArray();
      let at = 0;
      for (const sequence of these) {
        const kept = sequence.filter((letter) => letter === found[at++]).length;
        right.push(kept);
        whole.push(Number(kept === sequence.length));
      }
    });
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  return { symbols: sum(right) / many, whole: sum(whole) / some.length };
}

const [forInit, forBatches, forTraining] = Key.of(seed).split(3);
const check = sequences.test.filter((_, i) => i % 10 === 0);
const { params, result } = await trainKept({
  task: {
    batch: (step) => sequences.batch(forBatches.fold(step), batch),
    predictions: (some) => some.flat().length,
    carriedAtStart: () => ({}),
    loss(params, some) {
      const { x, structure } = packed(some);
      return { loss: crossEntropyMean(model.apply(params, x, structure).output, x), carried: {} };
    },
  },
  params: model.init(forInit),
  key: forTraining,
  seed,
  batch,
  rate,
  steps,
  every: 1000,
  wrong: (params) => 1 - survival(params, check).symbols,
  told: (share) => `${(100 * share).toFixed(2)} % of the letters lost`,
  file: state,
  minutes,
});
const byLength = lengths.map((length) => ({
  length,
  ...survival(
    params,
    sequences.test.filter((s) => s.length === length),
  ),
}));
process.stdout.write(
  `${JSON.stringify({ arm, ...result, byLength, setting: { ...result.setting, ...setting } })}\n`,
);
