// One training run, as one line of JSON:
// node train.mjs '{"task":"adding","arm":"LSTM","seed":1,"steps":2400,"data":"FOLDER"}'

import { adam, clipByJointNorm, compose, ExplosionError, Key, leaves, startTraining, train } from "longspan";
import { arms } from "./arms.mjs";
import { tasks } from "./tasks.mjs";

const { task: name, arm, seed, steps, data } = JSON.parse(process.argv[2]);
const { rate, every, make } = tasks[name];
const { model, task: taskOf, held, tested } = make(arms[arm], data);
const [forInit, forBatches, forTraining] = Key.of(seed).split(3);
const task = taskOf(forBatches);
const optimiser = compose(clipByJointNorm(1), adam({ learningRate: rate }));
const params = model.init(forInit);
const parameters = leaves(params).reduce((n, p) => n + p.size, 0);

// What the held-out data says on the way, and what the test says where it said the best.
const curve = [];
let best = { held: Number.POSITIVE_INFINITY, test: Number.POSITIVE_INFINITY };
let ended = "budget";
const round = (value) => Number(value.toPrecision(5));
try {
  await train(task, startTraining(task, optimiser, params), {
    optimiser,
    budget: { steps },
    key: forTraining,
    reportSeconds: 0,
    schedule: ({ fraction }) => rate * Math.min(1, 2 * (1 - fraction) + 0.01),
    callbacks: [
      {
        async onStep({ step, params }) {
          if (step % every !== 0) return;
          const value = await held(params);
          curve.push(round(value));
          if (value < best.held) best = { held: value, test: await tested(params) };
        },
      },
    ],
  });
} catch (error) {
  if (!(error instanceof ExplosionError)) throw error;
  ended = "diverged";
}
const { user, system } = process.cpuUsage();
process.stdout.write(
  `${JSON.stringify({
    task: name,
    arm,
    seed,
    steps,
    parameters,
    ended,
    held: round(best.held),
    test: round(best.test),
    curve,
    seconds: Math.round((user + system) / 1e6),
  })}\n`,
);
