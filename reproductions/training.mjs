// A run of training whose state is kept in a file: it goes on where it was broken off.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import {
  adam,
  clipByJointNorm,
  compose,
  decodeCheckpoint,
  defaultExecutor,
  encodeCheckpoint,
  startTraining,
  train,
} from "longspan";
import { fail } from "./runs.mjs";

/**
 * Trains by Adam until so many steps are taken, or the time is over. The state is kept in a file; a run that finds one goes on from it, and
 * ends with the bits of a run that was never broken off.
 *
 * @param params where it starts
 * @param wrong the share of held-out sequences that is answered wrongly, or another measure, of parameters: looked at every `every` steps
 * @param told the measure in words
 * @param batch sequences of a step: for the result
 * @param file where the state is kept; none if null
 * @param minutes of the processor's clock until this call ends
 * @returns { params; best: { params, step, loss } of the lowest measure; result }
 */
export async function trainKept({
  task,
  params,
  key,
  seed,
  batch,
  rate,
  clip = 1,
  steps,
  every,
  wrong,
  told = (share) => `${(100 * share).toFixed(2)} % of those held out wrong`,
  file,
  minutes,
}) {
  const optimiser = compose(clipByJointNorm(clip), adam({ learningRate: rate }));
  const start = startTraining(task, optimiser, params);
  const state = file && existsSync(file) ? restored(file, start) : start;
  const begin = performance.now();
  const taken = state.step;
  const signal = {
    get aborted() {
      return performance.now() - begin > 60_000 * minutes;
    },
  };
  const tell = (text) => process.stderr.write(`seed ${seed}: ${text}\n`);
  const { state: last } = await train(task, state, {
    optimiser,
    budget: { steps },
    key,
    // Full speed for the first half, then down to nothing.
    schedule: ({ fraction }) => rate * Math.min(1, 2 * (1 - fraction) + 0.01),
    signal,
    reportSeconds: 30,
    validation: { every: { steps: every }, run: async (params) => wrong(params) },
    callbacks: [
      {
        onReport: ({ step, loss, seconds }) =>
          tell(
            `step ${step} of ${steps}, loss ${loss.toFixed(4)}, ${((step - taken) / seconds).toFixed(1)} steps/s`,
          ),
        async onValidation({ step, loss, state }) {
          tell(`step ${step}: ${told(loss)}`);
          if (file) await stored(file, state);
        },
        async onEnd({ state }) {
          if (file) await stored(file, state);
        },
      },
    ],
  });
  return {
    params: last.params,
    best: last.best,
    result: {
      seed,
      steps: last.step,
      of: steps,
      minutes: Number((last.history.elapsed / 60).toFixed(1)),
      executor: defaultExecutor().name,
      setting: { batch, rate, clip },
    },
  };
}

/** The parameters in the file of a run. @param params any, of the same shapes */
export function keptParams({ task, params, file }) {
  if (!existsSync(file)) fail(`there is no ${file}; it is what a run leaves, and --state says where that is`);
  const optimiser = compose(clipByJointNorm(1), adam());
  return restored(file, startTraining(task, optimiser, params)).params;
}

/** Writes the state of a run to a file. */
export async function stored(file, state) {
  const { tensors, progress } = await encodeCheckpoint(state);
  mkdirSync(dirname(file), { recursive: true });
  // Written beside it and then renamed, so that there is always a whole one.
  writeFileSync(
    `${file}.new`,
    JSON.stringify({ progress, tensors: Buffer.from(tensors).toString("base64") }),
  );
  renameSync(`${file}.new`, file);
}

/** The state in a file. @param template of the same form */
export function restored(file, template) {
  const { progress, tensors } = JSON.parse(readFileSync(file, "utf8"));
  return decodeCheckpoint({ progress, tensors: new Uint8Array(Buffer.from(tensors, "base64")) }, template);
}
