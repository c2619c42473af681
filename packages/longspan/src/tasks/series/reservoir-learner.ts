import { atLeastZero, check, checkSettings, count, optional, orNull } from "../../check/index.js";
import {
  addReadoutRows,
  type LinearParams,
  mergeReadoutSums,
  type ReadoutSums,
  readoutSums,
  solveReadout,
} from "../../nn/index.js";
import { sequenceModelKind } from "../../nn/kinds.js";
import { meanSquare } from "../../nn/readout/mean-square.js";
import { fromArray, scope, type Tensor } from "../../tensor/index.js";
import { pacer } from "../../train/pace.js";
import type { FitOptions, Fitted, Learner } from "../learner.js";
import { empiricalQuantile } from "./empirical-quantile.js";
import { forecastLearner } from "./forecast-learner.js";
import { coverages } from "./forecast-output.js";
import { type ForecastSetup, forecastInputs } from "./forecast-setup.js";
import type { ForecastWindow } from "./forecast-windows.js";
import { freeRun, stateBefore } from "./free-run.js";
import { residualSetupKind } from "./kinds.js";
import { type ForecastBatch, packWindows, windowSteps } from "./pack-windows.js";
import type { ReservoirForecastModel, ReservoirForecastParams } from "./reservoir-forecaster.js";
import { SeriesError } from "./series-error.js";
import { transforming } from "./value-transform.js";
import { frameOf } from "./window-frame.js";

/** How a reservoir's readout is fitted. */
export interface ReservoirForecastOptions {
  /**
   * What a squared weight costs beside a squared error, by the mean square of a unit: both summed over the rows. Null, and by default,
   * that of 1e-10, 1e-9, ... 100 with the least error of free runs from windows that the readout was not fitted to.
   */
  readonly ridge?: number | null;
  /**
   * Steps at the beginning of each window whose states still tell where it started, so that nothing is learned from them; null, and by
   * default, a horizon, and half of what the longest window reads at most.
   */
  readonly washout?: number | null;
}

/** What a fit tells. */
export interface ReservoirFit {
  /** As `ReservoirForecastOptions` measure it. */
  readonly ridge: number;
  /** Free runs by which it was chosen, and whose errors the quantiles are made of. */
  readonly runs: number;
  /** Whether these began in windows that were learned from, since series were too short to hold any out. */
  readonly inSample: boolean;
  /** The ridges there were to choose from, and the mean absolute error of the free runs with each, by the scale of their windows. */
  readonly tried: readonly { readonly ridge: number; readonly error: number }[];
}

/** Ridges to choose from. */
const ridges: readonly number[] = Array.from({ length: 13 }, (_, k) => Number(`1e${k - 10}`));
/** Share of the origins of each series, its last ones, from which the ridge is chosen. */
const shareChosenBy = 0.2;
/** Free runs by which it is chosen, at most. */
const mostRuns = 256;
/** Steps that are learned from, at most, as long as each is read once. */
const mostSteps = 100_000;
/** Windows that run side by side. */
const together = 64;

/**
 * How a reservoir learns to forecast: by `fit`, in one pass. Windows are read with what came (teacher forcing), and the readout is the ridge
 * regression of the next values on the states. The ridge is chosen by free runs from the last fifth of each series' windows, and the readout
 * then fitted to all. What those runs missed, by step ahead, are the quantiles. Loss and evaluation are those of `forecastLearner`, with
 * the squared error for a loss: a fitted model can be trained further.
 *
 * @throws RangeError if the washout is as long as a window reads; `fit` throws a SeriesError if no series is longer
 * @example
 * const collector = collectSeries();
 * for (let k = 0; k < 120; k++) collector.add({ target: k + [0, 3, 1][k % 3]! }, k);
 * const set = collector.finish();
 * const setup = forecastSetup(set, { horizon: 6, season: 3, distribution: { kind: "residual" } });
 * const learner = reservoirForecastLearner(reservoirForecastModel(setup, { hidden: 30 }), setup);
 * const { train, valid } = forecastWindows(set.series, setup);
 * const fitted = await learner.fit(train, { key: Key.of(1) });
 * (await learner.evaluate(fitted!.params, valid))!.measures.mae; // about 0: it goes on by 3 each season
 */
