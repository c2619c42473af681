import {
  check,
  checkSettings,
  finitePositive,
  listOf,
  numbers,
  optional,
  share,
  size,
} from "../../check/index.js";

/** How far forecasts are from what came. */
export interface ForecastErrors {
  /** Mean absolute error. */
  readonly mae: number;
  /** Root of the mean squared error. */
  readonly rmse: number;
  /** Mean absolute error by that of the naive forecast within the known part (Hyndman and Koehler 2006); NaN if no scale was given. */
  readonly mase: number;
  /** Symmetric mean absolute percentage error, in per cent: the mean of 200 |y - f| / (|y| + |f|), 0 where both are 0. */
  readonly smape: number;
  /** Continuous ranked probability score: the mean of twice the pinball loss over the levels; |y - f| for a point forecast without quantiles. */
  readonly crps: number;
}

/** What errors are taken of. */
export interface ForecastErrorsInput {
  /** y: what came; NaN where it is not known, which does not count. */
  readonly actual: ArrayLike<number>;
  /** f: the point forecasts, as many. */
  readonly forecast: ArrayLike<number>;
  /** By step of the forecast: its quantiles at the levels. */
  readonly quantiles?: readonly ArrayLike<number>[];
  readonly levels?: readonly number[];
  /** By which MASE is divided: `naiveScale` of the known part. */
  readonly scale?: number;
}

/**
 * The errors of a forecast: MAE, RMSE, MASE, sMAPE and CRPS.
 *
 *     CRPS = mean over steps and levels q of 2 max(q (y - f_q), (q - 1) (y - f_q))
 *
 * @throws RangeError if the lengths differ, or a level is not between 0 and 1
 * @see Gneiting and Raftery (2007), section 4.2; with the levels 0.1 to 0.9 it is near, not equal, to the integral over all of them
 * @example forecastErrors({ actual: [1, 3], forecast: [2, 2], scale: 2 }) // mae 1, rmse 1, mase 0.5, smape 53.33, crps 1
 */
export function forecastErrors(input: ForecastErrorsInput): ForecastErrors {
  const { actual, forecast, quantiles, levels = [], scale } = checkSettings("forecastErrors", input, kinds);
  for (const [name, other] of Object.entries({ forecast, ...(quantiles ? { quantiles } : {}) }))
    if (other.length !== actual.length)
      throw new RangeError(
        `forecastErrors: actual has ${actual.length} steps and ${name} ${other.length}; give as many`,
      );
  let [count, absolute, squared, symmetric, crps] = [0, 0, 0, 0, 0];
  for (let t = 0; t < actual.length; t++) {
    const [y, f] = [actual[t]!, forecast[t]!];
    if (Number.isNaN(y)) continue;
    const error = Math.abs(y - f);
    const size = Math.abs(y) + Math.abs(f);
    count += 1;
    absolute += error;
    squared += error * error;
    symmetric += size === 0 ? 0 : (200 * error) / size;
    crps += quantiles ? 2 * meanPinball(y, quantiles[t]!, levels) : error;
  }
  const mae = absolute / count;
  return {
    mae,
    rmse: Math.sqrt(squared / count),
    mase: scale === undefined ? Number.NaN : mae / scale,
    smape: symmetric / count,
    crps: crps / count,
  };
}

function meanPinball(y: number, quantiles: ArrayLike<number>, levels: readonly number[]): number {
  if (quantiles.length !== levels.length)
    throw new RangeError(
      `forecastErrors: there are ${levels.length} levels and ${quantiles.length} quantiles; give one for each`,
    );
  let total = 0;
  for (const [k, q] of levels.entries()) {
    const over = y - quantiles[k]!;
    total += Math.max(q * over, (q - 1) * over);
  }
  return total / levels.length;
}

/**
 * The mean absolute error of the seasonal naive forecast of one step over known values: what MASE is divided by. NaN where no two of them
 * are a season apart; values that are missing do not count.
 *
 * @param season steps; 1 for the naive forecast
 * @example naiveScale([1, 2, 4, 7], 1) // 2
 */
export function naiveScale(values: ArrayLike<number>, season: number): number {
  check("naiveScale", "values", values, numbers);
  check("naiveScale", "season", season, size);
  let [total, count] = [0, 0];
  for (let t = season; t < values.length; t++) {
    const change = Math.abs(values[t]! - values[t - season]!);
    if (Number.isNaN(change)) continue;
    total += change;
    count += 1;
  }
  return count === 0 ? Number.NaN : total / count;
}

const kinds = {
  actual: numbers,
  forecast: numbers,
  quantiles: optional(listOf(numbers, "a list of quantiles for each step")),
  levels: optional(listOf(share, "a list of levels between 0 and 1")),
  scale: optional(finitePositive),
};
