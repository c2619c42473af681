// One training run: node train.mjs '{"arm":"learned","seed":1,"steps":3000,"minutes":60,"state":"FILE"}'
// prints its result as one line of JSON.

import { Key, meanSquaredErrorMean, onCpu, scope, timeConstantsOf } from "longspan";
import { trainKept } from "../training.mjs";
import { batch, examples, heldOut, length, netOf } from "./task.mjs";

const { arm, seed, steps, minutes, state } = JSON.parse(process.argv[2]);
const net = netOf(arm);
const [forInit, forBatches, forTraining] = Key.of(seed).split(3);
const held = heldOut();

/** The mean squared error of each target over its variance. */
function errorsOf(params) {
  return scope(() => {
    const { output } = net.apply(params, held.x, held.structure);
    const [o, y] = [output, held.y].map((v) => onCpu(v).toArray());
    return [0, 1].map((c) => {
      let [error, size] = [0, 0];
      for (let i = c; i < y.length; i += 2) {
        error += (o[i] - y[i]) ** 2;
        size += y[i] ** 2;
      }
      return error / size;
    });
  });
}

const constants = (params) =>
  Array.from(onCpu(timeConstantsOf(params[0].a.v)).toArray(), (T) => Number(T.toFixed(2))).toSorted(
    (a, b) => a - b,
  );
const begun = net.init(forInit);
/** Time constants on the way, for the picture. */
const path = [[0, constants(begun)]];
const { params, result } = await trainKept({
  task: {
    capturable: true,
    batch: (step) => examples(forBatches.fold(step)),
    predictions: () => batch * length,
    carriedAtStart: () => ({}),
    loss: (params, { x, y, structure }) => ({
      loss: meanSquaredErrorMean(net.apply(params, x, structure).output, y),
      carried: {},
    }),
  },
  params: begun,
  key: forTraining,
  seed,
  batch,
  rate: 0.01,
  steps,
  every: 100,
  wrong(params) {
    path.push([100 * path.length, constants(params)]);
    const [a, b] = errorsOf(params);
    return (a + b) / 2;
  },
  told: (error) => `NMSE ${error.toFixed(4)}`,
  file: state,
  minutes,
});
process.stdout.write(
  `${JSON.stringify({
    arm,
    ...result,
    nmse: errorsOf(params).map((error) => Number(error.toPrecision(4))),
    constants: constants(params),
    ...(arm === "learned" && seed === 1 ? { path } : {}),
  })}\n`,
);
