// One training run: node train.mjs '{"task":"adding","method":"joint","rate":0.1,"threshold":1,"seed":1,"text":null}' prints its
// result as one line of JSON.

import {
  applyUpdates,
  crossEntropyMean,
  defaultExecutor,
  evaluateSynthetic,
  fromArray,
  Key,
  leaves,
  meanSquaredErrorMean,
  onCpu,
  pascanuRnn,
  scope,
  valueAndGrad,
} from "longspan";
import { treatment } from "./methods.mjs";
import { tasks } from "./tasks.mjs";

const HIDDEN = 30;
const BATCH = 20;

const { task: name, method, rate, threshold, seed, text } = JSON.parse(process.argv[2]);
const task = tasks[name];
const { train: problem, test } = task.problems(text);
const model = pascanuRnn({ input: problem.input, output: problem.output, hidden: HIDDEN });
const { optimiser, clipState } = treatment(method, rate, threshold);
const [forInit, forBatches, forSteps, forTests] = Key.of(seed).split(4);

const gradient = valueAndGrad((p, { x, structure, scored, targets }) => {
  const inputs = fromArray(x, [structure.nodes, problem.input]);
  const { output: outputs } = model.apply(p, inputs, structure, {
    rows: scored,
    ...(clipState === undefined ? {} : { clipState }),
  });
  return problem.answer === "class"
    ? crossEntropyMean(outputs, fromArray(targets, [targets.length], "int32"))
    : meanSquaredErrorMean(outputs, fromArray(targets, [targets.length, 1]));
});

let params = model.init(forInit);
let state = optimiser.init(params);
let [updates, solved, last] = [0, false, null];
const cpu = process.cpuUsage();
while (updates < task.most && !solved) {
  for (const until = updates + task.every; updates < until; updates++) {
    const batch = problem.sample(forBatches, updates, BATCH);
    const next = scope(() => {
      const { grads } = gradient(params, batch);
      const step = optimiser.update(grads, state, params, { key: forSteps.fold(updates) });
      return { params: applyUpdates(params, step.updates), state: step.state };
    });
    for (const t of leaves([params, state])) t.dispose();
    ({ params, state } = next);
  }
  last = await evaluateSynthetic(model, params, test, {
    key: forTests.fold(updates),
    sequences: task.tests,
  });
  solved = task.solved(last);
}
const { user, system } = process.cpuUsage(cpu);
const count = (value) => onCpu(value).item();
const result = {
  task: name,
  method,
  rate,
  threshold,
  seed,
  solved,
  updates,
  loss: last.loss,
  wrongShare: name === "text" ? null : last.wrong / last.sequences,
  randomSteps: count(state.randomSteps),
  skipped: count(state.skipped),
  cpuSeconds: Math.round((user + system) / 1e5) / 10,
  executor: defaultExecutor().name,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
