import { calendarFeatures, type ForecastSetup, forecastInputs } from "./forecast-setup.js";
import type { TimeSeries } from "./time-series.js";
import { baseAt, type WindowFrame } from "./window-frame.js";

/**
 * Writes what the net reads at one step.
 *
 * At steps that are read: the value and its change within a season, by the frame, and whether it is known. At steps ahead, where all is
 * forecast at once: the base in position of the value, and how far ahead. At all: the growth, the season's waves, the covariates that are known.
 *
 * @param values of the series; at steps ahead, where they are forecast one after the other, those that were drawn
 * @param ahead steps from the origin on, where the value is not known; null where it is read
 */
export function writeStep(
  setup: ForecastSetup,
  series: TimeSeries,
  frame: WindowFrame,
  {
    values,
    step,
    ahead,
  }: { readonly values: ArrayLike<number>; readonly step: number; readonly ahead: number | null },
  out: Float32Array,
  at: number,
): void {
  const { season, horizon, way } = setup;
  const { level, scale, growth, origin } = frame;
  const value = ahead === null ? values[step]! : baseAt(setup, values, origin, ahead);
  const change = ahead === null ? value - (step >= season ? values[step - season]! : Number.NaN) : Number.NaN;
  out[at] = bounded((value - level) / scale);
  out[at + 1] = bounded(change / scale);
  out[at + 2] = ahead === null && !Number.isNaN(value) ? 1 : 0;
  out[at + 3] = ahead === null ? 0 : (ahead + 1) / horizon;
  out[at + 4] = bounded(growth);
  // One after the other, a step says what the next one is.
  const shown = way === "direct" ? step : step + 1;
  const waves = calendarFeatures(season);
  for (let k = 0; k < waves / 2; k++) {
    const angle = (2 * Math.PI * (k + 1) * (series.phase + shown)) / season;
    out[at + 5 + 2 * k] = Math.sin(angle);
    out[at + 6 + 2 * k] = Math.cos(angle);
  }
  let next = at + 5 + waves;
  for (const [k, { role, categories, mean, deviation }] of setup.covariates.entries()) {
    const column = series.covariates[k]!;
    const position = role === "static" ? 0 : role === "future" ? shown : step;
    // One after the other, steps ahead are read as well, where the past ends before them.
    const isKnown = role !== "past" || step < origin;
    const number = isKnown ? (column[position] ?? Number.NaN) : Number.NaN;
    if (categories === null) out[next] = bounded((number - mean) / deviation);
    else if (!Number.isNaN(number)) out[next + number] = 1;
    next += categories?.length ?? 1;
  }
}

/** A number that the net reads: 0 where it is not known; none that would drown all others. */
function bounded(number: number): number {
  return Number.isNaN(number) ? 0 : Math.max(-20, Math.min(20, number));
}

/** Rows for so many steps. */
export function roomFor(setup: ForecastSetup, steps: number): Float32Array {
  return new Float32Array(steps * forecastInputs(setup));
}
