import { check, checkSettings, finitePositive, optional, share, size } from "../../check/index.js";
import {
  type AnySequenceLayer,
  type LinearParams,
  linear,
  type ReservoirSpecs,
  recurrent,
  reservoir,
  type SequenceLayer,
  zerosInit,
} from "../../nn/index.js";
import { sequenceLayer } from "../../nn/layers/sequence-layer.js";
import { surrounded } from "../../nn/layers/surrounded.js";
import { type Tensor, zeros } from "../../tensor/index.js";
import { coverages } from "./forecast-output.js";
import { type ForecastSetup, forecastInputs } from "./forecast-setup.js";
import { residualSetupKind } from "./kinds.js";

/** Settings of `reservoirForecastModel`. */
export interface ReservoirForecastConfig {
  /** Units of the reservoir. */
  readonly hidden: number;
  /** Spectral radius of its recurrent matrix; 0.9 by default. */
  readonly radius?: number;
  /** Share of a unit's state that is new at each step, in (0, 1]; 0.5 by default. */
  readonly leak?: number;
  /** Weights of the input, and biases, are drawn uniformly between this and its negative; 0.1 by default. */
  readonly inputScale?: number;
}

/** Parameters of a reservoir that forecasts: those of the reservoir, of its readout, and how far free runs have missed. */
export interface ReservoirForecastParams {
  readonly layer: { readonly [K in keyof ReservoirSpecs]: unknown };
  readonly readout: LinearParams;
  /** By step ahead, the sizes of errors that shares of 0.2, 0.4, 0.6, 0.8, 0.9, 0.95 and 0.98 do not exceed, by the scale of a window: [horizon, 7]. */
  readonly spread: Tensor;
}

/** A model of time series that is a reservoir with a linear readout. */
export interface ReservoirForecastModel
  extends SequenceLayer<ReservoirForecastParams, { readonly h: Tensor }> {
  /** The reservoir alone: its output are its states. */
  readonly layer: AnySequenceLayer;
}

/**
 * A reservoir of leaky units with a linear readout that forecasts one step, and runs free for more: each output is read back. What is
 * learned is the readout, by `reservoirForecastLearner`. Quantiles lie about the free run as far as free runs have missed before.
 *
 * @param setup with the distribution `{ kind: "residual" }`
 * @see Jaeger and Haas (2004), "Harnessing nonlinearity: predicting chaotic systems and saving energy in wireless communication"
 * @example
 * const collector = collectSeries();
 * for (let k = 0; k < 80; k++) collector.add({ target: k % 7 }, k);
 * const setup = forecastSetup(collector.finish(), { horizon: 7, distribution: { kind: "residual" } });
 * const model = reservoirForecastModel(setup, { hidden: 50 });
 * model.init(Key.of(1), "float64").readout.W.shape; // [50, 1], zeros until it is fitted
 */
export function reservoirForecastModel(
  setup: ForecastSetup,
  config: ReservoirForecastConfig,
): ReservoirForecastModel {
  check("reservoirForecastModel", "setup", setup, residualSetupKind);
  const {
    hidden,
    radius = 0.9,
    leak = 0.5,
    inputScale = 0.1,
  } = checkSettings("reservoirForecastModel", config, kinds);
  const layer = recurrent(
    reservoir({ input: forecastInputs(setup), hidden, radius, leak, inputScale, bias: inputScale }),
  ) as unknown as AnySequenceLayer;
  const {
    init,
    apply,
    stream: _,
    ...parts
  } = surrounded<Omit<ReservoirForecastParams, "spread">, { readonly h: Tensor }>("reservoirForecastModel", {
    layer: ["layer", layer],
    after: ["readout", linear({ input: hidden, output: 1, W: zerosInit(hidden, 1) })],
  });
  const model = sequenceLayer<ReservoirForecastParams, { readonly h: Tensor }>("reservoirForecastModel", {
    ...parts,
    init: (key, dtype) => ({
      ...init(key, dtype),
      spread: zeros([setup.horizon, coverages.length], dtype),
    }),
    apply,
  });
  return Object.assign(model, { layer });
}

const kinds = {
  hidden: size,
  radius: optional(finitePositive),
  leak: optional(share),
  inputScale: optional(finitePositive),
};
