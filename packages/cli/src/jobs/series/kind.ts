import { exampleAbilities } from "../../example-jobs/index.js";
import type { JobKind } from "../job.js";
import { trainSeriesSettings } from "./settings.js";

/** Forecasts of time series. */
export const series: JobKind = {
  name: "series",
  summary: "Train a model that forecasts the time series of a table, or go on with it",
  description:
    "Train a model that forecasts the time series of a table, or go on with it: CSV, JSON lines or Parquet, long (unique_id, ds, y) or wide (a column for each series)\n\nBegin with --horizon and --minutes; longspan forecast RUN TABLE writes forecasts.",
  argument: {
    name: "table",
    help: "a table of time series; with --resume, the run's own if not given",
    missing: "the path of a table is missing",
  },
  settings: trainSeriesSettings,
  ...exampleAbilities(async () => (await import("./job.js")).seriesJob),
  forecast: async () => (await import("./forecast.js")).forecastRun,
};