export function reservoirForecastLearner(
  model: ReservoirForecastModel,
  setup: ForecastSetup,
  options?: ReservoirForecastOptions,
): Learner<ForecastWindow, ReservoirForecastParams, ForecastBatch> &
  Required<Pick<Learner<ForecastWindow, ReservoirForecastParams>, "fit">> {
  check("reservoirForecastLearner", "model", model, sequenceModelKind);
  check("reservoirForecastLearner", "setup", setup, residualSetupKind);
  const { ridge = null, washout = null } = checkSettings("reservoirForecastLearner", options, kinds);
  if (washout !== null && washout >= setup.context)
    throw new RangeError(
      `reservoirForecastLearner: washout is ${washout}, and windows read ${setup.context} steps before they forecast; wash out fewer, or make the context longer`,
    );
  const learner = forecastLearner(model, setup);
  return {
    ...learner,
    // A free run needs the digits: weights of the readout are large and cancel each other.
    init: (key, dtype = "float64") => model.init(key, dtype),
    fit: (windows, how) => fit(model, setup, { ridge, washout }, windows, how),
  };
}

const kinds = { ridge: optional(orNull(atLeastZero)), washout: optional(orNull(count)) };

async function fit(
  model: ReservoirForecastModel,
  setup: ForecastSetup,
  { ridge: wanted, washout: asked }: Required<ReservoirForecastOptions>,
  raw: readonly ForecastWindow[],
  { key, signal, pause }: FitOptions,
): Promise<Fitted<ReservoirForecastParams> | null> {
  const { series: changed } = transforming(setup);
  const windows = raw.map(({ series, origin }) => ({ series: changed(series), origin }));
  const rest = pacer(pause);
  const longest = windows.reduce((most, { origin }) => Math.max(most, Math.min(origin, setup.context)), 0);
  const washout = asked ?? Math.min(setup.horizon, Math.floor(longest / 2));
  const drawn = model.init(key, "float64");
  const { first, others, chosenBy, inSample } = partsOf(setup, windows);
  const sumsOf = async (some: readonly ForecastWindow[]): Promise<ReadoutSums | null> => {
    let sums = readoutSums({ features: drawn.readout.W.shape[0]!, outputs: 1 });
    for (let at = 0; at < some.length; at += together) {
      if (signal?.aborted) return null;
      sums = addWindows(model, drawn, setup, sums, some.slice(at, at + together), washout);
      await rest();
    }
    return sums;
  };
  const readoutOf = (sums: ReadoutSums, ridge: number): LinearParams =>
    solveReadout(sums, { ridge: ridge * meanSquare(sums) });
  const early = await sumsOf(first);
  if (early === null) return null;
  if (early.rows === 0)
    throw new SeriesError(
      null,
      null,
      `the washout is ${washout}, and no window has a known value after it; wash out fewer steps`,
    );

  const frames = chosenBy.map(({ series, origin }) => frameOf(setup, series, origin));
  const state = stateBefore(model, drawn, setup, chosenBy, frames);
  /** By step ahead, the sizes of the errors of free runs. */
  const missedWith = async (readout: LinearParams): Promise<Float64Array[]> => {
    const { horizon } = setup;
    const paths = await freeRun(model, { ...drawn, readout }, setup, chosenBy, frames, { horizon, state });
    return Array.from({ length: horizon }, (_, h) =>
      Float64Array.from(paths, (path, w) => {
        const { series, origin } = chosenBy[w]!;
        return Math.abs(path[h]! - (series.values[origin + h] ?? Number.NaN)) / frames[w]!.scale;
      })
        .filter((error) => !Number.isNaN(error))
        .sort(),
    );
  };
  const tried: { ridge: number; error: number }[] = [];
  let best: { ridge: number; missed: Float64Array[] } | null = null;
  for (const ridge of wanted === null ? ridges : [wanted]) {
    if (signal?.aborted) return null;
    const missed = await missedWith(readoutOf(early, ridge));
    const error = meanOf(missed);
    if (best === null || error < Math.min(...tried.map((other) => other.error))) best = { ridge, missed };
    tried.push({ ridge, error });
    await rest();
  }
  const late = others.length === 0 ? null : await sumsOf(others);
  if (others.length > 0 && late === null) return null;
  const sums = late === null ? early : mergeReadoutSums(early, late);
  const { ridge, missed } = best!;
  const details: ReservoirFit = { ridge, runs: chosenBy.length, inSample, tried };
  return {
    params: { ...drawn, readout: readoutOf(sums, ridge), spread: spreadOf(missed) },
    predictions: sums.rows,
    details: { fit: details },
  };
}

