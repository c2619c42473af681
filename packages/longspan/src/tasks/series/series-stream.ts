import { onCpu, type Tensor } from "../../tensor/index.js";
import { InputError } from "../predictor.js";
import { coverages, forecastOutput, quantileAbout } from "./forecast-output.js";
import { readSeries } from "./forecast-predictor.js";
import { deciles, type ForecastSetup, forecastInputs } from "./forecast-setup.js";
import { timeAfter } from "./frequency.js";
import type { TimeSeries } from "./time-series.js";
import { writeTime } from "./times.js";
import { transforming } from "./value-transform.js";
import { baseAt, frameOf, type WindowFrame } from "./window-frame.js";
import { writeStep } from "./window-inputs.js";

/** A series that goes on value by value. */
export interface SeriesStream {
  /**
   * Reads what comes next: `{ values, covariates }`, and `times` the first time. Covariates are lists by name, of the step of each value; those that are
   * known ahead are of the step after it, and one more comes first. Static ones come the first time.
   * @throws InputError
   */
  read(record: Readonly<Record<string, unknown>>): {
    readonly rows: readonly Float32Array[];
    begin(): void;
    answer(output: ArrayLike<number>): object;
  };
}

/** What a stream knows of its series. */
interface Known {
  readonly series: TimeSeries;
  /** Values so far, of which `dropped` are not kept. */
  readonly steps: number;
  readonly dropped: number;
  /** Of the first input: the stream keeps to the scale that it set. */
  readonly frame: WindowFrame;
}

/**
 * Reads a series step by step for a net that forecasts one step after the other, and says the distribution of the next value. The first input is read as the
 * window of a forecast from its end: it sets the level and the scale. What comes later is read by the same.
 */
export function seriesStream(setup: ForecastSetup, params: unknown): SeriesStream {
  const { back, series: changed } = transforming(setup);
  const { quantile } = forecastOutput(setup.distribution);
  const kept = setup.context + 4 * setup.season;
  let now: Known | null = null;
  return {
    read(record) {
      const before = now;
      const [next, from] = before === null ? beginning(record) : goingOn(before, record);
      const { series, steps, dropped, frame } = next;
      const end = steps - dropped;
      const rows = Array.from({ length: end - from }, (_, i) => {
        const x = new Float32Array(forecastInputs(setup));
        // Here all is known up to the step that is read.
        writeStep(
          setup,
          series,
          { ...frame, origin: end },
          { values: series.values, step: from + i, ahead: null },
          x,
          0,
        );
        return x;
      });
      return {
        rows,
        begin() {
          now = trimmed(next);
        },
        answer(output) {
          const base = baseAt(setup, series.values, end, 0);
          const at = quantile(output, 0);
          const value = (level: number) => back(base + frame.scale * at(level));
          const median = setup.distribution.kind === "residual" ? base + frame.scale * at(0.5) : null;
          const about = median === null ? value : aboutOf(median, frame.scale);
          return {
            time: writeTime(setup.frequency.style, timeAfter(setup.frequency, series.start, steps)),
            median: about(0.5),
            levels: deciles,
            quantiles: deciles.map(about),
          };
        },
      };
    },
  };

  /** Quantiles as far about a value as free runs of one step have missed. */
  function aboutOf(median: number, scale: number): (level: number) => number {
    const spread = onCpu((params as { readonly spread: Tensor }).spread).toArray();
    const at = quantileAbout(
      median,
      coverages.map((_, k) => scale * Number(spread[k]!)),
    );
    return (level) => back(at(level));
  }

  function beginning(record: Readonly<Record<string, unknown>>): [Known, number] {
    const { series: raw } = readSeries(setup, { ...record, horizon: 1 });
    // The record ahead, if there is one, has no value.
    const steps = raw.values.length - (setup.covariates.some(({ role }) => role === "future") ? 1 : 0);
    if (steps === 0 || raw.values.subarray(0, steps).every(Number.isNaN))
      throw new InputError("the first input of a stream has a value at least: it sets the scale", {
        path: "values",
      });
    const series = changed(raw);
    const frame = frameOf(setup, series, steps);
    return [{ series, steps, dropped: 0, frame }, frame.begin];
  }

  function goingOn(
    { series, steps, dropped, frame }: Known,
    record: Readonly<Record<string, unknown>>,
  ): [Known, number] {
    if (record.times !== undefined)
      throw new InputError("values that go on are of the steps that follow, with null where one is missing", {
        path: "times",
      });
    const { series: more } = readSeries(setup, {
      ...record,
      ...staticOf(record),
      horizon: 1,
    });
    const count = (record.values as unknown[]).length;
    if (count === 0) throw new InputError("there are no values", { path: "values" });
    const end = steps - dropped;
    const join = (own: Float64Array, from: number, other: Float64Array) => {
      const out = new Float64Array(from + other.length).fill(Number.NaN);
      out.set(own.subarray(0, from));
      out.set(other, from);
      return out;
    };
    const next: TimeSeries = {
      ...series,
      values: join(series.values, end, changed(more).values.subarray(0, count)),
      covariates: setup.covariates.map(({ role }, k) => {
        const [own, other] = [series.covariates[k]!, more.covariates[k]!];
        if (role === "static") return own;
        return role === "past"
          ? join(own, end, other.subarray(0, count))
          : join(own, end + 1, other.subarray(0, count));
      }),
    };
    return [{ series: next, steps: steps + count, dropped, frame }, end];
  }

  /** A static covariate was told the first time. */
  function staticOf(record: Readonly<Record<string, unknown>>): object {
    const covariates = (record.covariates ?? {}) as Readonly<Record<string, unknown>>;
    const known = setup.covariates.filter(({ role }) => role !== "static").map(({ name }) => name);
    return { covariates: Object.fromEntries(known.map((name) => [name, covariates[name]])) };
  }

  /** Without what is too old to be read again, so that a stream takes the same memory for ever. */
  function trimmed(all: Known): Known {
    const { series, steps, dropped } = all;
    const surplus = steps - dropped - kept;
    if (surplus < kept) return all;
    return {
      ...all,
      dropped: dropped + surplus,
      series: {
        ...series,
        phase: series.phase + surplus,
        values: series.values.slice(surplus),
        covariates: series.covariates.map((column, k) =>
          setup.covariates[k]!.role === "static" ? column : column.slice(surplus),
        ),
      },
    };
  }
}
