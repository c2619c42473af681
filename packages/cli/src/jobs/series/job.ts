import {
  type CovariateConfig,
  type ForecastSetup,
  type ForecastWindow,
  type Frequency,
  forecastLearner,
  forecastSetup,
  forecastWeights,
  forecastWindows,
  heldOutOrigins,
  type SeriesEncoding as KnownEncoding,
  type OwnCellMaker,
  type ReservoirForecastModel,
  reservoirForecastLearner,
  SeriesError,
  seriesRunModel,
} from "longspan";
import type { ExampleKind } from "../../example-jobs/index.js";
import { Failure } from "../../failure.js";
import { counted } from "../../run-lines.js";
import { TableError } from "../../tables/index.js";
import type { SeriesColumns } from "./columns.js";
import { comparison, type SeriesDetails } from "./compare.js";
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
  // By the scale of each window, as the net learns it.
  lossInWords: ({ model, output }) =>
    model === "reservoir" ? "squared error" : output === "quantile" ? "pinball loss" : "nats",
  measures: [
    { name: "mae", words: "MAE", as: "number" },
    { name: "naiveMae", words: "seasonal naive MAE", as: "number" },
    { name: "crps", words: "CRPS", as: "number" },
    { name: "naiveCrps", words: "seasonal naive CRPS", as: "number" },
  ],
  async read({ path, settings, encoding, whole }) {
    const found = await readSeries(path, settings, encoding && known(encoding));
    const { set } = found;
    if (encoding) sameFrequency(path, set.frequency, encoding.setup);
    const horizon = encoding?.setup.horizon ?? settings.horizon ?? usualHorizon(set.frequency);
    // Of another table than the run's own, the end is measured.
    const share = settings.test || settings.valid || 0.1;
    const parted = whole ? { valid: share } : { valid: settings.valid, test: settings.test };
    const held = { ...parted, ...(settings.stride === null ? {} : { stride: settings.stride }) };
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
        test: windows.test,
        weights: weightsOf(path, found.columns, setup, windows.train),
        summary: seriesSummary(found, setup, windows),
      };
    } catch (error) {
      if (!(error instanceof SeriesError)) throw error;
      throw new TableError(
        path,
        null,
        null,
        error.what
          .replace("lower the horizon", "lower it with --horizon")
          .replace("take the transform", "take --transform"),
      );
    }
  },
  learner: (settings, { setup }, own) => learnerOf(settings, setup, own) as never,
  onePass: ({ model, hidden, radius, leak }) =>
    model === "net"
      ? null
      : `a reservoir of ${counted(hidden, "unit")} (spectral radius ${radius}, leak ${leak}) with a linear readout`,
  detailLines: (details) => comparison(details as SeriesDetails),
  sections: (details) => forecastSections(details as SeriesDetails),
};

/** @throws TableError if nothing counts */
function weightsOf(
  path: string,
  { weight = null }: SeriesColumns,
  setup: ForecastSetup,
  windows: readonly ForecastWindow[],
): Float64Array | null {
  const weights = forecastWeights(setup, windows);
  if (weights === null || weights.some((one) => one > 0)) return weights;
  throw new TableError(path, null, weight, "every weight is 0, so there is nothing to learn from");
}

function learnerOf(settings: SeriesSettings, setup: ForecastSetup, own: OwnCellMaker | null) {
  const { cell, hidden, layers, dropout, model: kind, radius, leak, inputScale, ridge, washout } = settings;
  const model = seriesRunModel(
    { cell, hidden, layers, dropout, model: kind, radius, leak, inputScale },
    setup,
    own,
  );
  if (kind === "net") return forecastLearner(model, setup);
  if (washout !== null && washout >= setup.context)
    throw new Failure(
      `--washout is ${washout}, and ${setup.context} steps are read before a forecast; wash out fewer, or read more with --context`,
    );
  return reservoirForecastLearner(model as unknown as ReservoirForecastModel, setup, { ridge, washout });
}

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
  const { context, season, base, transform, scaling, model, way, output, components } = settings;
  return {
    horizon,
    ...(context === null ? {} : { context }),
    ...(season === null ? {} : { season }),
    ...(base === "auto" ? {} : { base }),
    scaling,
    transform,
    ...(model === "reservoir"
      ? { distribution: { kind: "residual" } }
      : {
          way,
          ...(output === "quantile"
            ? {}
            : {
                distribution: output === "gaussian" ? { kind: "gaussian" } : { kind: "mixture", components },
              }),
        }),
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
export function checkHorizon(
  { way, horizon, distribution }: ForecastSetup,
  wanted: number,
  run: string,
): void {
  const isFree = distribution.kind === "residual";
  if (wanted <= horizon || (way === "recursive" && !isFree)) return;
  if (isFree)
    throw new Failure(
      `--horizon is ${wanted}, and ${run} knows of ${horizon} steps how far it misses; ask for ${horizon} or fewer, or train with --horizon ${wanted}`,
    );
  throw new Failure(
    `--horizon is ${wanted}, and ${run} forecasts ${horizon} steps at once; ask for ${horizon} or fewer, or train with --horizon ${wanted} or with --way recursive`,
  );
}
