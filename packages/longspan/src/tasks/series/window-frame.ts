import type { ForecastSetup } from "./forecast-setup.js";
import { repeated } from "./seasonal-naive.js";
import type { TimeSeries } from "./time-series.js";

/** Where a window stands: by this, values become what the net reads, and its outputs values. */
export interface WindowFrame {
  /** The first step that is read. */
  readonly begin: number;
  /** The first step that is forecast. */
  readonly origin: number;
  /** The mean of the last season that is read. */
  readonly level: number;
  /** By which differences are divided. */
  readonly scale: number;
  /** The mean change within a season, over the last season that is read, by the scale. */
  readonly growth: number;
}

/** The frame of a window: of what comes before its origin. */
export function frameOf(setup: ForecastSetup, series: TimeSeries, origin: number): WindowFrame {
  const { context, season, scaling } = setup;
  const { values } = series;
  const begin = Math.max(0, origin - context);
  const level =
    meanOf(values, Math.max(begin, origin - season), origin) ??
    meanOf(values, begin, origin) ??
    repeated(values, origin, 1, 0);
  const scale = scaling === "none" ? 1 : deviationOf(values, scaling === "window" ? begin : 0, origin, level);
  let [total, count] = [0, 0];
  for (let t = Math.max(season, origin - season, 0); t < origin; t++) {
    const change = values[t]! - values[t - season]!;
    if (Number.isNaN(change)) continue;
    total += change;
    count += 1;
  }
  return { begin, origin, level, scale, growth: count === 0 ? 0 : total / count / scale };
}

/** What the outputs at a step are added to. @param values known ones, and those that were forecast before the step */
export function baseAt(setup: ForecastSetup, values: ArrayLike<number>, end: number, ahead: number): number {
  return repeated(values, end, setup.base === "season" ? setup.season : 1, ahead);
}

function meanOf(values: Float64Array, from: number, to: number): number | null {
  let [total, count] = [0, 0];
  for (let t = from; t < to; t++) {
    const value = values[t]!;
    if (Number.isNaN(value)) continue;
    total += value;
    count += 1;
  }
  return count === 0 ? null : total / count;
}

/** The standard deviation; with a floor, since a constant window says nothing of how much is to come. */
function deviationOf(values: Float64Array, from: number, to: number, level: number): number {
  const middle = meanOf(values, from, to) ?? level;
  let [squares, count] = [0, 0];
  for (let t = from; t < to; t++) {
    const value = values[t]!;
    if (Number.isNaN(value)) continue;
    squares += (value - middle) ** 2;
    count += 1;
  }
  const deviation = count === 0 ? 0 : Math.sqrt(squares / count);
  const least = 1e-3 * Math.abs(level);
  return Math.max(deviation, least) || 1;
}
