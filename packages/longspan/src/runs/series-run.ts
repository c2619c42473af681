import {
  check,
  checkSettings,
  finitePositive,
  func,
  type KindsOf,
  oneOf,
  optional,
  orNull,
  rate,
  share,
  size,
  text,
} from "../check/index.js";
import type { SequenceLayer } from "../nn/index.js";
import {
  type ForecastModelParams,
  type ForecastSetup,
  forecastInputs,
  forecastModel,
  forecastPredictor,
  reservoirForecastModel,
} from "../tasks/index.js";
import { setupKind } from "../tasks/series/kinds.js";
import { cellKind, type OwnCellMaker } from "./cell-names.js";
import { entryOf, type RunConfig, type RunSchema, refusing } from "./configuration.js";
import { knownSettings, type OpenedRun, type RunKind } from "./run-kind.js";
import { runLayers } from "./run-layers.js";
import { keptWeights, parsed, reading } from "./run-source.js";

/** What the settings of a run on time series say of its model. */
export interface SeriesModelSettings {
  /** One of `runCells`, or the path of a module of the user's. */
  readonly cell: string;
  /** Units of each layer. */
  readonly hidden: number;
  readonly layers: number;
  readonly dropout: number;
  /** A net that is trained step by step, or a reservoir whose readout is fitted, which has neither cell, layers nor dropout; `net` by default. */
  readonly model?: "net" | "reservoir";
  /** Of a reservoir, as `reservoirForecastModel` takes them. */
  readonly radius?: number;
  readonly leak?: number;
  readonly inputScale?: number;
}

/** What vocabulary.json of a run on time series holds, as far as a model is made of it. */
export interface SeriesEncoding {
  readonly setup: ForecastSetup;
}

/** A model of time series, whatever its cell. */
export type SeriesModel = SequenceLayer<ForecastModelParams<unknown>, unknown>;

/** A run on time series, opened for use. */
export interface OpenedSeriesRun extends OpenedRun<ForecastModelParams<unknown>> {
  readonly kind: "series";
  readonly setup: ForecastSetup;
  readonly model: SeriesModel;
}

const modelKinds: KindsOf<SeriesModelSettings> = {
  cell: cellKind(),
  hidden: size,
  layers: size,
  dropout: rate,
  model: optional(oneOf("net", "reservoir")),
  radius: optional(finitePositive),
  leak: optional(share),
  inputScale: optional(finitePositive),
};

/**
 * The model that the settings of a run on time series ask for.
 *
 * @param own what the user's module exports, where the cell is one
 * @example
 * const collector = collectSeries();
 * for (let k = 0; k < 80; k++) collector.add({ target: k % 7 }, k);
 * const setup = forecastSetup(collector.finish(), { horizon: 7 });
 * seriesRunModel({ cell: "gru", hidden: 8, layers: 1, dropout: 0 }, setup).features; // 9
 */
export function seriesRunModel(
  settings: SeriesModelSettings,
  setup: ForecastSetup,
  own?: OwnCellMaker | null,
): SeriesModel {
  const {
    cell,
    hidden,
    layers,
    dropout,
    model = "net",
    ...reservoir
  } = checkSettings("seriesRunModel", settings, modelKinds);
  check("seriesRunModel", "setup", setup, setupKind);
  check("seriesRunModel", "own", own, optional(orNull(func)));
  if (model === "reservoir")
    return reservoirForecastModel(setup, { hidden, ...reservoir }) as unknown as SeriesModel;
  const layer = runLayers({ cell, hidden, layers, dropout, input: forecastInputs(setup) }, own);
  return forecastModel(setup, { layer, dropout });
}

const schema: RunSchema = {
  task: "series",
  settings: {
    cell: entryOf(text),
    hidden: entryOf(size),
    layers: entryOf(size),
    dropout: entryOf(rate),
    model: entryOf(oneOf("net", "reservoir"), "net"),
    radius: entryOf(finitePositive, 0.9),
    leak: entryOf(share, 0.5),
    inputScale: entryOf(finitePositive, 0.1),
  },
  complete: false,
};

/** Runs on time series. */
export const seriesRun: RunKind<OpenedSeriesRun> = {
  schema,
  encoding: { name: "setup", ...entryOf(setupKind), stored: (setup: ForecastSetup) => ({ setup }) },
  open(config: RunConfig, source, { cell }) {
    const settings = knownSettings<SeriesModelSettings>(config, schema);
    const { setup } = reading(source, "vocabulary", (bytes) => parsed(bytes) as SeriesEncoding);
    if (!setupKind.accepts(setup))
      refusing(source.where("vocabulary"))({
        problem: "contents",
        what: "setup is missing, or no setup of a forecast",
      });
    const model = seriesRunModel(settings, setup, cell ?? null);
    // What was fitted has all digits.
    const dtype = settings.model === "reservoir" ? "float64" : "float32";
    const { params, step } = keptWeights(source, { init: (key) => model.init(key, dtype) });
    return {
      kind: "series",
      config,
      setup,
      model,
      params,
      step,
      predictor: () => forecastPredictor(model, params, setup),
    };
  },
};
