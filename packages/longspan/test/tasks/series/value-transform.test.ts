import { describe, expect, it } from "vitest";
import {
  collectSeries,
  type ForecastSetupSettings,
  forecastInputs,
  forecastLearner,
  forecastModel,
  forecastPredictor,
  forecastSeries,
  forecastSetup,
  forecastWindows,
  gru,
  Key,
  leaves,
  mapTree,
  onCpu,
  recurrent,
  reservoirForecastLearner,
  reservoirForecastModel,
  type SeriesSet,
  type Tensor,
  uniform,
} from "../../../src/index.js";

const wave = (k: number, s: number) => Math.sin(k) + 0.05 * k + [0, 0.5, -0.4][(k + s) % 3]!;
function setOf(change: (value: number) => number): SeriesSet {
  const collector = collectSeries();
  for (let k = 0; k < 60; k++)
    for (const s of [0, 1]) collector.add({ id: `s${s}`, target: k === 20 ? null : change(wave(k, s)) }, k);
  return collector.finish();
}

/** The forecast and the loss of a net with drawn parameters, or of a reservoir that was fitted. */
async function found(set: SeriesSet, settings: Partial<ForecastSetupSettings>) {
  const setup = forecastSetup(set, { horizon: 4, season: 3, ...settings });
  const { train } = forecastWindows(set.series, setup);
  const levels = [0.1, 0.5, 0.9];
  if (setup.distribution.kind === "residual") {
    const model = reservoirForecastModel(setup, { hidden: 12 });
    const { params } = (await reservoirForecastLearner(model, setup, { ridge: 0.1 }).fit(train, {
      key: Key.of(1),
    }))!;
    return { loss: 0, forecasts: await forecastSeries(model, params, setup, set.series, { levels }) };
  }
  const layer = recurrent(gru({ input: forecastInputs(setup), hidden: 4 }));
  const model = forecastModel(setup, { layer });
  const learner = forecastLearner(model, setup);
  let stream = 0;
  const params = mapTree(model.init(Key.of(1)), (p) =>
    uniform(Key.of(100 + stream++), (p as Tensor).shape),
  ) as ReturnType<typeof model.init>;
  expect(leaves(params).length).toBe(stream);
  const loss = onCpu(learner.loss(params, learner.pack(train.slice(0, 5), null), null)).item();
  return { loss, forecasts: await forecastSeries(model, params, setup, set.series, { levels }) };
}

describe("a transform of values", () => {
  it.each([
    ["log", Math.exp, { way: "direct" }],
    ["log", Math.exp, { way: "recursive", distribution: { kind: "gaussian" } }],
    ["log", Math.exp, { distribution: { kind: "residual" } }],
    ["asinh", Math.sinh, { way: "direct" }],
    ["asinh", Math.sinh, { distribution: { kind: "residual" } }],
  ] as const)(
    "%s: what is read is what was changed, and what is shown is changed back",
    async (transform, change, settings) => {
      const plain = await found(
        setOf((value) => value),
        settings,
      );
      const changed = await found(setOf(change), { ...settings, transform });
      expect(changed.loss).toBeCloseTo(plain.loss, 5);
      for (const [k, { median, quantiles }] of plain.forecasts.entries())
        for (let h = 0; h < 4; h++) {
          const other = changed.forecasts[k]!;
          expect(other.median[h]! / change(median[h]!)).toBeCloseTo(1, 4);
          // Paths are drawn: their quantiles lie between neighbours, before or after the change.
          if ((settings as { way?: string }).way !== "recursive")
            for (const [q, value] of quantiles[h]!.entries())
              expect(other.quantiles[h]![q]! / change(value)).toBeCloseTo(1, 4);
        }
    },
  );

  it("says which value has no logarithm", () => {
    const set = setOf((value) => value + 0.5);
    const says =
      /^target: "s0" has the value -0\.\d+, which has no logarithm; take the transform asinh, which takes zero and negative values, or none$/;
    expect(() => forecastSetup(set, { horizon: 4, transform: "log" })).toThrow(says);
    const setup = forecastSetup(setOf(Math.exp), { horizon: 4, transform: "log" });
    expect(() => forecastWindows(set.series, setup)).toThrow(says);
    const model = forecastModel(setup, {
      layer: recurrent(gru({ input: forecastInputs(setup), hidden: 4 })),
    });
    expect(() =>
      forecastPredictor(model, model.init(Key.of(1)), setup).read({ values: [1, 2, 0, 3] }),
    ).toThrow("target: the series has the value 0, which has no logarithm");
  });
});