/** Adds the steps of some windows to the sums, with what came after each. */
function addWindows(
  model: ReservoirForecastModel,
  { layer: params }: ReservoirForecastParams,
  setup: ForecastSetup,
  sums: ReadoutSums,
  windows: readonly ForecastWindow[],
  washout: number,
): ReadoutSums {
  const { x, structure, scored, targets } = packWindows(setup, windows, null, washout);
  if (scored.length === 0) return sums;
  const states = scope(() => {
    const input = fromArray(x, [structure.nodes, forecastInputs(setup)], "float64");
    return model.layer.apply(params as never, input, structure, { rows: scored }).output as Tensor;
  });
  const added = addReadoutRows(sums, states, fromArray(targets, [scored.length, 1], "float64"));
  states.dispose();
  return added;
}

/** What the readout is fitted to before the ridge is chosen, what it is fitted to besides after that, and what chooses. */
function partsOf(setup: ForecastSetup, windows: readonly ForecastWindow[]) {
  const bySeries = new Map<ForecastWindow["series"], ForecastWindow[]>();
  for (const window of windows) {
    const some = bySeries.get(window.series);
    if (some) some.push(window);
    else bySeries.set(window.series, [window]);
  }
  const [first, others, chosenBy]: ForecastWindow[][] = [[], [], []];
  for (const some of bySeries.values()) {
    some.sort((a, b) => a.origin - b.origin);
    const chooses = some.slice(Math.floor((1 - shareChosenBy) * some.length));
    const begin = chooses[0]!.origin;
    const before = some.filter(({ origin }) => origin + setup.horizon <= begin);
    // A series that is too short for both is learned from.
    if (before.length === 0) first!.push(...some);
    else {
      first!.push(...before);
      others!.push(...some.slice(before.length));
      chosenBy!.push(...chooses);
    }
  }
  const steps = windows.reduce((n, window) => n + windowSteps(setup, window), 0);
  const every = Math.max(1, Math.min(setup.horizon, Math.ceil(steps / mostSteps)));
  const inSample = chosenBy!.length === 0;
  return {
    first: everyNth(first!, every),
    others: everyNth(others!, every),
    chosenBy: everyNth(
      inSample ? first! : chosenBy!,
      Math.ceil((inSample ? first! : chosenBy!).length / mostRuns),
    ),
    inSample,
  };
}

function everyNth<T>(list: readonly T[], n: number): readonly T[] {
  return n <= 1 ? list : list.filter((_, k) => k % n === 0);
}

function meanOf(missed: readonly Float64Array[]): number {
  const all = missed.flatMap((errors) => [...errors]);
  return all.reduce((sum, error) => sum + error, 0) / all.length;
}

/** By step ahead, the sizes that shares of the errors do not exceed; where nothing was known, those of the step before. */
function spreadOf(missed: readonly Float64Array[]): Tensor {
  const rows: number[][] = [];
  for (const errors of missed)
    rows.push(
      errors.length === 0
        ? (rows.at(-1) ?? coverages.map(() => 0))
        : coverages.map((share) => empiricalQuantile(errors, share)),
    );
  return fromArray(rows.flat(), [rows.length, coverages.length], "float64");
}
