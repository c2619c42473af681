import type { SequenceLayer } from "../../nn/index.js";
import { gather } from "../../ops/index.js";
import {
  type DType,
  fromArray,
  type Key,
  leaves,
  mapTree,
  RandomNumbers,
  scope,
  type Tensor,
  type Traceable,
} from "../../tensor/index.js";
import { chain } from "../../unfold/index.js";
import { empiricalQuantile } from "./empirical-quantile.js";
import { coverages, forecastOutput, quantileAbout } from "./forecast-output.js";
import { type ForecastSetup, forecastInputs } from "./forecast-setup.js";
import type { ForecastWindow } from "./forecast-windows.js";
import { freeRun } from "./free-run.js";
import { packInputs } from "./pack-windows.js";
import { transforming } from "./value-transform.js";
import { baseAt, frameOf, type WindowFrame } from "./window-frame.js";
import { writeStep } from "./window-inputs.js";

/** What is forecast of one series from one origin. */
export interface Forecast {
  /** At each step ahead: the quantiles at the levels that were asked for. */
  readonly quantiles: readonly Float64Array[];
  /** At each step ahead: the median. */
  readonly median: Float64Array;
}

/** Paths that are drawn where steps are forecast one after the other. */
const paths = 100;

/** Forecasts windows, so many steps ahead. @param key of the paths that are drawn; each window draws its own, whatever stands beside it */
export async function makeForecasts<P, S>(
  model: SequenceLayer<P, S>,
  params: P,
  setup: ForecastSetup,
  windows: readonly ForecastWindow[],
  request: Request,
): Promise<Forecast[]> {
  const { series: changed, back } = transforming(setup);
  const own = windows.map(({ series, origin }) => ({ series: changed(series), origin }));
  const found = await forecastsOf(model, params, setup, own, request);
  return found.map(({ quantiles, median }) => ({
    quantiles: quantiles.map((at) => at.map(back)),
    median: median.map(back),
  }));
}

/** What is asked of forecasts. */
interface Request {
  readonly levels: readonly number[];
  readonly horizon: number;
  readonly key: Key;
}

/** Forecasts of values as the net reads them. */
async function forecastsOf<P, S>(
  model: SequenceLayer<P, S>,
  params: P,
  setup: ForecastSetup,
  windows: readonly ForecastWindow[],
  { levels, horizon, key }: Request,
): Promise<Forecast[]> {
  const frames = windows.map(({ series, origin }) => frameOf(setup, series, origin));
  if (setup.way === "direct") return direct(model, params, setup, windows, frames, levels, horizon);
  if (setup.distribution.kind === "residual")
    return aboutFreeRun(model, params, setup, windows, frames, levels, horizon);
  const forecasts: Forecast[] = [];
  for (const [w, window] of windows.entries())
    forecasts.push(await recursive(model, params, setup, window, frames[w]!, { levels, horizon, key }));
  return forecasts;
}

async function direct<P, S>(
  model: SequenceLayer<P, S>,
  params: P,
  setup: ForecastSetup,
  windows: readonly ForecastWindow[],
  frames: readonly WindowFrame[],
  levels: readonly number[],
  horizon: number,
): Promise<Forecast[]> {
  const { structure, x, asked } = packInputs(setup, windows, frames);
  const output = scope(() => {
    const input = fromArray(x, [structure.nodes, forecastInputs(setup)], typeOf(params));
    return model.apply(params as Traceable<P>, input, structure, { rows: asked }).output as Tensor;
  });
  const rows = await output.data();
  output.dispose();
  const { quantile, outputs } = forecastOutput(setup.distribution);
  return windows.map(({ series }, w) => {
    const { origin, scale } = frames[w]!;
    const steps = Array.from({ length: horizon }, (_, h) => {
      const base = baseAt(setup, series.values, origin, h);
      const at = quantile(rows, (w * setup.horizon + h) * outputs);
      return (level: number) => base + scale * at(level);
    });
    return {
      quantiles: steps.map((at) => Float64Array.from(levels, at)),
      median: Float64Array.from(steps, (at) => at(0.5)),
    };
  });
}

