// One training run, as one line of JSON:
// node train.mjs '{"task":"adding","arm":"SGD, LSTM","rate":0.1,"seed":1,"minutes":10}'

import { defaultExecutor, ExplosionError, Key, startTraining, train } from "longspan";
import { arms } from "./arms.mjs";
import { tasks } from "./tasks.mjs";

/** Looks at fresh data in a run. */
const looks = 40;

const { task: name, arm: armName, rate, seed, minutes, text } = JSON.parse(process.argv[2]);
const arm = arms[armName];
const { model, hidden, parameters, task: taskOf, judge } = tasks[name].make(arm, text);
const [forInit, forBatches, forLooks, forTraining] = Key.of(seed).split(4);
const task = taskOf(forBatches);
const optimiser = arm.optimiser(rate);

const curve = [];
let ended = "budget";

const start = startTraining(task, optimiser, model.init(forInit));

// What counts is the processor's time of training, on one thread: other work on the machine does not count, and looks are left out,
// since a look costs more with some cells than with others.
const processor = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const begin = processor();
let looking = 0;
const seconds = () => processor() - begin - looking;
const look = async (step, params) => {
  const [started, trained] = [processor(), seconds()];
  const value = await judge(params, forLooks.fold(curve.length));
  looking += processor() - started;
  curve.push({ step, seconds: Number(trained.toFixed(1)), value: Number(value.toPrecision(4)) });
};

let next = 0;
try {
  const { state } = await train(task, start, {
    optimiser,
    ...(arm.momentum ? { momentum: arm.momentum } : {}),
    budget: { steps: 1e9 },
    key: forTraining,
    signal: {
      get aborted() {
        return seconds() >= 60 * minutes;
      },
    },
    callbacks: [
      {
        async onStep({ step, params }) {
          if (seconds() < next) return;
          await look(step, params);
          next += (60 * minutes) / looks;
        },
      },
    ],
  });
  await look(state.step, state.params);
} catch (error) {
  if (!(error instanceof ExplosionError)) throw error;
  ended = "diverged";
}
const result = { task: name, arm: armName, rate, seed, minutes, hidden, parameters, ended, curve };
process.stdout.write(`${JSON.stringify({ ...result, executor: defaultExecutor().name })}\n`);
