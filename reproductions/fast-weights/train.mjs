// One run: node train.mjs '{"question":"recall","cell":"delta rule","seed":1}' prints its result as one line of JSON. With "state", the
// name of a file, it goes on where it was broken off.

import { fromArray, Key, leaves, onCpu, scope, syntheticTask } from "longspan";
import { trainKept } from "../training.mjs";
import { modelOf, questions } from "./setting.mjs";

const { question, cell, seed, state = null } = JSON.parse(process.argv[2]);
const { problem, tests, training } = questions[question];
const { model, core } = modelOf(question, cell);
const [forInit, forBatches, forTraining] = Key.of(seed).split(3);

const { params, result } = await trainKept({
  task: syntheticTask(model, problem, { key: forBatches, batch: training.batch }),
  params: model.init(forInit),
  key: forTraining,
  seed,
  ...training,
  every: 200,
  wrong: async (now) => 1 - rightOf(now, problem, 64),
  file: state,
  minutes: Number.POSITIVE_INFINITY,
});
const line = {
  question,
  cell,
  ...result,
  parameters: numbersIn(core.init(Key.of(0))),
  state: Object.values(core.state).reduce((sum, shape) => sum + shape.reduce((a, n) => a * n, 1), 0),
  right: tests.map(({ name, problem: asked }) => ({
    name,
    share: Number(rightOf(params, asked, 200).toFixed(4)),
  })),
};
process.stdout.write(`${JSON.stringify(line)}\n`);

/** The share of answers that are right, of fresh sequences: the same ones for all runs. */
function rightOf(params, asked, sequences) {
  const together = 50;
  let [right, all] = [0, 0];
  for (let k = 0; k * together < sequences; k++) {
    const { x, structure, scored, targets } = asked.sample(Key.of(100), k, together);
    const values = scope(() => {
      const inputs = fromArray(x, [structure.nodes, asked.input]);
      return onCpu(model.apply(params, inputs, structure, { rows: scored }).output).toArray();
    });
    for (const [i, target] of targets.entries()) {
      const row = values.subarray(i * asked.output, (i + 1) * asked.output);
      if (row.indexOf(Math.max(...row)) === target) right += 1;
    }
    all += targets.length;
  }
  return right / all;
}

function numbersIn(tree) {
  return leaves(tree).reduce((sum, v) => sum + v.size, 0);
}
