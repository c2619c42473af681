import {
  check,
  checkSettings,
  integerIn,
  isRecord,
  kind,
  numbers,
  oneOf,
  optional,
  type RequiredKind,
  size,
} from "../../check/index.js";
import { naiveScale } from "./forecast-errors.js";
import { type ForecastDistribution, forecastOutput } from "./forecast-output.js";
import { type Frequency, seasonOf } from "./frequency.js";
import { setupKind } from "./kinds.js";
import { repeated } from "./seasonal-naive.js";
import { SeriesError } from "./series-error.js";
import type { Covariate, SeriesSet, TimeSeries } from "./time-series.js";
import { transforming, type ValueTransform } from "./value-transform.js";

/** A covariate with what puts its numbers on one scale. */
export interface ScaledCovariate extends Covariate {
  readonly mean: number;
  readonly deviation: number;
}

/** How series become what a net reads, and its outputs forecasts: plain JSON, to be kept beside the parameters. */
export interface ForecastSetup {
  readonly frequency: Frequency;
  /** Steps after which series are likely to repeat themselves; 1 for none. */
  readonly season: number;
  /** Steps that are forecast. */
  readonly horizon: number;
  /** Steps before them that are read. */
  readonly context: number;
  /**
   * What the net's outputs are added to: the value a season before (`season`), or the last one (`last`). The net learns what this simple
   * forecast lacks.
   */
  readonly base: "season" | "last";
  /** What differences are divided by: the deviation within the steps that are read (`window`), that of the series so far (`series`), or nothing. */
  readonly scaling: "window" | "series" | "none";
  /** All steps at once (`direct`), or one after the other, each drawn from what the net says of it and read back (`recursive`). */
  readonly way: "direct" | "recursive";
  readonly distribution: ForecastDistribution;
  readonly covariates: readonly ScaledCovariate[];
  /** What is made of values before all this, and undone in forecasts; absent for nothing. */
  readonly transform?: ValueTransform;
}

/** What a setup can be told. */
export interface ForecastSetupSettings {
  readonly horizon: number;
  /** By default twice the horizon, and at least a season; of a free run, a horizon, and three more or two seasons. */
  readonly context?: number;
  /** By default what the frequency suggests. */
  readonly season?: number;
  /** By default the better one over the training part. */
  readonly base?: "season" | "last";
  /** `window` by default. */
  readonly scaling?: "window" | "series" | "none";
  /** `direct` by default; `recursive` where quantiles are those of earlier errors. */
  readonly way?: "direct" | "recursive";
  /** Quantiles at 0.1, 0.2, ... 0.9 by default. */
  readonly distribution?: ForecastDistribution;
  /** `none` by default. */
  readonly transform?: ValueTransform;
}

/** The steps that forecasts can be asked for: those of the setup, or any where steps are drawn one after the other. */
export function mostSteps({ way, distribution, horizon }: ForecastSetup): number {
  return way === "recursive" && distribution.kind !== "residual" ? Number.POSITIVE_INFINITY : horizon;
}

/** The levels of quantiles by default. */
export const deciles: readonly number[] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/**
 * How series are forecast: what is not said is chosen by the series.
 *
 * @param known by series, how many of its steps may be looked at; all by default
 * @throws SeriesError if there is nothing to learn a forecast from, or a value has no logarithm where that is asked for
 * @example
 * const collector = collectSeries();
 * for (let k = 0; k < 60; k++) collector.add({ target: k % 7 }, k);
 * const setup = forecastSetup(collector.finish(), { horizon: 7, season: 7 });
 * setup.base; // "season"
 */
export function forecastSetup(
  set: SeriesSet,
  settings: ForecastSetupSettings,
  known?: readonly number[],
): ForecastSetup {
  check("forecastSetup", "set", set, setKind);
  const {
    horizon,
    season: wanted,
    context,
    base,
    scaling = "window",
    distribution = { kind: "quantile", levels: deciles },
    transform = "none",
    way = distribution.kind === "residual" ? "recursive" : "direct",
  } = checkSettings("forecastSetup", settings, kinds);
  check("forecastSetup", "known", known, optional(numbers));
  if (way === "direct" && distribution.kind === "residual")
    throw new RangeError(
      "forecastSetup: way is direct, and quantiles of earlier errors lie about a free run, step by step; leave way out",
    );
  const { series, frequency, covariates } = set;
  const { series: changed } = transforming({ transform });
  const values = series.map(changed).map((one, k) => one.values.subarray(0, known?.[k] ?? one.values.length));
  const longest = values.reduce((most, { length }) => Math.max(most, length), 0);
  if (longest < horizon + 2)
    throw new SeriesError(
      null,
      null,
      `the longest series has ${longest} steps to learn from, and a forecast of ${horizon} needs ${horizon + 2}; lower the horizon`,
    );
  // Two seasons are needed to see one.
  const usual = seasonOf(frequency);
  const season = wanted ?? (2 * usual <= longest ? usual : 1);
  return {
    frequency,
    season,
    horizon,
    context:
      context ??
      (distribution.kind === "residual"
        ? horizon + Math.max(3 * horizon, 2 * season)
        : Math.max(2 * horizon, season)),
    base: base ?? betterBase(values, season, horizon),
    scaling,
    way,
    distribution,
    covariates: covariates.map((covariate, k) => ({ ...covariate, ...scaleOf(series, k, known) })),
    ...(transform === "none" ? {} : { transform }),
  };
}

