import type { SequenceLayer } from "../../nn/index.js";
import { Key } from "../../tensor/index.js";
import { forEachBatch } from "../for-each-batch.js";
import type { EvaluateExamplesOptions, Evaluation } from "../learner.js";
import { type ForecastErrors, forecastErrors, naiveScale } from "./forecast-errors.js";
import { deciles, type ForecastSetup } from "./forecast-setup.js";
import type { ForecastWindow } from "./forecast-windows.js";
import { timeAfter } from "./frequency.js";
import { type Forecast, makeForecasts } from "./make-forecasts.js";
import { windowSteps } from "./pack-windows.js";
import { naiveQuantiles, seasonalNaive } from "./seasonal-naive.js";
import { writeTime } from "./times.js";

/** What the evaluation of a forecast tells besides figures. */
export interface ForecastDetails {
  /** The errors of the forecasts, and those of seasonal naive ones: MASE is a mean over windows, the others over steps. */
  readonly errors: ForecastErrors;
  readonly naive: ForecastErrors;
  /** Series that were forecast, and those of them whose mean absolute error is below that of the seasonal naive forecast. */
  readonly series: number;
  readonly better: number;
  /** The series where it is not, the worst first, ten at most. */
  readonly worse: readonly { readonly id: string; readonly mae: number; readonly naiveMae: number }[];
  /** Steps of the season that the naive forecast repeats. */
  readonly season: number;
  /** The mean absolute error by step ahead, and that of seasonal naive forecasts; null where nothing was known. */
  readonly byStep: {
    readonly forecast: readonly (number | null)[];
    readonly naive: readonly (number | null)[];
  };
  /** The levels of the quantiles of the pictures. */
  readonly levels: readonly number[];
  /** Some forecasts to look at, the last origin of each of the first series. */
  readonly pictures: readonly ForecastPicture[];
}

/** A forecast beside what came. Missing values are null. */
export interface ForecastPicture {
  readonly id: string;
  /** The times of the first step of what came before, of the first that was forecast, and of the last. */
  readonly times: readonly [string, string, string];
  readonly before: readonly (number | null)[];
  readonly actual: readonly (number | null)[];
  /** By step, at the levels. */
  readonly quantiles: readonly (readonly number[])[];
  readonly naive: readonly (number | null)[];
}

/** Sums over windows; MASE and the loss are means over windows, the others over steps. */
interface Sums {
  steps: number;
  mae: number;
  squared: number;
  smape: number;
  crps: number;
  windows: number;
  mase: number;
  scaledCrps: number;
}

