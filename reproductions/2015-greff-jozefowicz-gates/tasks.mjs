// The tasks: a model around an arm's cell, batches, and how parameters are judged on data that was not trained on.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  adding,
  bernoulliCrossEntropySum,
  chain,
  div,
  evaluateSynthetic,
  fromArray,
  Key,
  normal,
  onCpu,
  recurrent,
  scope,
  sequenceModel,
  syntheticTask,
} from "longspan";

/** The keys of a piano, from MIDI pitch 21 on. */
const [keys, lowest] = [88, 21];

/**
 * measure: what is told. rate, steps, every: Adam's rate, updates of a run, and those between looks at held-out data. reached: a mark, and what is
 * told of it.
 * make(cell, folder): { model, task(key), held(params), tested(params) }: what is looked at on the way, and at the end.
 */
export const tasks = {
  chorales: {
    measure: "nats per step",
    rate: 1e-2,
    steps: 1500,
    every: 30,
    reached: { below: 9, words: "updates to 9 nats" },
    make: chorales,
  },
  adding: {
    measure: "squared error",
    rate: 3e-3,
    steps: 3000,
    every: 100,
    reached: { below: 0.02, words: "updates to 0.02" },
    make: additions,
  },
};

/** The next chord of a chorale, each key by itself, given those before it. */
function chorales(cell, folder) {
  const parts = JSON.parse(readFileSync(join(folder, "jsb-chorales-quarter.json"), "utf8"));
  const hidden = 36;
  const layer = recurrent(cell({ input: keys, hidden }));
  const model = sequenceModel({ layer, features: hidden, output: keys });
  const batch = 16;
  const [valid, test] = [batchOf(parts.valid), batchOf(parts.test)];
  const nats = (params, { x, targets, structure }) =>
    div(bernoulliCrossEntropySum(model.apply(params, x, structure).output, targets), structure.nodes);
  const loss = (params, of) => ({ loss: nats(params, of), carried: {} });
  const judged = (of) => (params) => scope(() => onCpu(nats(params, of)).item());
  const perEpoch = Math.ceil(parts.train.length / batch);
  return {
    model,
    task: (key) => ({
      batch(step) {
        const order = shuffled(key.fold(Math.floor(step / perEpoch)), parts.train.length);
        const from = (step % perEpoch) * batch;
        return batchOf(order.slice(from, from + batch).map((k) => parts.train[k]));
      },
      predictions: ({ structure }) => structure.nodes,
      carriedAtStart: () => ({}),
      loss,
    }),
    held: judged(valid),
    tested: judged(test),
  };
}

/** 0 to n - 1 in an order of chance. */
function shuffled(key, n) {
  const numbers = scope(() => onCpu(normal(key, [n])).toArray());
  return Array.from(numbers.keys()).sort((a, b) => numbers[a] - numbers[b]);
}

/** Chords as rows of 88 keys; the first is told from nothing. */
function batchOf(pieces) {
  const structure = chain(pieces.map((piece) => piece.length));
  const [x, targets] = [0, 1].map((ahead) => {
    const rows = new Float32Array(structure.nodes * keys);
    let row = 0;
    for (const piece of pieces)
      for (let t = 0; t < piece.length; t++, row++)
        for (const pitch of piece[t - 1 + ahead] ?? []) rows[row * keys + pitch - lowest] = 1;
    return structure.pack(fromArray(rows, [structure.nodes, keys]));
  });
  return { x, targets, structure };
}

/** The adding problem of Arjovsky et al. (2016) over 100 steps. */
function additions(cell) {
  const problem = adding({ length: 100, variant: "arjovsky2016" });
  const hidden = 24;
  const model = sequenceModel({
    layer: recurrent(cell({ input: problem.input, hidden })),
    features: hidden,
    output: problem.output,
  });
  const judged = (key) => async (params) =>
    (await evaluateSynthetic(model, params, problem, { key, sequences: 500 })).loss;
  return {
    model,
    task: (key) => syntheticTask(model, problem, { key, batch: 32 }),
    held: judged(Key.of(1000)),
    tested: judged(Key.of(1001)),
  };
}
