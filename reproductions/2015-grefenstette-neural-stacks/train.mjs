// One training run: node train.mjs '{"task":"copy","net":"queue","seed":1,"steps":3000,"minutes":60,"state":"FILE"}' prints its result as
// one line of JSON. A run that was broken off goes on from the state in FILE.

import { fromArray, Key, read, scope, syntheticTask } from "longspan";
import { trainKept } from "../training.mjs";
import { network, tasks } from "./net.mjs";

const defaults = {
  symbols: 16,
  hidden: 32,
  width: 16,
  train: [8, 64],
  test: [65, 128],
  batch: 10,
  rate: 0.01,
  clip: 1,
  every: 250,
};
const { task: name, net, seed, steps, minutes = 1e9, state, ...given } = JSON.parse(process.argv[2]);
const { symbols, hidden, width, train, test, batch, rate, clip, every, ...biases } = {
  ...defaults,
  ...given,
};

const stepsOf = ([, longest]) => 2 * longest + 1;
const problem = tasks[name](train, symbols);
const model = network(net, { symbols, hidden, width, rows: stepsOf(train), ...biases });
const longer = network(net, { symbols, hidden, width, rows: stepsOf(test), ...biases });
const [forInit, forSequences, forTraining] = Key.of(seed).split(3);
// What a run is tried on is the same for all seeds.
const [forCheck, forTrained, forLonger] = Key.of(100).split(3);

/** The shares of sequences and of symbols that are right, each sequence of a length of its own. */
async function accuracy(model, lengths, params, key, count) {
  const problem = tasks[name](lengths, symbols);
  let [whole, right, all] = [0, 0, 0];
  for (let i = 0; i < count / 10; i++) {
    const { x, structure, scored, targets } = problem.sample(key, i, 10);
    const inputs = fromArray(x, [structure.nodes, problem.input]);
    const outputs = scope(() => model.apply(params, inputs, structure, { rows: scored }).output);
    const numbers = await read(outputs);
    const wrong = new Set();
    for (const [k, row] of scored.entries()) {
      const logits = Array.from(numbers.subarray(k * symbols, (k + 1) * symbols));
      all++;
      if (logits.indexOf(Math.max(...logits)) === targets[k]) right++;
      else wrong.add(structure.parts.sequenceOf[row]);
    }
    whole += structure.sequences - wrong.size;
    outputs.dispose();
    inputs.dispose();
  }
  const share = (part, of) => Number((part / of).toFixed(4));
  return { whole: share(whole, 10 * Math.ceil(count / 10)), symbols: share(right, all) };
}

const { params, result } = await trainKept({
  task: syntheticTask(model, problem, { key: forSequences, batch }),
  params: model.init(forInit),
  key: forTraining,
  seed,
  batch,
  rate,
  clip,
  steps,
  every,
  wrong: async (params) => {
    const { whole, symbols: one } = await accuracy(longer, test, params, forCheck, 20);
    process.stderr.write(`${name}, ${net}, seed ${seed}: longer ${whole}, symbols ${one}\n`);
    return 1 - (await accuracy(model, train, params, forCheck, 50)).whole;
  },
  file: state,
  minutes,
});
process.stdout.write(
  `${JSON.stringify({
    task: name,
    net,
    ...result,
    trained: await accuracy(model, train, params, forTrained, 100),
    longer: await accuracy(longer, test, params, forLonger, 100),
    setting: { ...result.setting, symbols, hidden, width, train, test, ...biases },
  })}\n`,
);
