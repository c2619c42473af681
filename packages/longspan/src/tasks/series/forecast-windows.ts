import { check, checkSettings, count, list, optional, rate, size } from "../../check/index.js";
import type { ForecastSetup } from "./forecast-setup.js";
import { setupKind } from "./kinds.js";
import type { TimeSeries } from "./time-series.js";
import { transforming } from "./value-transform.js";

/** A forecast that can be learned from or measured: a series, and the step from which on it is forecast. */
export interface ForecastWindow {
  readonly series: TimeSeries;
  /** The first step that is forecast. */
  readonly origin: number;
}

/** How windows are cut. */
export interface ForecastWindowsOptions {
  /** Share of each series that is held out at its end, at least one horizon; 0.1 by default, 0 for nothing. */
  readonly valid?: number;
  /** Share of each series at its very end, after what is held out, that is kept to test by, at least one horizon; 0 by default, for nothing. */
  readonly test?: number;
  /** Steps between the origins of held-out forecasts; one horizon by default. */
  readonly stride?: number;
  /** Windows to learn from at most: of more, every second, third, ... is taken. 500,000 by default. */
  readonly most?: number;
}

/** What is learned from, and what is held out. */
export interface ForecastWindows {
  readonly train: readonly ForecastWindow[];
  /** By rolling origin: from each, the horizon is forecast from all that came before. */
  readonly valid: readonly ForecastWindow[];
  /** The same from later origins, of the part to test by: nothing is chosen by it. */
  readonly test: readonly ForecastWindow[];
  /** By series, steps that are learned from: those before the first held-out origin. */
  readonly known: readonly number[];
  /** Series that are too short for a window. */
  readonly short: readonly TimeSeries[];
}

/** Steps of a series up to its last known value. */
export function knownSteps({ values }: TimeSeries): number {
  return values.findLastIndex((value) => !Number.isNaN(value)) + 1;
}

/**
 * By series, the steps that may be learned from, where its last ones are held out.
 * @example heldOutOrigins([{ id: "", start: 0, phase: 0, values: new Float64Array(100), covariates: [] }], 10, { valid: 0.2 })[0]!.origins // [80, 90]
 */
export function heldOutOrigins(
  series: readonly TimeSeries[],
  horizon: number,
  options?: ForecastWindowsOptions,
): readonly HeldOut[] {
  check("heldOutOrigins", "series", series, list);
  check("heldOutOrigins", "horizon", horizon, size);
  const { valid = 0.1, test = 0, stride = horizon } = checkSettings("heldOutOrigins", options, kinds);
  return series.map((one) => {
    const steps = knownSteps(one);
    const sizeOf = (share: number) => (share === 0 ? 0 : Math.max(horizon, Math.floor(steps * share)));
    const originsIn = (end: number, held: number) => {
      const count = held === 0 ? 0 : Math.floor((held - horizon) / stride) + 1;
      return Array.from({ length: count }, (_, k) => end - horizon - (count - 1 - k) * stride);
    };
    // Too short to hold out anything: all is learned from.
    if (steps - sizeOf(valid) - sizeOf(test) < horizon + 2)
      return { known: steps, origins: [], testOrigins: [] };
    const testOrigins = originsIn(steps, sizeOf(test));
    const origins = originsIn(testOrigins[0] ?? steps, sizeOf(valid));
    return { known: origins[0] ?? testOrigins[0] ?? steps, origins, testOrigins };
  });
}

/** Of a series: the steps that may be learned from, and the origins of the forecasts that are measured, in order. */
export interface HeldOut {
  readonly known: number;
  readonly origins: readonly number[];
  /** Of the part to test by, after the others. */
  readonly testOrigins: readonly number[];
}

/**
 * Cuts series into windows to learn from, and windows to measure by.
 *
 * @throws RangeError if a setting is out of range; SeriesError for a value that has no logarithm, where that is asked for
 * @example
 * const collector = collectSeries();
 * for (let k = 0; k < 60; k++) collector.add({ target: k % 7 }, k);
 * const set = collector.finish();
 * const { train, valid } = forecastWindows(set.series, forecastSetup(set, { horizon: 7 }));
 * [train.length, valid.length]; // [45, 1]
 */
export function forecastWindows(
  series: readonly TimeSeries[],
  setup: ForecastSetup,
  options?: ForecastWindowsOptions,
): ForecastWindows {
  check("forecastWindows", "series", series, list);
  check("forecastWindows", "setup", setup, setupKind);
  const { most = 500_000, ...rest } = checkSettings("forecastWindows", options, kinds);
  const { horizon } = setup;
  // What cannot be changed is named before anything is learned.
  series.forEach(transforming(setup).series);
  const parts = heldOutOrigins(series, horizon, rest as ForecastWindowsOptions);
  const all: ForecastWindow[] = [];
  const short: TimeSeries[] = [];
  const possible = parts.reduce((n, { known }) => n + Math.max(0, known - 1 - horizon), 0);
  const every = Math.max(1, Math.ceil(possible / most));
  for (const [k, { known }] of parts.entries()) {
    const one = series[k]!;
    const before = all.length;
    // What is added to lies a season back, and that has to be there, if the series is long enough.
    const least = setup.base === "season" && known - horizon > setup.season ? setup.season : 2;
    for (let origin = known - horizon; origin >= least; origin -= every)
      if (isKnown(one, 0, origin) && isKnown(one, origin, origin + horizon))
        all.push({ series: one, origin });
    if (all.length === before) short.push(one);
  }
  const windowsFrom = (origins: readonly number[], k: number) =>
    origins
      .map((origin) => ({ series: series[k]!, origin }))
      .filter(({ series: one, origin }) => isKnown(one, origin, origin + horizon));
  const valid = parts.flatMap(({ origins }, k) => windowsFrom(origins, k));
  const test = parts.flatMap(({ testOrigins }, k) => windowsFrom(testOrigins, k));
  return { train: all, valid, test, known: parts.map(({ known }) => known), short };
}

/** Whether a value is known among some steps. */
function isKnown({ values }: TimeSeries, from: number, to: number): boolean {
  for (let t = Math.max(0, from); t < to; t++) if (!Number.isNaN(values[t]!)) return true;
  return false;
}

const kinds = { valid: optional(rate), test: optional(rate), stride: optional(size), most: optional(count) };
