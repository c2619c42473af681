// One training run: node train.mjs '{"task":"adding","arm":"hessian-free","length":30,"seed":1,"updates":500}' prints its result as one
// line of JSON. With LONGSPAN_VERBOSE=1, every look at fresh sequences is told on stderr.

import { pathToFileURL } from "node:url";
import {
  clipByJointNorm,
  compose,
  defaultExecutor,
  ExplosionError,
  evaluateSynthetic,
  hessianFree,
  Key,
  normalInit,
  recurrent,
  rnn,
  sequenceModel,
  sgd,
  sparseInit,
  startTraining,
  syntheticTask,
  train,
} from "longspan";
import { arms, tasks } from "./arms.mjs";

/** The start: 15 entries per unit, spectral radius 1.1, small input weights. */
const start = { hidden: 100, nonZeros: 15, radius: 1.1, input: 0.1 };

/** A run is over as soon as less than this share of `confirm` fresh sequences is wrong. */
const success = { share: 0.01, look: 1000, confirm: 10_000 };

/**
 * Trains until success, or for so many updates. With `batch`, on that many sequences an update, at most as many of them for curvature as
 * the arm has; with `thousands`, until about so many thousand gradients of a sequence are spent.
 */
export async function trainOnce({ task: name, arm, length, seed, updates: most, batch: size, thousands }) {
  const given = arms[arm];
  const setting =
    size === undefined ? given : { ...given, batch: size, curvature: Math.min(size, given.curvature) };
  const problem = tasks[name]({ length });
  const { input, output } = problem;
  const { hidden, nonZeros, radius } = start;
  const cell = rnn({
    input,
    hidden,
    U: normalInit(start.input, input, hidden),
    W: sparseInit(hidden, { nonZeros, radius }),
  });
  const model = sequenceModel({
    layer: recurrent(cell),
    features: hidden,
    output,
    readout: normalInit(1 / Math.sqrt(hidden), hidden, output),
  });
  const [forInit, forBatches, forLooks, forTraining] = Key.of(seed).split(4);
  const { batch, curvature } = setting;
  const task = syntheticTask(model, problem, { key: forBatches, batch, ...(curvature ? { curvature } : {}) });
  const optimiser =
    arm === "sgd"
      ? compose(clipByJointNorm(setting.clip), sgd({ learningRate: setting.rate }))
      : hessianFree(setting);

  const wrongShare = async (params, look, sequences) => {
    const { wrong, loss } = await evaluateSynthetic(model, params, problem, {
      key: forLooks.fold(look),
      sequences,
    });
    return { share: wrong / sequences, loss };
  };

  let look = { share: 1, loss: problem.baseline };
  let [solved, cgSteps, gradients, negative, evaluated] = [false, 0, 0, 0, 0];
  const every = arm === "sgd" ? 1000 : 1;
  const begin = performance.now();
  const signal = {
    get aborted() {
      return solved || (thousands !== undefined && gradients * batch >= 1000 * thousands);
    },
  };
  const training = train(task, startTraining(task, optimiser, model.init(forInit)), {
    optimiser,
    budget: { steps: most },
    key: forTraining,
    signal,
    reportSeconds: arm === "sgd" ? 1 : 0,
    validation: {
      every: { steps: every },
      run: async (params) => {
        look = await wrongShare(params, 2 * evaluated, success.look);
        if (look.share < success.share) {
          look = await wrongShare(params, 2 * evaluated + 1, success.confirm);
          solved = look.share < success.share;
        }
        evaluated += 1;
        return look.loss;
      },
    },
    callbacks: [
      {
        onReport: ({ measures }) => {
          if (arm === "sgd") return;
          cgSteps += measures["cg steps"];
          gradients += measures["cost in gradients"];
          // More of the loss than its Gauss-Newton part: the Hessian itself may bend the other way.
          if (measures["hessian along gradient"] < 0 || measures["hessian along step"] < 0) negative += 1;
          if (process.env.LONGSPAN_VERBOSE)
            process.stderr.write(`${JSON.stringify({ ...measures, share: look.share, loss: look.loss })}\n`);
        },
        onValidation: ({ step, loss }) => {
          if (process.env.LONGSPAN_VERBOSE)
            process.stderr.write(
              `${name} ${length}: update ${step}, fresh loss ${loss.toPrecision(4)}, wrong ${look.share}, ${Math.round((performance.now() - begin) / 1000)} s\n`,
            );
        },
      },
    ],
  });
  let [updates, diverged] = [0, false];
  try {
    updates = (await training).state.step;
  } catch (error) {
    if (!(error instanceof ExplosionError)) throw error;
    [updates, diverged] = [error.report.step, true];
  }
  if (arm === "sgd") gradients = updates;
  return {
    task: name,
    arm,
    length,
    seed,
    solved,
    ...(diverged ? { diverged } : {}),
    updates,
    wrongShare: look.share,
    loss: look.loss,
    cgSteps,
    // Of one sequence, in thousands.
    gradients: Math.round((gradients * batch) / 1000),
    negativeCurvature: negative,
    seconds: Math.round((performance.now() - begin) / 1000),
    executor: defaultExecutor().name,
    setting: { ...start, ...setting },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const result = await trainOnce(JSON.parse(process.argv[2]));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
