import { check, checkSettings, integerIn, list, listOf, optional, share } from "../../check/index.js";
import type { SequenceLayer } from "../../nn/index.js";
import { sequenceModelKind } from "../../nn/kinds.js";
import { Key } from "../../tensor/index.js";
import { keyKind, treeKind } from "../../tensor/kinds.js";
import { deciles, type ForecastSetup, mostSteps } from "./forecast-setup.js";
import { knownSteps } from "./forecast-windows.js";
import { frequencyInWords, timeAfter } from "./frequency.js";
import { setupKind } from "./kinds.js";
import { makeForecasts } from "./make-forecasts.js";
import { SeriesError } from "./series-error.js";
import type { TimeSeries } from "./time-series.js";
import { writeTime } from "./times.js";

/** What a forecast asks for. */
export interface ForecastRequest {
  /** Steps ahead; those of the setup by default. */
  readonly horizon?: number;
  /** Levels of the quantiles; 0.1 to 0.9 by default. */
  readonly levels?: readonly number[];
  /** Of the paths that are drawn, where steps are forecast one after the other. */
  readonly key?: Key;
}

/** The forecast of a series. */
export interface SeriesForecast {
  readonly id: string;
  /** The times of the steps ahead, as they were written. */
  readonly times: readonly string[];
  /** The medians. */
  readonly median: Float64Array;
  /** At each step ahead, at each level. */
  readonly quantiles: readonly Float64Array[];
}

/**
 * Forecasts series from their last known values on.
 *
 * @throws SeriesError if a series has nothing to forecast from, or lacks covariates of the steps ahead
 * @throws RangeError if more steps are asked for than a net that forecasts all at once was made for
 * @example
 * const collector = collectSeries();
 * for (let k = 0; k < 80; k++) collector.add({ time: 2000 + k, target: k % 7 }, k);
 * const set = collector.finish();
 * const setup = forecastSetup(set, { horizon: 3 });
 * const layer = recurrent(gru({ input: forecastInputs(setup), hidden: 8 }));
 * const model = sequenceModel({ layer, features: 8, output: forecastOutputs(setup) });
 * const [found] = await forecastSeries(model, model.init(Key.of(1)), setup, set.series);
 * found!.times; // ["2080", "2081", "2082"]
 */
export async function forecastSeries<P, S>(
  model: SequenceLayer<P, S>,
  params: P,
  setup: ForecastSetup,
  series: readonly TimeSeries[],
  request?: ForecastRequest,
): Promise<SeriesForecast[]> {
  check("forecastSeries", "model", model, sequenceModelKind);
  check("forecastSeries", "params", params, treeKind);
  check("forecastSeries", "setup", setup, setupKind);
  check("forecastSeries", "series", series, list);
  const {
    horizon = setup.horizon,
    levels = deciles,
    key = Key.of(0),
  } = checkSettings("forecastSeries", request, kinds);
  if (horizon > mostSteps(setup))
    throw new RangeError(
      setup.way === "direct"
        ? `forecastSeries: horizon is ${horizon}, and the net forecasts ${setup.horizon} steps at once; ask for ${setup.horizon} or fewer, train with a longer horizon, or train one that goes step by step (recursive)`
        : `forecastSeries: horizon is ${horizon}, and how far free runs miss is known of ${setup.horizon} steps; ask for ${setup.horizon} or fewer, or fit with a longer horizon`,
    );
  const found: SeriesForecast[] = [];
  for (let at = 0; at < series.length; at += together) {
    const some = series.slice(at, at + together);
    const windows = some.map((one) => ({ series: withFuture(setup, one, horizon), origin: knownSteps(one) }));
    const forecasts = await makeForecasts(model, params, setup, windows, { levels, horizon, key });
    for (const [k, { quantiles, median }] of forecasts.entries()) {
      const { id, start } = some[k]!;
      const { origin } = windows[k]!;
      const times = Array.from({ length: horizon }, (_, h) =>
        writeTime(setup.frequency.style, timeAfter(setup.frequency, start, origin + h)),
      );
      found.push({ id, times, median, quantiles });
    }
  }
  return found;
}

/** Series that are forecast side by side. */
const together = 64;

/** @throws SeriesError if nothing is known, or what is known of the future is too short */
function withFuture(setup: ForecastSetup, series: TimeSeries, horizon: number): TimeSeries {
  const origin = knownSteps(series);
  const of = series.id === "" ? "the series" : JSON.stringify(series.id);
  if (origin === 0) throw new SeriesError(null, "target", `${of} has no value to forecast from`);
  for (const [k, { name, role }] of setup.covariates.entries()) {
    if (role !== "future") continue;
    const steps = series.covariates[k]!.length - origin;
    if (steps < horizon)
      throw new SeriesError(
        null,
        name,
        `${of} has ${name} for ${steps} of the ${horizon} steps ahead (${frequencyInWords(setup.frequency)}); add records with it, and with no target`,
      );
  }
  return series;
}

const kinds = {
  horizon: optional(integerIn(1, 100_000)),
  levels: optional(listOf(share, "a list of levels between 0 and 1")),
  key: optional(keyKind),
};
