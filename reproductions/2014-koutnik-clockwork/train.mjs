// One training run: node train.mjs '{"arm":"clockwork.sea","seed":1,"steps":10000,"minutes":60,"state":"FILE"}'
// prints its result as one line of JSON.

import { readFileSync } from "node:fs";
import { chain, Key, meanSquaredErrorMean, onCpu, scope, tensor, zeros } from "longspan";
import { trainKept } from "../training.mjs";
import { netOf, nets } from "./nets.mjs";

const { arm, seed, steps, minutes, state, rate } = JSON.parse(process.argv[2]);
const [name, clip] = arm.split(".");
const samples = JSON.parse(readFileSync(new URL("clips.json", import.meta.url), "utf8"))[clip];
const T = samples.length;
const [structure, x, target] = [chain([T]), zeros([T, 1]), tensor(samples.map((y) => [y]))];
const mean = samples.reduce((a, b) => a + b) / T;
const variance = samples.reduce((sum, y) => sum + (y - mean) ** 2, 0) / T;

const key = Key.of(seed).fold(Object.keys(nets).indexOf(name));
const { net, params, parameters } = netOf(name, key.fold(0));
const outputs = (params) => scope(() => Array.from(onCpu(net.apply(params, x, structure).output).toArray()));
const errorOf = (params) =>
  outputs(params).reduce((sum, y, t) => sum + (y - samples[t]) ** 2, 0) / T / variance;

const { params: last, result } = await trainKept({
  task: {
    capturable: true,
    batch: () => ({ x, target }),
    predictions: () => T,
    carriedAtStart: () => ({}),
    loss: (params, { x, target }) => ({
      loss: meanSquaredErrorMean(net.apply(params, x, structure).output, target),
      carried: {},
    }),
  },
  params,
  key: key.fold(1),
  seed,
  batch: 1,
  rate: rate ?? nets[name].rate,
  clip: nets[name].clip,
  steps,
  every: 1000,
  wrong: errorOf,
  told: (nmse) => `NMSE ${nmse.toFixed(4)}`,
  file: state,
  minutes,
});
const wave = outputs(last);
process.stdout.write(
  `${JSON.stringify({
    arm,
    ...result,
    parameters,
    nmse: Number(errorOf(last).toPrecision(4)),
    ...(seed === 1 ? { wave: wave.map((y) => Number(y.toFixed(3))) } : {}),
  })}\n`,
);
