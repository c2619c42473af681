// Mackey-Glass 17: 84 steps ahead, by running free.

import { chain, mackeyGlass, recurrent, reservoir, ridgeReadout } from "longspan";
import { keyOf, matrix, runFree, statesOf } from "./reservoirs.mjs";

const AHEAD = 84;
const FORCED = 1000;
const RUNS = 50;

/** NRMSE84 over 50 runs on series that were not trained on. */
export function mackeyGlassTask({ units, points, noise, washout = 1000 }) {
  return (seed) => {
    const config = { input: 1, hidden: units, radius: 0.95, leak: 0.9, bias: 0.2, inputScale: 0.56 };
    const params = reservoir(config).init(keyOf(seed, 0), "float64");
    const series = (part, length) =>
      mackeyGlass({ length, key: keyOf(seed, part) }).map((y) => Math.tanh(y - 1));
    const y = series(1, points);
    const { output } = statesOf({ ...config, noise }, params, y.subarray(0, points - 1), 1, {
      washout,
      key: keyOf(seed, 2),
    });
    const targets = y.subarray(washout + 1);
    // Least squares, without a ridge: it costs a digit.
    const readout = ridgeReadout(output, matrix(targets, targets.length, 1));

    const length = FORCED + AHEAD + 1;
    const runs = Array.from({ length: RUNS }, (_, r) => series(100 + r, length));
    const together = new Float64Array(FORCED * RUNS);
    runs.forEach((run, r) => {
      for (let t = 0; t < FORCED; t++) together[t * RUNS + r] = run[t];
    });
    const { final } = recurrent(reservoir(config)).apply(
      params,
      matrix(together, FORCED * RUNS, 1),
      chain(Array(RUNS).fill(FORCED)),
    );
    const out = runFree({
      config,
      params,
      readout,
      state: final,
      first: Float64Array.from(runs, (run) => run[FORCED]),
      features: 1,
      steps: AHEAD,
    });
    const mean = targets.reduce((a, x) => a + x, 0) / targets.length;
    const variance = targets.reduce((a, x) => a + (x - mean) ** 2, 0) / targets.length;
    const error = runs.reduce((a, run, r) => a + (out[(AHEAD - 1) * RUNS + r] - run[FORCED + AHEAD]) ** 2, 0);
    return { nrmse84: Math.sqrt(error / RUNS / variance) };
  };
}
