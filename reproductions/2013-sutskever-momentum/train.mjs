// One training run, as one line of JSON:
// node train.mjs '{"task":"adding","arm":"nesterov .995","radius":1.1,"rate":1e-4,"seed":1,"updates":50000}'

import { pathToFileURL } from "node:url";
import {
  constantSchedule,
  defaultExecutor,
  ExplosionError,
  fromArray,
  heldFirst,
  Key,
  meanSquaredErrorMean,
  mul,
  nesterov2013,
  onCpu,
  scope,
  startTraining,
  sutskeverRnn,
  syntheticTask,
  train,
  withoutLookAhead,
} from "longspan";
import { arms, setting, tasks } from "./setting.mjs";

/** Trains for so many updates, or until nothing is wrong any more. */
export async function trainOnce({ task: name, arm, radius, rate, seed, updates }) {
  const { problem: make, inputScale, lossScale, errors: counts } = tasks[name];
  const { hidden, batch, outputScale, first, look, test } = setting;
  const problem = make();
  const { input, output } = problem;
  const model = sutskeverRnn({ input, output, hidden, radius, inputScale, outputScale });
  const [forInit, forBatches, forLooks, forTraining] = Key.of(seed).split(4);
  const outputsOf = (params, { x, structure, scored }) =>
    model.apply(params, fromArray(x, [structure.nodes, input]), structure, { rows: scored }).output;
  const task = {
    ...syntheticTask(model, problem, { key: forBatches, batch }),
    loss(params, sample, carried) {
      const targets = fromArray(sample.targets, [sample.scored.length, output]);
      return { loss: mul(meanSquaredErrorMean(outputsOf(params, sample), targets), lossScale), carried };
    },
  };
  const optimiser = nesterov2013({ learningRate: rate, momentum: arms[arm] });

  const [strictest] = Object.values(counts);

  /** Errors per sequence at theta, by each count, over so many fresh sequences. */
  const errors = (state, number, sequences, ways) =>
    scope(() => {
      const theta = withoutLookAhead(state.params, state.optimiser.inner);
      const wrong = ways.map(() => 0);
      for (let k = 0; k < sequences / 500; k++) {
        const sample = problem.sample(forLooks.fold(number), k, 500);
        const outputs = scope(() => onCpu(outputsOf(theta, sample)).toArray().slice());
        for (const [w, count] of ways.entries()) wrong[w] += count(outputs, sample);
      }
      return wrong.map((n) => n / sequences);
    });

  let current = startTraining(task, optimiser, model.init(forInit));
  let [clean, diverged] = [0, false];
  const begin = performance.now();
  try {
    const { state } = await train(task, current, {
      optimiser,
      momentum: heldFirst(first.updates, first.momentum, constantSchedule(arms[arm])),
      budget: { steps: updates },
      key: forTraining,
      signal: {
        get aborted() {
          return clean === look.inARow;
        },
      },
      reportSeconds: 1e9,
      validation: {
        every: { steps: look.every },
        run: () => {
          const [error] = errors(current, current.step, look.sequences, [strictest]);
          clean = error === 0 ? clean + 1 : 0;
          return Promise.resolve(error);
        },
      },
      callbacks: [
        {
          onStep(state) {
            current = state;
          },
          onReport({ step, loss, gradientNorm }) {
            process.stderr.write(`${step}: loss ${loss.toPrecision(4)}, |g| ${gradientNorm.toPrecision(3)}`);
          },
          onValidation({ loss: error }) {
            process.stderr.write(`, errors per sequence ${error}\n`);
          },
        },
      ],
    });
    current = state;
  } catch (error) {
    if (!(error instanceof ExplosionError)) throw error;
    diverged = true;
  }
  const seconds = (performance.now() - begin) / 1000;
  return {
    task: name,
    arm,
    radius,
    rate,
    seed,
    updates: current.step,
    ended: diverged ? "diverged" : clean === look.inARow ? "no errors" : "budget",
    errors: diverged ? null : named(counts, errors(current, updates + 1, test, Object.values(counts))),
    seconds: Math.round(seconds),
    updatesPerSecond: Math.round(current.step / seconds),
    executor: defaultExecutor().name,
  };
}

function named(counts, numbers) {
  return Object.fromEntries(Object.keys(counts).map((name, i) => [name, numbers[i]]));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = await trainOnce(JSON.parse(process.argv[2]));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
