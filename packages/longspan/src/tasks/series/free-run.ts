import type { SequenceLayer } from "../../nn/index.js";
import { type DType, fromArray, leaves, scope, type Tensor, type Traceable } from "../../tensor/index.js";
import { chain } from "../../unfold/index.js";
import { forecastOutput } from "./forecast-output.js";
import { type ForecastSetup, forecastInputs } from "./forecast-setup.js";
import type { ForecastWindow } from "./forecast-windows.js";
import { packInputs } from "./pack-windows.js";
import { baseAt, type WindowFrame } from "./window-frame.js";
import { writeStep } from "./window-inputs.js";

/** How a net runs free. */
export interface FreeRunOptions<S> {
  /** Steps ahead. */
  readonly horizon: number;
  /** From `stateBefore`; it stays the caller's. Read from the windows by default. */
  readonly state?: S;
}

/**
 * The values that a net goes on with from each window, reading its own outputs: at each step ahead the median of what it says of it.
 * Windows run side by side.
 */
export async function freeRun<P, S>(
  model: SequenceLayer<P, S>,
  params: P,
  setup: ForecastSetup,
  windows: readonly ForecastWindow[],
  frames: readonly WindowFrame[],
  { horizon, state: start }: FreeRunOptions<S>,
): Promise<Float64Array[]> {
  const width = forecastInputs(setup);
  const { quantile, outputs } = forecastOutput(setup.distribution);
  const one = chain(windows.map(() => 1));
  const all = windows.map(({ series }, w) => {
    const { origin } = frames[w]!;
    const values = new Float64Array(origin + horizon);
    values.set(series.values.subarray(0, origin));
    return values;
  });
  let state = start ?? stateBefore(model, params, setup, windows, frames);
  for (let h = 0; h < horizon; h++) {
    const x = new Float32Array(windows.length * width);
    for (const [w, { series }] of windows.entries())
      writeStep(
        setup,
        series,
        frames[w]!,
        { values: all[w]!, step: frames[w]!.origin + h - 1, ahead: null },
        x,
        w * width,
      );
    const { output, final } = scope(() => {
      const input = fromArray(x, [windows.length, width], typeOf(params));
      const found = model.apply(params as Traceable<P>, input, one, { initial: state as never });
      return { output: found.output as Tensor, final: found.final };
    });
    if (state !== start) dispose(state);
    state = final;
    const rows = await output.data();
    output.dispose();
    for (const [w, values] of all.entries()) {
      const { origin, scale } = frames[w]!;
      values[origin + h] = baseAt(setup, values, origin + h, 0) + scale * quantile(rows, w * outputs)(0.5);
    }
  }
  if (state !== start) dispose(state);
  return all.map((values, w) => values.subarray(frames[w]!.origin));
}

/** The states after all steps of the windows but the last, which the first step of a free run reads. The caller's, to be disposed of. */
export function stateBefore<P, S>(
  model: SequenceLayer<P, S>,
  params: P,
  setup: ForecastSetup,
  windows: readonly ForecastWindow[],
  frames: readonly WindowFrame[],
): S {
  const { structure, x } = packInputs(setup, windows, frames, 1);
  return scope(() => {
    const input = fromArray(x, [structure.nodes, forecastInputs(setup)], typeOf(params));
    // Only where it leads is asked for.
    const rows = new Int32Array(Math.min(1, structure.nodes));
    return model.apply(params as Traceable<P>, input, structure, { rows }).final as S;
  });
}

function dispose(state: unknown): void {
  for (const value of leaves(state)) (value as Tensor).dispose();
}

function typeOf(params: unknown): DType {
  return leaves(params)[0]?.dtype ?? "float32";
}
