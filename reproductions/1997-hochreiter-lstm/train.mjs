// One training run: node train.mjs '{"task":"adding","squashing":"text","error":"squared","update":"answer","seed":1}' prints its result as one line of JSON.

import { pathToFileURL } from "node:url";
import {
  abs,
  applyUpdates,
  bernoulliCrossEntropySum,
  capture,
  chain,
  defaultExecutor,
  fromArray,
  Key,
  leaves,
  less,
  mul,
  read,
  scope,
  sgd,
  sigmoid,
  square,
  sub,
  sum,
  valueAndGrad,
  where,
} from "longspan";
import { network } from "./net.mjs";
import { tasks } from "./tasks.mjs";

const RATE = 0.5;
const TOLERANCE = 0.2;
/** Success is looked for after every so many sequences, first on so few. */
const EVERY = 500;
const LOOK = 256;
const TOGETHER = 256;

/**
 * What is made small, of the net_k before the logistic outputs and the answers, over all outputs and all steps that are scored. The
 * output units' errors -dE/dnet_k are f'(net_k) (t_k - y_k) for the paper's half squared error and t_k - y_k for cross-entropy. `tolerant` is the
 * squared error of the outputs that are further than TOLERANCE from their answers.
 */
export const errors = {
  squared: (nets, targets) => mul(sum(square(sub(sigmoid(nets), targets))), 0.5),
  "cross-entropy": bernoulliCrossEntropySum,
  tolerant: (nets, targets) => {
    const off = sub(sigmoid(nets), targets);
    return mul(sum(square(where(less(abs(off), TOLERANCE), 0, off))), 0.5);
  },
};

/** Trains until success, or for so many sequences as the task has. */
export async function trainOnce({ task: name, squashing, error, update, seed }) {
  const task = tasks[name];
  const net = network(squashing, task.net);
  const [forInit, forSequences, forTests] = Key.of(seed).split(3);
  const optimiser = sgd({ learningRate: RATE });
  const gradient = valueAndGrad((p, inputs, answers) => {
    const shape = [inputs.scored.length, task.problem.output];
    return errors[error](net.nets(p, inputs), fromArray(answers, shape));
  });
  const step = capture((params, state, inputs, answers) =>
    scope(() => {
      const { updates, state: after } = optimiser.update(
        gradient(params, inputs, answers).grads,
        state,
        params,
      );
      return { params: applyUpdates(params, updates), state: after };
    }),
  );

  const wrongOf = async (params, key, sequences) => {
    let wrong = 0;
    for (let k = 0, seen = 0; seen < sequences; k++, seen += TOGETHER) {
      const batch = task.problem.sample(key, k, Math.min(TOGETHER, sequences - seen));
      const outputs = scope(() => net.apply(params, batch));
      wrong += task.wrong(await read(outputs), batch);
      outputs.dispose();
    }
    return wrong;
  };

  let params = net.init(forInit);
  let state = optimiser.init(params);
  let [sequences, solved, wrong] = [0, false, null];
  const begin = performance.now();
  const cpu = process.cpuUsage();
  while (sequences < task.most && !solved) {
    for (const until = sequences + EVERY; sequences < until; sequences++) {
      const sequence = task.problem.sample(forSequences, sequences, 1);
      for (const batch of update === "answer" ? beginnings(sequence, task.net.input) : [sequence]) {
        const { targets, ...inputs } = batch;
        const next = step(params, state, inputs, codes(task.problem, targets));
        for (const t of leaves([params, state])) t.dispose();
        ({ params, state } = next);
      }
    }
    const key = forTests.fold(sequences);
    if ((await wrongOf(params, key.fold(0), LOOK)) > task.allowed) continue;
    wrong = await wrongOf(params, key.fold(1), task.tests);
    solved = wrong <= task.allowed;
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    task: name,
    squashing,
    error,
    update,
    seed,
    solved,
    sequences,
    wrong,
    seconds: Math.round((performance.now() - begin) / 1000),
    cpuSeconds: Math.round((user + system) / 1e6),
    executor: defaultExecutor().name,
  };
}

const chains = new Map();

/**
 * The beginnings of a sequence up to each step that is scored, where only that step is: the net learns after every answer. (The paper's
 * program goes on with states and derivatives that older weights made; here they are worked out anew.)
 */
function* beginnings({ x, scored, targets }, input) {
  for (const [i, row] of scored.entries()) {
    const steps = row + 1;
    if (!chains.has(steps)) chains.set(steps, chain([steps]));
    yield {
      x: x.subarray(0, steps * input),
      structure: chains.get(steps),
      scored: scored.subarray(i, i + 1),
      targets: targets.subarray(i, i + 1),
    };
  }
}

/** The answers as outputs should be: a number as it is, a class as 1 of n. */
function codes({ answer, output }, targets) {
  if (answer === "number") return targets;
  const rows = new Float32Array(targets.length * output);
  for (const [i, target] of targets.entries()) rows[i * output + target] = 1;
  return rows;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = await trainOnce(JSON.parse(process.argv[2]));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
