// One training run: node train.mjs '{"task":"copy","machine":"ntm-lstm","seed":1,"most":20000,"state":"FILE"}' prints its result as one
// line of JSON.

import { existsSync } from "node:fs";
import {
  adam,
  clipByJointNorm,
  compose,
  defaultExecutor,
  ExplosionError,
  evaluateSynthetic,
  Key,
  leaves,
  NonFiniteLossError,
  recurrent,
  sequenceModel,
  startTraining,
  syntheticTask,
  train,
} from "longspan";
import { restored, stored } from "../training.mjs";
import { machines } from "./machines.mjs";
import { tasks } from "./tasks.mjs";

// Found by trying: README.md.
const { batch, rate, clip } = { batch: 1, rate: 0.003, clip: 1 };
const EVERY = 1000;

const { task: name, machine, seed, most, state: file } = JSON.parse(process.argv[2]);
const { train: problem, easier, beyond, bits: limit } = tasks[name];
const { cell, begin = (params) => params, epsilon = 1e-8, startsEasy = false } = machines[machine];
const { sequences: easy, problems } = (startsEasy && easier) || { sequences: 0, problems: [] };
const layer = recurrent(cell(problem.input));
const model = sequenceModel({ layer, features: layer.features, output: problem.output });
const [forInit, forBatches, forTraining] = Key.of(seed).split(3);
// Fresh sequences, the same for all seeds: few at each look, more to decide.
const [forLooks, forDecision, forBeyond] = Key.of(100).split(3);

const optimiser = compose(clipByJointNorm(clip), adam({ learningRate: rate, epsilon }));
const task = syntheticTask(model, { ...problem, sample }, { key: forBatches, batch });
const start = startTraining(task, optimiser, begin(model.init(forInit)));
const parameters = leaves(start.params).reduce((sum, t) => sum + t.size, 0);
let last = existsSync(file) ? restored(file, start) : start;
const signal = { aborted: last.history.validations.some(({ loss }) => loss < limit) };
let failure = null;

try {
  const { state } = await train(task, last, {
    optimiser,
    budget: { steps: Math.ceil(most / batch) },
    key: forTraining,
    // Full speed for the first half, then down to a tenth.
    schedule: ({ fraction }) => rate * Math.min(1, 1.9 - 1.8 * fraction),
    signal,
    reportSeconds: 60,
    validation: { every: { steps: Math.round(EVERY / batch) }, run: bitsOf },
    callbacks: [
      {
        async onValidation({ step, loss, state }) {
          signal.aborted = loss < limit;
          process.stderr.write(
            `${name}, ${machine}, seed ${seed}: ${step * batch} sequences, ${loss.toFixed(4)} bits each\n`,
          );
          await stored(file, state);
        },
      },
    ],
  });
  last = state;
} catch (error) {
  if (!(error instanceof ExplosionError || error instanceof NonFiniteLossError)) throw error;
  failure = error.message;
}

/** The sequences of a step. */
function sample(key, step, count) {
  const share = (step * batch) / easy;
  const of = share < 1 ? problems[Math.floor(share * problems.length)] : problem;
  return of.sample(key, step, count);
}

/** Bits per fresh sequence; of more sequences where it is to be decided whether the task is solved. */
async function bitsOf(params) {
  const { bitsPerSequence } = await look(params, forLooks, 100, problem);
  return bitsPerSequence < limit
    ? (await look(params, forDecision, 2000, problem)).bitsPerSequence
    : bitsPerSequence;
}

/** Sequences of ten lengths in a hundred. */
function look(params, key, sequences, of) {
  return evaluateSynthetic(model, params, of, { key, sequences, batch: 10 });
}

const { validations, elapsed } = last.history;
const further = [];
for (const [what, of] of failure === null ? beyond : []) {
  const found = await look(last.params, forBeyond, 50, of);
  further.push({
    what,
    bits: rounded(found.bitsPerSequence),
    wrongBits: rounded(found.wrongBitsPerSequence),
  });
}
const result = {
  task: name,
  machine,
  seed,
  parameters,
  setting: { batch, rate, clip, epsilon, easy },
  most,
  solved: signal.aborted,
  sequences: last.step * batch,
  bits: rounded(validations.at(-1)?.loss ?? Number.NaN),
  further,
  failure,
  minutes: Number((elapsed / 60).toFixed(1)),
  executor: defaultExecutor().name,
  curve: validations.map(({ step, loss }) => [step * batch, rounded(loss)]),
};
process.stdout.write(`${JSON.stringify(result)}\n`);

function rounded(x) {
  return Number(x.toPrecision(4));
}
