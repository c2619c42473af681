// Liquids of one strength of connections: what they tell apart, and what a readout finds in them.

import {
  addReadoutRows,
  chain,
  fromArray,
  Key,
  linear,
  liquid,
  onCpu,
  readoutSums,
  solveReadout,
  unfold,
  uniform,
} from "longspan";

const CHANNELS = 4;
const numbers = (value) => onCpu(value).toArray();
const keyOf = (seed, part) => Key.of(seed).fold(part);

/** Outputs over sequences of the same length, rows time-major: steps x sequences x neurons. */
function run(cell, params, x, sequences, initial) {
  const steps = x.length / (CHANNELS * sequences);
  const inputs = { x: fromArray(x, [steps * sequences, CHANNELS]) };
  return unfold(cell, params, inputs, chain(Array(sequences).fill(steps)), initial ? { initial } : {}).output;
}

/**
 * Separation: the distance of the traces of two liquids that are the same but for the input. A share of the spikes of one input are moved to other times in the other.
 * With the share 0, only the potentials differ at the start: a liquid that keeps such a difference has no fading memory.
 */
export function separation(scale, seed, shares = [0, 0.1, 0.4]) {
  const cell = liquid({ input: CHANNELS, weightScale: scale });
  const params = cell.init(keyOf(seed, 0));
  const neurons = params.U.shape[1];
  const [pairs, steps] = [20, 1000];
  const draws = numbers(uniform(keyOf(seed, 1), [steps * pairs * CHANNELS]));
  const moved = numbers(uniform(keyOf(seed, 2), [steps * pairs * CHANNELS]));
  const to = numbers(uniform(keyOf(seed, 3), [steps * pairs * CHANNELS]));
  const spikes = Float32Array.from(draws, (u) => Number(u < 0.02));
  const firstHalf = numbers(run(cell, params, spikes, pairs));
  const distances = shares.map((share) => {
    const other = new Float32Array(spikes.length);
    spikes.forEach((spike, i) => {
      if (spike === 0) return;
      const t = Math.floor(to[i] * steps);
      other[moved[i] < share ? t * pairs * CHANNELS + (i % (pairs * CHANNELS)) : i] = 1;
    });
    const v = numbers(uniform(keyOf(seed, 4), [pairs, neurons])).map((u) => 13.5 * u);
    const initial = share === 0 ? { v: fromArray(v, [pairs, neurons]) } : undefined;
    const second = numbers(run(cell, params, other, pairs, initial));
    // The second half of the time, when the start is over.
    let sum = 0;
    const from = (steps / 2) * pairs;
    for (let row = from; row < steps * pairs; row++) {
      let squares = 0;
      for (let k = 0; k < neurons; k++)
        squares += (second[row * neurons + k] - firstHalf[row * neurons + k]) ** 2;
      sum += Math.sqrt(squares);
    }
    return sum / (steps * pairs - from);
  });
  const rate = (1000 * firstHalf.reduce((a, x) => a + x, 0)) / firstHalf.length;
  return { shares, distances, rate };
}

/**
 * Approximation: how well a readout of the trace tells how many input spikes there were in the 30 ms that ended a lag ago. The rate of the input is drawn anew every 30 ms.
 * The square of the correlation, on inputs that were not trained on.
 */
export function approximation(scale, seed, lags = [0, 30, 60, 90, 120, 150, 180, 240, 300]) {
  const cell = liquid({ input: CHANNELS, weightScale: scale });
  const params = cell.init(keyOf(seed, 0));
  const neurons = params.U.shape[1];
  const [sequences, steps, window] = [10, 4000, 30];
  const washout = lags.at(-1) + window;
  const part = (number) => {
    const rates = numbers(
      uniform(keyOf(seed, 10 + number), [Math.ceil(steps / window) * sequences * CHANNELS]),
    );
    const draws = numbers(uniform(keyOf(seed, 20 + number), [steps * sequences * CHANNELS]));
    const width = sequences * CHANNELS;
    const x = Float32Array.from(draws, (u, i) =>
      Number(u < 0.08 * rates[Math.floor(i / (width * window)) * width + (i % width)]),
    );
    const output = run(cell, params, x, sequences);
    // Counts of all channels, by sequence.
    const counts = Array.from({ length: sequences }, (_, s) => {
      const running = new Float64Array(steps + 1);
      for (let t = 0; t < steps; t++) {
        let spikes = 0;
        for (let c = 0; c < CHANNELS; c++) spikes += x[t * width + s * CHANNELS + c];
        running[t + 1] = running[t] + spikes;
      }
      return running;
    });
    const rows = (steps - washout) * sequences;
    const targets = new Float64Array(rows * lags.length);
    for (let row = 0; row < rows; row++) {
      const [t, s] = [washout + Math.floor(row / sequences), row % sequences];
      lags.forEach((lag, k) => {
        targets[row * lags.length + k] = counts[s][t + 1 - lag] - counts[s][t + 1 - lag - window];
      });
    }
    const states = output.view([rows, neurons], washout * sequences * neurons);
    return { states, targets: fromArray(targets, [rows, lags.length], "float64"), rows };
  };
  const [train, test] = [part(1), part(2)];
  const sums = addReadoutRows(
    readoutSums({ features: neurons, outputs: lags.length, method: "products" }),
    train.states,
    train.targets,
  );
  const readout = solveReadout(sums, { ridge: 1e-4, dtype: "float32" });
  const said = numbers(linear({ input: neurons, output: lags.length }).apply(readout, test.states));
  const truth = numbers(test.targets);
  return { lags, found: lags.map((_, k) => determination(said, truth, k, lags.length)) };
}

/** The square of the correlation of two columns. */
function determination(a, b, k, width) {
  const rows = a.length / width;
  let [ma, mb, ab, aa, bb] = [0, 0, 0, 0, 0];
  for (let i = 0; i < rows; i++) {
    ma += a[i * width + k] / rows;
    mb += b[i * width + k] / rows;
  }
  for (let i = 0; i < rows; i++) {
    const [x, y] = [a[i * width + k] - ma, b[i * width + k] - mb];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : (ab * ab) / (aa * bb);
}
