import {
  type CovariateConfig,
  type ForecastDetails,
  type ForecastSetup,
  type ForecastWindow,
  type Frequency,
  forecastLearner,
  forecastSetup,
  forecastWindows,
  heldOutOrigins,
  type SeriesEncoding as KnownEncoding,
  SeriesError,
  seriesRunModel,
} from "longspan";
import type { ExampleKind } from "../../example-jobs/index.js";
import { Failure } from "../../failure.js";
import { TableError } from "../../tables/index.js";
import type { SeriesColumns } from "./columns.js";
import { comparison } from "./compare.js";
import { readSeries } from "./read-series.js";
import { forecastSections } from "./sections.js";
import { type SeriesSettings, trainSeriesSettings } from "./settings.js";
import { sameFrequency, seriesSummary } from "./summary.js";

/** What vocabulary.json of a run on time series holds. */
export interface SeriesEncoding extends KnownEncoding {
  readonly columns: SeriesColumns;
}

/** Forecasts of time series. */
export const seriesJob: ExampleKind<SeriesSettings, SeriesEncoding, ForecastWindow, never> = {
  task: "series",
  settings: trainSeriesSettings,
  one: "window",
  counted: "step",
  lossUnit: "CRPS by the naive error",
  measures: [
    { name: "mae", words: "MAE", as: "number" },
    { name: "naiveMae", words: "seasonal naive MAE", as: "number" },
    { name: "crps", words: "CRPS", as: "number" },
    { name: "naiveCrps", words: "seasonal naive CRPS", as: "number" },
  ],
  async read({ path, settings, encoding }) {
    const found = await readSeries(path, settings, encoding && known(encoding));
    const { set } = found;
    if (encoding) sameFrequency(path, set.frequency, encoding.setup);
    const horizon = encoding?.setup.horizon ?? settings.horizon ?? usualHorizon(set.frequency);
    const held = { valid: settings.valid, ...(settings.stride === null ? {} : { stride: settings.stride }) };
    try {
      const parts = heldOutOrigins(set.series, horizon, held);
      const setup =
        encoding?.setup ??
        forecastSetup(
          set,
          setupSettings(settings, horizon),
          parts.map(({ known }) => known),
        );
      const windows = forecastWindows(set.series, setup, held);
      return {
        encoding: { setup, columns: found.columns },
        train: windows.train,
        valid: windows.valid,
        weights: null,
        summary: seriesSummary(found, setup, windows),
      };
    } catch (error) {
      if (!(error instanceof SeriesError)) throw error;
      throw new TableError(
        path,
        null,
        null,
        error.what.replace("lower the horizon", "lower it with --horizon"),
      );
    }
  },
  learner: ({ cell, hidden, layers, dropout }, { setup }, own) =>
    forecastLearner(seriesRunModel({ cell, hidden, layers, dropout }, setup, own), setup) as never,
  detailLines: (details) => comparison(details as ForecastDetails),
  sections: (details) => forecastSections(details as ForecastDetails),
};

/** What a run knows of the columns of a table. */
export function known({ columns, setup }: SeriesEncoding) {
  const covariates: CovariateConfig[] = setup.covariates.map(({ name, role, categories }) => ({
    name,
    role,
    categories,
  }));
  return { columns, covariates };
}

function setupSettings(settings: SeriesSettings, horizon: number): Parameters<typeof forecastSetup>[1] {
  const { context, season, base, scaling, way, output, components } = settings;
  return {
    horizon,
    ...(context === null ? {} : { context }),
    ...(season === null ? {} : { season }),
    ...(base === "auto" ? {} : { base }),
    scaling,
    way,
    ...(output === "quantile"
      ? {}
      : { distribution: output === "gaussian" ? { kind: "gaussian" } : { kind: "mixture", components } }),
  };
}

/** Steps that are forecast where nobody says. */
function usualHorizon({ unit }: Frequency): number {
  const usual: Partial<Record<Frequency["unit"], number>> = {
    hour: 24,
    minute: 60,
    day: 14,
    "business day": 10,
    week: 26,
    month: 12,
    quarter: 8,
    year: 4,
  };
  return usual[unit] ?? 10;
}

/** @throws Failure if the run's setup cannot be used for more steps than it has */
export function checkHorizon({ way, horizon }: ForecastSetup, wanted: number, run: string): void {
  if (way === "recursive" || wanted <= horizon) return;
  throw new Failure(
    `--horizon is ${wanted}, and ${run} forecasts ${horizon} steps at once; ask for ${horizon} or fewer, or train with --horizon ${wanted} or with --way recursive`,
  );
}
