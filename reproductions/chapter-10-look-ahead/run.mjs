// How much an output depends on inputs before and after it: a window, a one-way net, one with a look-ahead, a two-way net.
//
//     node reproductions/chapter-10-look-ahead/run.mjs
//
// Writes results.jsonl and figure.svg into this folder; README.md says what is done.

import { writeFileSync } from "node:fs";
import {
  adam,
  bidirectional,
  chain,
  convolution,
  fromArray,
  gru,
  inputSensitivity,
  Key,
  linear,
  meanSquaredErrorMean,
  normal,
  onCpu,
  recurrent,
  scope,
  slidingWindow,
  stacked,
  trainingStep,
} from "longspan";
import { lineChart } from "../line-chart.mjs";

const [steps, batch, length, reach, factor, units] = [1500, 16, 40, 12, 0.75, 16];
const ahead = 4;

const nets = {
  "a window, 4 to either side": stacked([
    convolution({ input: 1, output: units, width: 2 * ahead + 1, ahead }),
    linear({ input: units, output: 1 }),
  ]),
  "one-way": stacked([recurrent(gru({ input: 1, hidden: units })), linear({ input: units, output: 1 })]),
  "one-way, with a look-ahead of 4": stacked([
    slidingWindow({ input: 1, behind: 0, ahead }),
    recurrent(gru({ input: 1 + ahead, hidden: units })),
    linear({ input: units, output: 1 }),
  ]),
  "two-way": stacked([
    bidirectional(gru({ input: 1, hidden: units }), gru({ input: 1, hidden: units })),
    linear({ input: 2 * units, output: 1 }),
  ]),
};

const structure = chain(new Array(batch).fill(length));

/** Noise, and what is to be said of it: o(t) = sum over |k| <= 12 of .75^|k| x(t + k). */
function sample(key) {
  const noise = onCpu(normal(key, [batch * length])).toArray();
  const wanted = Float32Array.from(noise, (_, i) => {
    const t = i % length;
    let total = 0;
    for (let k = -reach; k <= reach; k++)
      if (t + k >= 0 && t + k < length) total += factor ** Math.abs(k) * noise[i + k];
    return total;
  });
  const rows = (data) => structure.pack(fromArray(data, [batch * length, 1]));
  return { x: rows(noise), wanted: rows(wanted) };
}

/** Trains a net, and measures its error on fresh sequences and its sensitivity. */
async function measured(net) {
  const loss = (params, x, wanted) => meanSquaredErrorMean(net.apply(params, x, structure).output, wanted);
  const step = trainingStep(loss, adam({ learningRate: 0.01 }), {
    settings: (taken) => ({ learningRate: 0.01 * (1 - taken / steps) }),
  });
  let at = step.start(net.init(Key.of(1)));
  for (let i = 0; i < steps; i++) {
    const { x, wanted } = sample(Key.of(2).fold(i));
    at = scope(() => step(at, x, wanted));
  }
  const fresh = Array.from({ length: 20 }, (_, i) => sample(Key.of(3).fold(i)));
  const error = fresh.reduce((sum, { x, wanted }) => sum + onCpu(loss(at.params, x, wanted)).item() / 20, 0);
  const { lags } = await inputSensitivity(
    (x) => net.apply(at.params, x, structure).output,
    fresh[0].x,
    structure,
  );
  return { error, lags: lags.map(({ lag, norm }) => ({ lag, norm })) };
}

const results = [];
for (const [name, net] of Object.entries(nets)) {
  results.push({ name, ...(await measured(net)) });
  process.stdout.write(`${name}: mean squared error ${results.at(-1).error.toPrecision(3)}\n`);
}
const here = (name) => new URL(name, import.meta.url);
writeFileSync(here("results.jsonl"), results.map((result) => `${JSON.stringify(result)}\n`).join(""));
const shown = 16;
writeFileSync(
  here("figure.svg"),
  lineChart(
    results.map(({ name, lags }) => ({
      title: name,
      across: "t - s in steps: left of 0 the input comes later",
      ticks: [-16, -8, 0, 8, 16],
      powers: [-4, 0],
      lines: [
        {
          name: "|do(t) / dx(s)| of the net",
          points: lags
            .filter(({ lag, norm }) => Math.abs(lag) <= shown && norm >= 1e-4)
            .map(({ lag, norm }) => [lag, norm]),
          dots: true,
        },
        {
          name: "of what is to be computed",
          points: Array.from({ length: 2 * reach + 1 }, (_, i) => [i - reach, factor ** Math.abs(i - reach)]),
        },
      ],
    })),
  ),
);
