// What the tasks share: states of a series, readouts of them, and free runs.

import {
  afterWashout,
  chain,
  fedBack,
  freeRunning,
  fromArray,
  gaussianOutput,
  Key,
  linear,
  onCpu,
  recurrent,
  reservoir,
} from "longspan";

export const matrix = (values, rows, columns) => fromArray(values, [rows, columns], "float64");
export const numbers = (value) => onCpu(value).toArray();

/** The states of one series after its washout, and the last one. */
export function statesOf(config, params, x, features, { washout, key = null, initial } = {}) {
  const structure = chain([x.length / features]);
  const options = { rows: afterWashout(structure, washout ?? 0), key, ...(initial ? { initial } : {}) };
  return recurrent(reservoir(config)).apply(
    params,
    matrix(x, x.length / features, features),
    structure,
    options,
  );
}

/** What a readout says of states, row by row. */
export function readOut(readout, states) {
  const [input, output] = readout.W.shape;
  return numbers(linear({ input, output }).apply(readout, states));
}

/**
 * Goes on from states that have read the truth, reading what the readout gives.
 *
 * @param config of the reservoir, without noise
 * @param state one row per run
 * @param first what each run reads at its first step, runs x features
 * @returns what was given, steps x runs x features
 */
export function runFree({ config, params, readout, state, first, features, steps }) {
  const runs = first.length / features;
  const cell = fedBack({
    cell: reservoir(config),
    output: gaussianOutput({ features, scale: 1 }),
    regime: freeRunning({ feed: "mean" }),
  });
  const x = new Float64Array(steps * first.length);
  x.set(first);
  const all = { cell: params, readout: { V: readout.W, c: readout.b } };
  const structure = chain(Array(runs).fill(steps));
  return numbers(
    recurrent(cell).apply(all, matrix(x, steps * runs, features), structure, { initial: state }).output,
  );
}

/** The mean square of differences over the variance of the truth. */
export function normalisedError(given, truth) {
  const mean = truth.reduce((a, x) => a + x, 0) / truth.length;
  const [error, variance] = [
    given.reduce((a, x, i) => a + (x - truth[i]) ** 2, 0),
    truth.reduce((a, x) => a + (x - mean) ** 2, 0),
  ];
  return error / variance;
}

/** The square of the correlation. */
export function determination(a, b) {
  const mean = (list) => list.reduce((s, x) => s + x, 0) / list.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return aa === 0 || bb === 0 ? 0 : (ab * ab) / (aa * bb);
}

export const keyOf = (seed, part) => Key.of(seed).fold(part);
