// Tasks whose inputs are noise: NARMA10 and memory capacity.

import { addReadoutRows, chooseRidge, narma, normal, readoutSums, reservoir, ridgeReadout } from "longspan";
import { determination, keyOf, matrix, normalisedError, numbers, readOut, statesOf } from "./reservoirs.mjs";

const WASHOUT = 200;

/** NARMA10: the error on a series that was not trained on. The ridge is chosen on the last quarter of the training series. */
export function narmaTask({ units, radius = 0.95, inputScale = 0.05, bias = 0.3, wiring = "sparse" }) {
  return (seed) => {
    const config = { input: 1, hidden: units, wiring, radius, inputScale, bias };
    const params = reservoir(config).init(keyOf(seed, 0), "float64");
    const [train, test] = [1, 2].map((part) => narma({ length: 4000 + WASHOUT, key: keyOf(seed, part) }));
    const states = ({ inputs }) => statesOf(config, params, inputs, 1, { washout: WASHOUT }).output;
    const targets = test.targets.subarray(WASHOUT);
    const readout = chosen(states(train), train.targets.subarray(WASHOUT), units);
    return {
      nmse: normalisedError(readOut(readout, states(test)), targets),
      linear: normalisedError(linearLine(train, test), targets),
    };
  };
}

/** The readout with the ridge that the last quarter of the rows chooses. */
function chosen(states, targets, features) {
  const rows = targets.length;
  const cut = Math.floor(0.75 * rows);
  const part = (from, to) =>
    addReadoutRows(
      readoutSums({ features, outputs: 1 }),
      states.view([to - from, features], from * features),
      matrix(targets.subarray(from, to), to - from, 1),
    );
  const { ridge } = chooseRidge(part(0, cut), part(cut, rows));
  return ridgeReadout(states, matrix(targets, rows, 1), { ridge });
}

/** What the last 30 inputs alone say, linearly. */
function linearLine(train, test) {
  const taps = ({ inputs }) => {
    const rows = inputs.length - WASHOUT;
    const out = Float64Array.from(
      { length: rows * 30 },
      (_, i) => inputs[WASHOUT + Math.floor(i / 30) - (i % 30)],
    );
    return matrix(out, rows, 30);
  };
  const targets = train.targets.subarray(WASHOUT);
  return readOut(ridgeReadout(taps(train), matrix(targets, targets.length, 1)), taps(test));
}

/**
 * Memory capacity (Jaeger 2001): the sum over lags of the square of the correlation of the input with what a readout makes of the states so many steps
 * later, on a series that was not trained on.
 */
export function capacityTask({ units = 100, wiring, activation, nonZeros, radius = 0.95, inputScale = 0.1 }) {
  return (seed) => {
    const config = {
      input: 1,
      hidden: units,
      wiring,
      activation,
      radius,
      inputScale,
      ...(nonZeros ? { nonZeros } : {}),
    };
    const params = reservoir(config).init(keyOf(seed, 0), "float64");
    const [lags, length] = [2 * units, 10000];
    const series = (part) =>
      Float64Array.from(numbers(normal(keyOf(seed, part), [length + lags], "float64")), (x) => Math.tanh(x));
    const parts = [1, 2].map((part) => {
      const u = series(part);
      const { output } = statesOf(config, params, u, 1, { washout: lags });
      const targets = Float64Array.from(
        { length: length * lags },
        (_, i) => u[lags + Math.floor(i / lags) - 1 - (i % lags)],
      );
      return { output, targets: matrix(targets, length, lags) };
    });
    const readout = ridgeReadout(parts[0].output, parts[0].targets, { ridge: 1e-10 });
    const said = readOut(readout, parts[1].output);
    const truth = numbers(parts[1].targets);
    const column = (of, k) => Float64Array.from({ length }, (_, i) => of[i * lags + k]);
    // By chance a lag of which nothing is known has 1 / length.
    const each = Array.from(
      { length: lags },
      (_, k) => determination(column(said, k), column(truth, k)) - 1 / length,
    );
    return { capacity: each.reduce((a, x) => a + x, 0) };
  };
}
