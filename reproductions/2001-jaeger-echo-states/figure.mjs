// Draws a free run that leaves the truth: the Lorenz system, 300 units.

import { writeFileSync } from "node:fs";
import { drawForecast, lorenz, reservoir, ridgeReadout } from "longspan";
import { keyOf, matrix, runFree, statesOf } from "./reservoirs.mjs";

const [STEP, POINTS, WASHOUT, BEFORE, STEPS] = [0.02, 6000, 200, 150, 1100];
const config = { input: 3, hidden: 300, radius: 0.4, inputScale: 0.5, bias: 0.5 };
const params = reservoir(config).init(keyOf(0, 0), "float64");
const series = lorenz({ length: POINTS + STEPS + 1, step: STEP, key: keyOf(0, 1) }).map((x, i) =>
  i % 3 === 2 ? (x - 25) / 25 : x / 20,
);
const { output, final } = statesOf(config, params, series.subarray(0, 3 * POINTS), 3, { washout: WASHOUT });
const targets = series.subarray(3 * (WASHOUT + 1), 3 * (POINTS + 1));
const readout = ridgeReadout(output, matrix(targets, targets.length / 3, 3), { ridge: 1e-12 });
const first = series.subarray(3 * POINTS, 3 * (POINTS + 1));
const free = runFree({ config, params, readout, state: final, first, features: 3, steps: STEPS });

/** The first coordinate, as it was before it was scaled. */
const x = (values, from, count) =>
  Float64Array.from({ length: count }, (_, t) => 20 * values[3 * (from + t)]);
const svg = drawForecast(x(series, POINTS + 1 - BEFORE, BEFORE + STEPS), x(free, 0, STEPS), {
  step: STEP,
  across: "units of time; x of the Lorenz system",
  title: "A reservoir running free leaves the truth: the error of x grows by e^0.9 per unit of time",
});
writeFileSync(new URL("figure.svg", import.meta.url), svg);