/**
 * Numbers that the net reads at each step.
 * @example
 * const collector = collectSeries();
 * for (let k = 0; k < 60; k++) collector.add({ target: k % 7 }, k);
 * forecastInputs(forecastSetup(collector.finish(), { horizon: 7 })); // 5
 */
export function forecastInputs(setup: ForecastSetup): number {
  check("forecastInputs", "setup", setup, setupKind);
  const { season, covariates } = setup;
  return (
    5 + calendarFeatures(season) + covariates.reduce((n, { categories }) => n + (categories?.length ?? 1), 0)
  );
}

/**
 * Numbers that the net gives at each step.
 * @example
 * const collector = collectSeries();
 * for (let k = 0; k < 60; k++) collector.add({ target: k % 7 }, k);
 * forecastOutputs(forecastSetup(collector.finish(), { horizon: 7 })); // 9: a quantile at 0.1, 0.2, ... 0.9
 */
export function forecastOutputs(setup: ForecastSetup): number {
  check("forecastOutputs", "setup", setup, setupKind);
  return forecastOutput(setup.distribution).outputs;
}

/** Sines and cosines of the season: of one wave, and of two where it has four steps. */
export function calendarFeatures(season: number): number {
  return season < 2 ? 0 : season < 4 ? 2 : 4;
}

/** Which simple forecast was better at the end of every horizon: a season ago, or the last value. */
function betterBase(all: readonly Float64Array[], season: number, horizon: number): "season" | "last" {
  if (season === 1) return "last";
  let [bySeason, byLast] = [0, 0];
  for (const values of all) {
    const scale = naiveScale(values, 1) || 1;
    const stride = Math.max(1, Math.floor(values.length / 200));
    for (let end = season; end + horizon <= values.length; end += stride)
      for (let h = 0; h < horizon; h++) {
        const y = values[end + h]!;
        const [a, b] = [repeated(values, end, season, h), repeated(values, end, 1, h)];
        if (Number.isNaN(y) || Number.isNaN(a) || Number.isNaN(b)) continue;
        bySeason += Math.abs(y - a) / scale;
        byLast += Math.abs(y - b) / scale;
      }
  }
  return bySeason <= byLast ? "season" : "last";
}

function scaleOf(series: readonly TimeSeries[], k: number, known: readonly number[] | undefined) {
  let [count, total, squares] = [0, 0, 0];
  for (const [s, { covariates }] of series.entries()) {
    const column = covariates[k]!;
    for (const value of column.subarray(0, Math.min(column.length, known?.[s] ?? column.length))) {
      if (Number.isNaN(value)) continue;
      count += 1;
      const change = value - total;
      total += change / count;
      squares += change * (value - total);
    }
  }
  const deviation = Math.sqrt(squares / Math.max(1, count));
  return { mean: total, deviation: deviation > 0 ? deviation : 1 };
}

const setKind: RequiredKind = kind(
  "series that collectSeries collected",
  (value) =>
    isRecord(value) &&
    Array.isArray(value.series) &&
    isRecord(value.frequency) &&
    Array.isArray(value.covariates),
);
const levelsKind = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every(
    (level, k) => typeof level === "number" && level > 0 && level < 1 && (k === 0 || level > value[k - 1]),
  );
const distributionKind: RequiredKind = kind(
  'a distribution: { kind: "quantile", levels } with levels between 0 and 1 in order, { kind: "gaussian" }, { kind: "mixture", components }, or { kind: "residual" }',
  (value) =>
    isRecord(value) &&
    ((value.kind === "quantile" && levelsKind(value.levels)) ||
      value.kind === "gaussian" ||
      value.kind === "residual" ||
      (value.kind === "mixture" && size.accepts(value.components))),
);
const kinds = {
  horizon: size,
  context: optional(integerIn(1, 100_000)),
  season: optional(size),
  base: optional(oneOf("season", "last")),
  scaling: optional(oneOf("window", "series", "none")),
  way: optional(oneOf("direct", "recursive")),
  distribution: optional(distributionKind),
  transform: optional(oneOf("none", "log", "asinh")),
};
