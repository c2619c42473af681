// The Santa Fe laser: one step ahead.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { addReadoutRows, chooseRidge, readoutSums, reservoir } from "longspan";
import { keyOf, matrix, normalisedError, readOut, statesOf } from "./reservoirs.mjs";

/** 3,000 samples to learn from, 1,000 to choose the ridge, the next 1,000 to test. */
export function laserTask({ units, data, radius = 0.9, inputScale = 1, leak = 1, bias = 0.3 }) {
  const series = readFileSync(join(data, "santa_fe_laser", "laser.txt"), "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => Number(line) / 255);
  return (seed) => {
    const config = { input: 1, hidden: units, radius, leak, bias, inputScale };
    const params = reservoir(config).init(keyOf(seed, 0), "float64");
    const y = Float64Array.from(series.slice(0, 5001));
    const { output } = statesOf(config, params, y.subarray(0, 5000), 1);
    const part = (from, to) => [
      output.view([to - from, units], from * units),
      matrix(y.subarray(from + 1, to + 1), to - from, 1),
    ];
    const sums = (from, to) =>
      addReadoutRows(readoutSums({ features: units, outputs: 1 }), ...part(from, to));
    const { ridge, readout } = chooseRidge(sums(100, 3000), sums(3000, 4000));
    const [states] = part(4000, 5000);
    const truth = y.subarray(4001, 5001);
    return {
      nmse: normalisedError(readOut(readout, states), truth),
      same: normalisedError(y.subarray(4000, 5000), truth),
      ridge,
    };
  };
}
