import { check, checkSettings, optional, rate } from "../../check/index.js";
import { type LinearParams, linear, type SequenceLayer, zerosInit } from "../../nn/index.js";
import { layerKind } from "../../nn/layers/kinds.js";
import { surrounded } from "../../nn/layers/surrounded.js";
import { type ForecastSetup, forecastOutputs } from "./forecast-setup.js";
import { setupKind } from "./kinds.js";

/** Settings of `forecastModel`. */
export interface ForecastModelConfig<P, S> {
  /** What reads the windows: a layer that goes forward, of `forecastInputs(setup)` numbers, from any cell. */
  readonly layer: SequenceLayer<P, S>;
  /** Dropout on what the layer reads and on what it gives: a rate in [0, 1); 0 by default. */
  readonly dropout?: number;
}

/** Parameters of a forecast model: those of the layer, and readout.W and readout.b. */
export interface ForecastModelParams<P> {
  readonly layer: P;
  readonly readout: LinearParams;
}

/**
 * A recurrent layer, or a stack, with a linear readout for the distribution of a setup. The readout's weights start from zero, so that at
 * first the medians are what the setup adds outputs to: the value a season before, or the last one.
 *
 * @throws ShapeError if the layer does not say how many features it gives
 * @example
 * const collector = collectSeries();
 * for (let k = 0; k < 80; k++) collector.add({ target: k % 7 }, k);
 * const setup = forecastSetup(collector.finish(), { horizon: 7 });
 * const model = forecastModel(setup, { layer: recurrent(gru({ input: forecastInputs(setup), hidden: 8 })) });
 * model.features; // 9: the quantiles at 0.1, 0.2, ... 0.9
 */
export function forecastModel<P, S>(
  setup: ForecastSetup,
  config: ForecastModelConfig<P, S>,
): SequenceLayer<ForecastModelParams<P>, S> {
  check("forecastModel", "setup", setup, setupKind);
  const { layer, dropout } = checkSettings("forecastModel", config, {
    layer: layerKind,
    dropout: optional(rate),
  });
  const [input, output] = [layer.features!, forecastOutputs(setup)];
  return surrounded<ForecastModelParams<P>, S>("forecastModel", {
    layer: ["layer", layer as SequenceLayer<unknown, unknown>],
    after: ["readout", linear({ input, output, W: zerosInit(input, output) })],
    ...(dropout ? { dropout } : {}),
  });
}
