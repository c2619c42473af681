import { check, isRecord } from "../../check/index.js";
import type { SequenceLayer } from "../../nn/index.js";
import { sequenceModelKind } from "../../nn/kinds.js";
import { treeKind } from "../../tensor/kinds.js";
import { InputError, type Predictor } from "../predictor.js";
import { collectSeries } from "./collect-series.js";
import { deciles, type ForecastSetup, mostSteps } from "./forecast-setup.js";
import { forecastSeries } from "./forecaster.js";
import { setupKind } from "./kinds.js";
import { SeriesError } from "./series-error.js";
import type { TimeSeries } from "./time-series.js";
import { transforming } from "./value-transform.js";

/** A series to be forecast, as it was read. */
export interface AskedForecast {
  readonly series: TimeSeries;
  readonly horizon: number;
}

/**
 * Forecasts series one by one: each is a record `{ values, times, covariates, horizon, id }`, of which only the values are needed. The answer is
 * `{ id, times, median, levels, quantiles }`.
 *
 * @example
 * const collector = collectSeries();
 * for (let k = 0; k < 80; k++) collector.add({ target: k % 7 }, k);
 * const setup = forecastSetup(collector.finish(), { horizon: 7 });
 * const model = forecastModel(setup, { layer: recurrent(gru({ input: forecastInputs(setup), hidden: 8 })) });
 * const predictor = forecastPredictor(model, model.init(Key.of(1)), setup);
 * const [answer] = await predictor.predict([predictor.read({ values: [1, 2, 3, null, 5], horizon: 2 })]);
 */
export function forecastPredictor<P, S>(
  model: SequenceLayer<P, S>,
  params: P,
  setup: ForecastSetup,
): Predictor<AskedForecast> {
  check("forecastPredictor", "model", model, sequenceModelKind);
  check("forecastPredictor", "params", params, treeKind);
  check("forecastPredictor", "setup", setup, setupKind);
  return {
    input: "a record { values } of numbers or null, with times and covariates where the model has them",
    format: "jsonl",
    read: (value) => readSeries(setup, value),
    async predict(inputs) {
      const answers: object[] = [];
      for (const { series, horizon } of inputs) {
        const [found] = await forecastSeries(model, params, setup, [series], { horizon });
        const { id, times, median, quantiles } = found!;
        answers.push({
          id,
          times,
          median: [...median],
          levels: deciles,
          quantiles: quantiles.map((at) => [...at]),
        });
      }
      return answers;
    },
  };
}

/** Reads a record { values, times, covariates }. @throws InputError */
export function readSeries(setup: ForecastSetup, value: unknown): AskedForecast {
  if (!isRecord(value) || !Array.isArray(value.values))
    throw new InputError("expected a record { values }, with a list of numbers or null", { path: "values" });
  const {
    id = "",
    values,
    times,
    covariates = {},
    horizon = setup.horizon,
  } = value as Record<string, unknown>;
  const wanted = horizon as number;
  if (!Number.isInteger(wanted) || wanted < 1)
    throw new InputError(`expected a whole number from 1 on`, { path: "horizon" });
  if (wanted > mostSteps(setup))
    throw new InputError(`the model forecasts ${setup.horizon} steps at most`, { path: "horizon" });
  if (times !== undefined && !(Array.isArray(times) && times.length >= (values as unknown[]).length))
    throw new InputError("expected a list of a time for each value", { path: "times" });
  if (!isRecord(covariates))
    throw new InputError("expected a record of lists by name", { path: "covariates" });
  const collector = collectSeries({ covariates: setup.covariates });
  const of = covariates as Readonly<Record<string, unknown>>;
  const columns = setup.covariates.map(({ name, role }) => ({ name, role, column: of[name] }));
  const ahead = columns.some(({ role }) => role === "future") ? wanted : 0;
  const steps = (values as unknown[]).length + ahead;
  try {
    for (let k = 0; k < steps; k++) {
      const target = (values as unknown[])[k] ?? null;
      if (target !== null && (typeof target !== "number" || !Number.isFinite(target)))
        throw new InputError("expected a number, or null where it is missing", { path: `values[${k}]` });
      const time = (times as unknown[] | undefined)?.[k] as string | number | undefined;
      const own = Object.fromEntries(
        columns.map(({ name, role, column }) => [
          name,
          (role === "static" ? column : Array.isArray(column) ? column[k] : null) as string | number | null,
        ]),
      );
      collector.add({ id: String(id), target, covariates: own, ...(time === undefined ? {} : { time }) }, k);
    }
    const [series] = collector.finish().series;
    transforming(setup).series(series!);
    return { series: series!, horizon: wanted };
  } catch (error) {
    if (error instanceof SeriesError)
      throw new InputError(error.what, error.field === null ? {} : { path: error.field });
    throw error;
  }
}
