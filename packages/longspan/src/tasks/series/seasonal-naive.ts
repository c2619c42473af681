import { check, numbers, size } from "../../check/index.js";
import { normalQuantile } from "./normal-quantile.js";

/** A forecast by repetition. */
export interface NaiveForecast {
  /** At each step ahead. */
  readonly forecast: Float64Array;
  /** The standard deviation at each step ahead, from what repetition missed before; NaN where nothing tells. */
  readonly deviation: Float64Array;
}

/**
 * The seasonal naive forecast: each step is as it was a season ago. Where that value is missing, the season before it is taken, and in the end
 * the last known value. Its deviation grows with the seasons ahead, sigma sqrt(k + 1), with k whole seasons before the step.
 *
 * @param values what is known, in order; NaN where it is missing @param season steps; 1 repeats the last value @param horizon steps ahead
 * @see Hyndman and Athanasopoulos, Forecasting: Principles and Practice, sections 5.2 and 5.5
 * @example seasonalNaive([1, 2, 3, 4], 2, 3).forecast // [3, 4, 3]
 */
export function seasonalNaive(values: ArrayLike<number>, season: number, horizon: number): NaiveForecast {
  check("seasonalNaive", "values", values, numbers);
  check("seasonalNaive", "season", season, size);
  check("seasonalNaive", "horizon", horizon, size);
  const forecast = new Float64Array(horizon);
  const deviation = new Float64Array(horizon);
  const sigma = deviationOf(values, season);
  for (let h = 0; h < horizon; h++) {
    forecast[h] = repeated(values, values.length, season, h);
    deviation[h] = sigma * Math.sqrt(Math.floor(h / season) + 1);
  }
  return { forecast, deviation };
}

/** What stands whole seasons before a step h after `end`; the last known value where nothing does. NaN if nothing is known. */
export function repeated(values: ArrayLike<number>, end: number, season: number, h: number): number {
  for (let t = end + (h % season) - season; t >= 0; t -= season)
    if (!Number.isNaN(values[t]!)) return values[t]!;
  for (let t = end - 1; t >= 0; t--) if (!Number.isNaN(values[t]!)) return values[t]!;
  return Number.NaN;
}

function deviationOf(values: ArrayLike<number>, season: number): number {
  let [total, count] = [0, 0];
  for (let t = season; t < values.length; t++) {
    const change = values[t]! - values[t - season]!;
    if (Number.isNaN(change)) continue;
    total += change * change;
    count += 1;
  }
  return count === 0 ? Number.NaN : Math.sqrt(total / count);
}

/** The quantiles of a naive forecast at a step ahead, of a Gaussian; the forecast itself where its deviation is not known. */
export function naiveQuantiles(
  { forecast, deviation }: NaiveForecast,
  h: number,
  levels: readonly number[],
): number[] {
  const sigma = Number.isNaN(deviation[h]!) ? 0 : deviation[h]!;
  return levels.map((q) => forecast[h]! + sigma * normalQuantile(q));
}