/** Runs free, and lays quantiles about it as far as free runs have missed before. */
async function aboutFreeRun<P, S>(
  model: SequenceLayer<P, S>,
  params: P,
  setup: ForecastSetup,
  windows: readonly ForecastWindow[],
  frames: readonly WindowFrame[],
  levels: readonly number[],
  horizon: number,
): Promise<Forecast[]> {
  const paths = await freeRun(model, params, setup, windows, frames, { horizon });
  const spread = await (params as { readonly spread: Tensor }).spread.data();
  return paths.map((median, w) => ({
    median,
    quantiles: Array.from(median, (value, h) => {
      const sizes = coverages.map((_, k) => frames[w]!.scale * spread[h * coverages.length + k]!);
      return Float64Array.from(levels, quantileAbout(value, sizes));
    }),
  }));
}

/** Draws paths, step by step, each fed back, and takes their quantiles. */
async function recursive<P, S>(
  model: SequenceLayer<P, S>,
  params: P,
  setup: ForecastSetup,
  window: ForecastWindow,
  frame: WindowFrame,
  { levels, horizon, key }: Request,
): Promise<Forecast> {
  const { series } = window;
  const { origin, scale } = frame;
  const width = forecastInputs(setup);
  const { quantile, outputs } = forecastOutput(setup.distribution);
  const draws = new RandomNumbers(key);
  const { structure, x, asked } = packInputs(setup, [window], [frame]);
  const one = chain(Array.from({ length: paths }, () => 1));
  const drawn = Array.from({ length: paths }, () => {
    const values = new Float64Array(origin + horizon);
    values.set(series.values.subarray(0, origin));
    return values;
  });
  const first = scope(() => {
    const input = fromArray(x, [structure.nodes, width], typeOf(params));
    const { output, final } = model.apply(params as Traceable<P>, input, structure, { rows: asked });
    return { output: output as Tensor, final };
  });
  let rows: ArrayLike<number> = await first.output.data();
  let state: unknown = scope(() =>
    mapTree(first.final, (value) => gather(value, fromArray(new Int32Array(paths), [paths], "int32"))),
  );
  for (const value of [first.output, ...leaves(first.final)]) (value as Tensor).dispose();
  for (let h = 0; h < horizon; h++) {
    for (const [p, values] of drawn.entries()) {
      const base = baseAt(setup, values, origin + h, 0);
      const level = quantile(rows, h === 0 ? 0 : p * outputs);
      values[origin + h] = base + scale * level(Math.min(1 - 1e-4, Math.max(1e-4, draws.uniform())));
    }
    if (h === horizon - 1) break;
    const next = new Float32Array(paths * width);
    for (const [p, values] of drawn.entries())
      writeStep(setup, series, frame, { values, step: origin + h, ahead: null }, next, p * width);
    const { output, final } = scope(() => {
      const input = fromArray(next, [paths, width], typeOf(params));
      const found = model.apply(params as Traceable<P>, input, one, { initial: state as never });
      return { output: found.output as Tensor, final: found.final };
    });
    for (const value of leaves(state)) (value as Tensor).dispose();
    rows = await output.data();
    output.dispose();
    state = final;
  }
  for (const value of leaves(state)) (value as Tensor).dispose();
  const steps = Array.from({ length: horizon }, (_, h) =>
    Float64Array.from(drawn, (values) => values[origin + h]!).sort(),
  );
  return {
    quantiles: steps.map((sorted) => Float64Array.from(levels, (level) => empiricalQuantile(sorted, level))),
    median: Float64Array.from(steps, (sorted) => empiricalQuantile(sorted, 0.5)),
  };
}

function typeOf(params: unknown): DType {
  return leaves(params)[0]?.dtype ?? "float32";
}
