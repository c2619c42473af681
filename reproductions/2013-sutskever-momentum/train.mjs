// One training run, as one line of JSON:
// node train.mjs '{"task":"adding","arm":"nesterov .995","radius":1.1,"rate":1e-4,"seed":1,"updates":50000}'

import { pathToFileURL } from "node:url";
import {
  centred,
  constantSchedule,
  defaultExecutor,
  ExplosionError,
  fromArray,
  heldFirst,
  Key,
  mul,
  nesterov2013,
  onCpu,
  pure,
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
  const { problem: make, inputScale, lossScale, chances } = tasks[name];
  const { hidden, batch, outputScale, first, look, test } = setting;
  const problem = centred(make());
  const { inputSize: input, outputSize: output } = problem;
  const model = sutskeverRnn({ input, output, hidden, radius, inputScale, outputScale });
  const [forInit, forBatches, forLooks, forTraining] = Key.of(seed).split(4);
  const plain = syntheticTask(model, problem, { key: forBatches, batch });
  const task = {
    ...plain,
    loss: pure((...given) => {
      const found = plain.loss(...given);
      return { ...found, loss: mul(found.loss, lossScale) };
    }),
  };
  const optimiser = nesterov2013({ learningRate: rate, momentum: arms[arm] });

  /** Errors per sequence at theta, over so many fresh sequences. */
  const errors = (state, number, sequences) =>
    scope(() => {
      const theta = withoutLookAhead(state.params, state.optimiser.inner);
      let wrong = 0;
      for (let k = 0; k < sequences / 500; k++) {
        const sample = problem.sample(forLooks.fold(number), k, 500);
        wrong +=
          chances === 1 ? wrongSums(problem, model, theta, sample) : wrongSymbols(model, theta, sample);
      }
      return wrong / sequences;
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
          const error = errors(current, current.step, look.sequences);
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
    errors: diverged ? null : errors(current, updates + 1, test),
    seconds: Math.round(seconds),
    updatesPerSecond: Math.round(current.step / seconds),
    executor: defaultExecutor().name,
  };
}

function outputsOf(model, params, { x, structure, judged }) {
  const rows = fromArray(x, [structure.nodes, x.length / structure.nodes]);
  return scope(() =>
    onCpu(model.apply(params, rows, structure, judged))
      .toArray()
      .slice(),
  );
}

function wrongSums(problem, model, params, sample) {
  return problem.wrong(outputsOf(model, params, sample), sample);
}

/** Of the symbols in the last ten steps. */
function wrongSymbols(model, params, sample) {
  const { structure, targets } = sample;
  const logits = outputsOf(model, params, sample);
  const classes = model.output;
  let wrong = 0;
  for (let b = 0; b < structure.sequences; b++)
    for (const row of structure.rowsOf(b).slice(-10)) {
      const own = logits.subarray(row * classes, (row + 1) * classes);
      if (own.indexOf(Math.max(...own)) !== targets[row]) wrong += 1;
    }
  return wrong;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = await trainOnce(JSON.parse(process.argv[2]));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
