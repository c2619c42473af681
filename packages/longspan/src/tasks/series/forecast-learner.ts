import { check, checkSettings, list, optional } from "../../check/index.js";
import type { SequenceLayer } from "../../nn/index.js";
import { sequenceModelKind } from "../../nn/kinds.js";
import { mean, mul } from "../../ops/index.js";
import { fromArray, leaves, type Traceable } from "../../tensor/index.js";
import type { Backward } from "../../unfold/index.js";
import { backwardKind } from "../../unfold/kinds.js";
import { type ExampleTask, type ExampleTaskOptions, exampleTask, exampleTaskKinds } from "../example-task.js";
import type { Learner } from "../learner.js";
import { evaluateForecasts } from "./evaluate-forecasts.js";
import { forecastOutput } from "./forecast-output.js";
import { type ForecastSetup, forecastInputs, forecastOutputs } from "./forecast-setup.js";
import type { ForecastWindow } from "./forecast-windows.js";
import { setupKind } from "./kinds.js";
import { type ForecastBatch, packWindows, windowSteps } from "./pack-windows.js";
import { transforming } from "./value-transform.js";

/** How a net learns to forecast. */
export interface ForecastOptions {
  /** How the recurrence is differentiated; full by default. */
  readonly backward?: Backward;
}

/**
 * What a net learns from windows of time series: what a simple forecast lacks, as quantiles, a Gaussian or a mixture. The loss is that of
 * the setup's distribution, by the scale of each window. Its evaluation measures forecasts from each origin: `mae`, `rmse`, `mase`, `smape`
 * and `crps`, each beside that of the seasonal naive forecast, `naiveMae` and so on; `details` are `ForecastDetails`.
 *
 * @param model a sequence model that reads `forecastInputs(setup)` numbers and gives `forecastOutputs(setup)`
 * @throws RangeError if the model reads or gives another number
 * @example
 * const collector = collectSeries();
 * for (let k = 0; k < 80; k++) collector.add({ target: k % 7 }, k);
 * const set = collector.finish();
 * const setup = forecastSetup(set, { horizon: 7 });
 * const layer = recurrent(gru({ input: forecastInputs(setup), hidden: 8 }));
 * const learner = forecastLearner(sequenceModel({ layer, features: 8, output: forecastOutputs(setup) }), setup);
 * const { valid } = forecastWindows(set.series, setup);
 * const found = await learner.evaluate(learner.init(Key.of(1)), valid);
 * found?.measures.naiveMae; // 3.43
 */
export function forecastLearner<P, S>(
  model: SequenceLayer<P, S>,
  setup: ForecastSetup,
  options?: ForecastOptions,
): Learner<ForecastWindow, P, ForecastBatch> {
  check("forecastLearner", "model", model, sequenceModelKind);
  check("forecastLearner", "setup", setup, setupKind);
  const { backward } = checkSettings("forecastLearner", options, { backward: optional(backwardKind) });
  const [inputs, outputs] = [forecastInputs(setup), forecastOutputs(setup)];
  const { input, features = outputs } = model;
  const reads = Array.isArray(input) ? input[0] : undefined;
  if ((typeof reads === "number" && reads !== inputs) || features !== outputs)
    throw new RangeError(
      `forecastLearner: the model reads ${reads} numbers and gives ${features}, the setup has ${inputs} and ${outputs}; make it with forecastInputs(setup) and forecastOutputs(setup)`,
    );
  const { series: changed } = transforming(setup);
  const { lossPerRow } = forecastOutput(setup.distribution);
  return {
    init: (key, dtype) => model.init(key, dtype),
    sizeOf: (window) => windowSteps(setup, window),
    pack: (windows, weights) =>
      packWindows(
        setup,
        windows.map(({ series, origin }) => ({ series: changed(series), origin })),
        weights,
      ),
    predictions: ({ scored }) => scored.length,
    loss(params, { x, structure, scored, targets, weights }, key) {
      const dtype = leaves(params)[0]?.dtype ?? "float32";
      const { output } = model.apply(
        params as Traceable<P>,
        fromArray(x, [structure.nodes, inputs], dtype),
        structure,
        {
          key,
          rows: scored,
          ...(backward ? { backward } : {}),
        },
      );
      const losses = lossPerRow(output, fromArray(targets, [scored.length, 1], dtype));
      return mean(weights ? mul(losses, fromArray(weights, [weights.length], dtype)) : losses);
    },
    evaluate: (params, windows, settings) => evaluateForecasts(model, params, setup, windows, settings),
  };
}

/**
 * Training on windows of time series: `exampleTask` of a `forecastLearner`.
 *
 * @example
 * const collector = collectSeries();
 * for (let k = 0; k < 80; k++) collector.add({ target: k % 7 }, k);
 * const set = collector.finish();
 * const setup = forecastSetup(set, { horizon: 7 });
 * const layer = recurrent(gru({ input: forecastInputs(setup), hidden: 8 }));
 * const model = sequenceModel({ layer, features: 8, output: forecastOutputs(setup) });
 * const task = forecastTask(model, setup, forecastWindows(set.series, setup).train, { key: Key.of(1), batch: 8 });
 * const optimiser = adam({ learningRate: 0.01 });
 * await train(task, startTraining(task, optimiser, model.init(Key.of(2))), { optimiser, budget: { steps: 3 }, key: Key.of(3) });
 */
export function forecastTask<P, S>(
  model: SequenceLayer<P, S>,
  setup: ForecastSetup,
  windows: readonly ForecastWindow[],
  options: ExampleTaskOptions & ForecastOptions,
): ExampleTask<P, ForecastBatch> {
  check("forecastTask", "model", model, sequenceModelKind);
  check("forecastTask", "setup", setup, setupKind);
  check("forecastTask", "windows", windows, list);
  const { backward, ...others } = checkSettings("forecastTask", options, {
    ...exampleTaskKinds,
    backward: optional(backwardKind),
  });
  return exampleTask(forecastLearner(model, setup, backward ? { backward } : {}), windows, others);
}
