import { check, list } from "../../check/index.js";
import type { ForecastSetup } from "./forecast-setup.js";
import type { ForecastWindow } from "./forecast-windows.js";
import { setupKind } from "./kinds.js";

/**
 * How much each window counts, for `exampleTask`: the mean weight of the known steps that it forecasts. Null where no record had a weight.
 *
 * @example
 * const collector = collectSeries();
 * for (let k = 0; k < 20; k++) collector.add({ target: k, weight: k < 10 ? 1 : 3 }, k);
 * const set = collector.finish();
 * const setup = forecastSetup(set, { horizon: 2 });
 * forecastWeights(setup, [{ series: set.series[0]!, origin: 9 }]); // Float64Array [ 2 ]
 */
export function forecastWeights(
  setup: Pick<ForecastSetup, "horizon">,
  windows: readonly ForecastWindow[],
): Float64Array | null {
  check("forecastWeights", "setup", setup, setupKind);
  check("forecastWeights", "windows", windows, list);
  if (windows.every(({ series }) => series.weights === undefined)) return null;
  return Float64Array.from(windows, ({ series: { values, weights }, origin }) => {
    let [total, count] = [0, 0];
    for (let t = origin; t < origin + setup.horizon; t++) {
      const [value, weight] = [values[t] ?? Number.NaN, weights === undefined ? 1 : weights[t]!];
      if (Number.isNaN(value) || Number.isNaN(weight)) continue;
      total += weight;
      count += 1;
    }
    return count === 0 ? 0 : total / count;
  });
}