/** Forecasts windows, and measures the forecasts beside seasonal naive ones. Null if the signal came. */
export async function evaluateForecasts<P, S>(
  model: SequenceLayer<P, S>,
  params: P,
  setup: ForecastSetup,
  windows: readonly ForecastWindow[],
  settings?: EvaluateExamplesOptions,
): Promise<Evaluation | null> {
  const { horizon, season } = setup;
  const [own, naive] = [noSums(), noSums()];
  const bySeries = new Map<string, { steps: number; own: number; naive: number }>();
  const byStep = Array.from({ length: horizon }, () => ({ count: 0, own: 0, naive: 0 }));
  const lastOf = new Map<string, ForecastPicture & { readonly origin: number }>();
  const complete = await forEachBatch(
    windows,
    (window) => windowSteps(setup, window),
    settings,
    async (some) => {
      const forecasts = await makeForecasts(model, params, setup, some, {
        levels: deciles,
        horizon,
        key: Key.of(0),
      });
      for (const [k, window] of some.entries()) measure(window, forecasts[k]!);
    },
  );
  if (!complete) return null;
  const measures = { ...meansOf(own), ...before("naive", meansOf(naive)) };
  return { loss: own.scaledCrps / own.windows, examples: windows.length, measures, details: details() };

  function measure({ series, origin }: ForecastWindow, { quantiles, median }: Forecast): void {
    const { id, values } = series;
    const known = values.subarray(0, origin);
    const actual = Float64Array.from({ length: horizon }, (_, h) => values[origin + h] ?? Number.NaN);
    const simple = seasonalNaive(known, season, horizon);
    const naiveAt = actual.length > 0 ? Array.from(actual, (_, h) => naiveQuantiles(simple, h, deciles)) : [];
    const scale = naiveScale(known, season) || naiveScale(known, 1) || 1;
    const steps = actual.reduce((n, y) => n + (Number.isNaN(y) ? 0 : 1), 0);
    const errors = forecastErrors({ actual, forecast: median, quantiles, levels: deciles, scale });
    const simpleErrors = forecastErrors({
      actual,
      forecast: simple.forecast,
      quantiles: naiveAt,
      levels: deciles,
      scale,
    });
    add(own, errors, steps, scale);
    add(naive, simpleErrors, steps, scale);
    for (const [h, sums] of byStep.entries()) {
      if (Number.isNaN(actual[h])) continue;
      sums.count += 1;
      sums.own += Math.abs(actual[h]! - median[h]!);
      sums.naive += Math.abs(actual[h]! - simple.forecast[h]!);
    }
    const sums = bySeries.get(id) ?? { steps: 0, own: 0, naive: 0 };
    bySeries.set(id, {
      steps: sums.steps + steps,
      own: sums.own + steps * errors.mae,
      naive: sums.naive + steps * simpleErrors.mae,
    });
    if ((lastOf.size < mostPictures || lastOf.has(id)) && (lastOf.get(id)?.origin ?? -1) < origin)
      lastOf.set(id, { ...picture(series, origin, actual, quantiles, simple.forecast), origin });
  }

  function picture(
    { id, start, values }: ForecastWindow["series"],
    origin: number,
    actual: Float64Array,
    quantiles: readonly Float64Array[],
    simple: Float64Array,
  ): ForecastPicture {
    const begin = Math.max(0, origin - Math.max(3 * horizon, setup.context));
    const time = (step: number) => writeTime(setup.frequency.style, timeAfter(setup.frequency, start, step));
    return {
      id,
      times: [time(begin), time(origin), time(origin + horizon - 1)],
      before: Array.from(values.subarray(begin, origin), orNull),
      actual: Array.from(actual, orNull),
      quantiles: quantiles.map((at) => [...at]),
      naive: Array.from(simple, orNull),
    };
  }

  function details(): ForecastDetails {
    const all = Array.from(bySeries, ([id, { steps, own: a, naive: b }]) => ({
      id,
      mae: a / steps,
      naiveMae: b / steps,
    }));
    const worse = all.filter(({ mae, naiveMae }) => !(mae < naiveMae));
    return {
      errors: meansOf(own),
      naive: meansOf(naive),
      series: all.length,
      better: all.length - worse.length,
      worse: worse.sort((a, b) => b.mae / b.naiveMae - a.mae / a.naiveMae).slice(0, 10),
      season,
      byStep: {
        forecast: byStep.map(({ count, own: sum }) => orNull(sum / count)),
        naive: byStep.map(({ count, naive: sum }) => orNull(sum / count)),
      },
      levels: deciles,
      pictures: Array.from(lastOf.values(), ({ origin: _, ...shown }) => shown),
    };
  }
}

const mostPictures = 4;

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function noSums(): Sums {
  return { steps: 0, mae: 0, squared: 0, smape: 0, crps: 0, windows: 0, mase: 0, scaledCrps: 0 };
}

function add(sums: Sums, errors: ForecastErrors, steps: number, scale: number): void {
  if (steps === 0) return;
  sums.steps += steps;
  sums.mae += steps * errors.mae;
  sums.squared += steps * errors.rmse ** 2;
  sums.smape += steps * errors.smape;
  sums.crps += steps * errors.crps;
  sums.windows += 1;
  sums.mase += errors.mase;
  sums.scaledCrps += errors.crps / scale;
}

function meansOf({ steps, mae, squared, smape, crps, windows, mase }: Sums): ForecastErrors {
  return {
    mae: mae / steps,
    rmse: Math.sqrt(squared / steps),
    mase: mase / windows,
    smape: smape / steps,
    crps: crps / steps,
  };
}

/** Errors by names with a word before them: `naiveMae`. */
function before(word: string, errors: ForecastErrors): Record<string, number> {
  return Object.fromEntries(
    Object.entries(errors).map(([name, value]) => [
      `${word}${name[0]!.toUpperCase()}${name.slice(1)}`,
      value as number,
    ]),
  );
}
