// Spoken digits: features of speech as currents into a liquid, and a linear readout of its traces.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  addReadoutRows,
  chain,
  chooseRidge,
  fromArray,
  Key,
  linear,
  liquid,
  onCpu,
  readoutSums,
  scope,
  unfold,
} from "longspan";

const [COEFFICIENTS, DIGITS, SEGMENTS] = [13, 10, 4];
const CHANNELS = 2 * COEFFICIENTS;
const numbers = (value) => onCpu(value).toArray();

/** Utterances, each with its currents: what is above and what is below the mean of a coefficient, frames x 26. */
function readDigits(folder) {
  const index = JSON.parse(readFileSync(join(folder, "mfcc13_index.json"), "utf8"));
  const bytes = readFileSync(join(folder, "mfcc13_f32le.bin"));
  const frames = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const utterances = index.utterances.map(([digit, , take, first, count]) => ({
    digit,
    test: take < 5,
    own: frames.subarray(first * COEFFICIENTS, (first + count) * COEFFICIENTS),
    count,
  }));
  const [mean, square] = [new Float64Array(COEFFICIENTS), new Float64Array(COEFFICIENTS)];
  let seen = 0;
  for (const { own, count, test } of utterances) {
    if (test) continue;
    seen += count;
    own.forEach((x, i) => {
      mean[i % COEFFICIENTS] += x;
      square[i % COEFFICIENTS] += x * x;
    });
  }
  const deviation = square.map((x, k) => Math.sqrt(x / seen - (mean[k] / seen) ** 2));
  return utterances.map(({ own, ...rest }) => {
    const currents = new Float32Array(rest.count * CHANNELS);
    own.forEach((x, i) => {
      const k = i % COEFFICIENTS;
      const z = (x - mean[k] / seen) / deviation[k];
      currents[Math.floor(i / COEFFICIENTS) * CHANNELS + k + (z > 0 ? 0 : COEFFICIENTS)] = Math.abs(z);
    });
    return { ...rest, currents };
  });
}

/** The means over equal parts of the rows. */
function segmentMeans(rows, count, width, row) {
  const out = new Float64Array(SEGMENTS * width);
  for (let t = 0; t < count; t++) {
    const part = Math.floor((t * SEGMENTS) / count);
    const share = SEGMENTS / count;
    for (let k = 0; k < width; k++) out[part * width + k] += share * rows[row(t) * width + k];
  }
  return out;
}

/** What the liquid makes of utterances, in batches of similar lengths. */
function liquidFeatures(utterances, { scale, seed, framesOf, inputScale }) {
  const config = {
    input: CHANNELS,
    column: [5, 5, 8],
    step: 2,
    weightScale: scale,
    inputScale,
    inputShare: 0.1,
    synapse: { input: 0 },
  };
  const cell = liquid(config);
  const params = cell.init(Key.of(seed));
  const neurons = params.U.shape[1];
  const order = utterances.map((_, i) => i).sort((i, j) => utterances[j].count - utterances[i].count);
  const features = Array(utterances.length);
  let spikes = 0;
  let all = 0;
  for (let from = 0; from < order.length; from += 100) {
    const batch = order.slice(from, from + 100);
    const steps = batch.map((i) => utterances[i].count * framesOf);
    const structure = chain(steps);
    const rowsOf = batch.map(() => []);
    const { sequenceOf } = structure.parts;
    for (let row = 0; row < structure.nodes; row++) rowsOf[sequenceOf[row]].push(row);
    const x = new Float32Array(structure.nodes * CHANNELS);
    batch.forEach((i, s) => {
      for (const [t, row] of rowsOf[s].entries()) {
        const frame = Math.floor(t / framesOf);
        x.set(utterances[i].currents.subarray(frame * CHANNELS, (frame + 1) * CHANNELS), row * CHANNELS);
      }
    });
    const traces = scope(() =>
      numbers(unfold(cell, params, { x: fromArray(x, [structure.nodes, CHANNELS]) }, structure).output),
    );
    spikes += traces.reduce((a, z) => a + z, 0);
    all += traces.length;
    batch.forEach((i, s) => {
      features[i] = segmentMeans(traces, steps[s], neurons, (t) => rowsOf[s][t]);
    });
  }
  return { features, rate: (500 * spikes) / all };
}

/** The share of test utterances whose digit a ridge readout finds; a fifth of the others choose the ridge. */
function accuracy(utterances, features) {
  const width = features[0].length;
  const rows = (chosen) => {
    const own = utterances.flatMap((u, i) => (chosen(u, i) ? [i] : []));
    const targets = new Float64Array(own.length * DIGITS);
    own.forEach((i, r) => {
      targets[r * DIGITS + utterances[i].digit] = 1;
    });
    const values = new Float64Array(own.length * width);
    for (const [r, i] of own.entries()) values.set(features[i], r * width);
    return [
      fromArray(values, [own.length, width], "float64"),
      fromArray(targets, [own.length, DIGITS], "float64"),
    ];
  };
  const sums = (chosen) =>
    addReadoutRows(readoutSums({ features: width, outputs: DIGITS, method: "products" }), ...rows(chosen));
  const { readout } = chooseRidge(
    sums((u, i) => !u.test && i % 5 !== 0),
    sums((u, i) => !u.test && i % 5 === 0),
  );
  const [states, targets] = rows((u) => u.test);
  const said = numbers(linear({ input: width, output: DIGITS }).apply(readout, states));
  const truth = numbers(targets);
  let right = 0;
  const count = truth.length / DIGITS;
  for (let r = 0; r < count; r++) {
    const row = said.subarray(r * DIGITS, (r + 1) * DIGITS);
    right += truth[r * DIGITS + row.indexOf(Math.max(...row))];
  }
  return right / count;
}

export function spokenDigits({ data, scale = 0.1, seed, inputScale = 6 }) {
  const utterances = readDigits(data);
  const { features, rate } = liquidFeatures(utterances, { scale, seed, framesOf: 5, inputScale });
  const raw = utterances.map(({ currents, count }) => segmentMeans(currents, count, CHANNELS, (t) => t));
  return { accuracy: accuracy(utterances, features), without: accuracy(utterances, raw), rate };
}
