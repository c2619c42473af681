// The Lorenz system: a reservoir that learned to go on one step, running free, and its Lyapunov exponents.

import {
  chain,
  fedBack,
  freeRunning,
  gaussianOutput,
  lorenz,
  lyapunovExponents,
  reservoir,
  ridgeReadout,
} from "longspan";
import { keyOf, matrix, runFree, statesOf } from "./reservoirs.mjs";

const [STEP, WASHOUT] = [0.02, 200];
/** What is learned: the coordinates, brought to about [-1, 1]. */
const scaled = (values) => values.map((x, i) => (i % 3 === 2 ? (x - 25) / 25 : x / 20));

export function lorenzTask({
  units,
  points = 6000,
  radius = 0.4,
  inputScale = 0.5,
  bias = 0.5,
  ridge = 1e-12,
  along = 8000,
}) {
  return async (seed) => {
    const config = { input: 3, hidden: units, radius, inputScale, bias };
    const params = reservoir(config).init(keyOf(seed, 0), "float64");
    const series = scaled(lorenz({ length: points + 1000, step: STEP, key: keyOf(seed, 1) }));
    const train = series.subarray(0, 3 * points);
    const { output, final } = statesOf(config, params, train, 3, { washout: WASHOUT });
    const targets = series.subarray(3 * (WASHOUT + 1), 3 * (points + 1));
    const readout = ridgeReadout(output, matrix(targets, targets.length / 3, 3), { ridge });
    const first = series.subarray(3 * points, 3 * (points + 1));
    const out = runFree({ config, params, readout, state: final, first, features: 3, steps: 900 });
    // Valid until the distance to the truth is 0.4 of its size: the measure of Pathak et al.
    const size = Math.sqrt(targets.reduce((a, x) => a + x * x, 0) / (targets.length / 3));
    let valid = 0;
    const distance = (t) =>
      Math.hypot(...[0, 1, 2].map((i) => out[3 * t + i] - series[3 * (points + 1 + t) + i]));
    while (valid < 900 && distance(valid) < 0.4 * size) valid += 1;

    const cell = fedBack({
      cell: reservoir(config),
      output: gaussianOutput({ features: 3, scale: 1 }),
      regime: freeRunning({ feed: "mean", gradient: "through" }),
    });
    const x = new Float64Array(3 * along);
    x.set(first);
    const exponents = await lyapunovExponents(
      cell,
      { cell: params, readout: { V: readout.W, c: readout.b } },
      { x: matrix(x, along, 3) },
      chain([along]),
      { count: 3, initial: final },
    );
    const [first1, second, third] = exponents.map((e) => e / STEP);
    return { exponents: [first1, second, third], valid: valid * STEP };
  };
}
