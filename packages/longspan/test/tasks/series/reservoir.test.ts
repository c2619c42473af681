import { describe, expect, it } from "vitest";
import {
  afterWashout,
  chain,
  collectSeries,
  type ForecastSetupSettings,
  forecastLearner,
  forecastModel,
  forecastSeries,
  forecastSetup,
  forecastWindows,
  fromArray,
  gru,
  heldOutOrigins,
  Key,
  normal,
  onCpu,
  recurrent,
  reservoirForecastLearner,
  reservoirForecastModel,
  ridgeReadout,
  type SeriesSet,
} from "../../../src/index.js";
import { forecastInputs } from "../../../src/tasks/series/forecast-setup.js";
import { freeRun } from "../../../src/tasks/series/free-run.js";
import { packWindows } from "../../../src/tasks/series/pack-windows.js";
import { baseAt, frameOf } from "../../../src/tasks/series/window-frame.js";
import { writeStep } from "../../../src/tasks/series/window-inputs.js";

function setOf(steps: number, value: (k: number, s: number) => number | null, series = 1): SeriesSet {
  const collector = collectSeries();
  for (let k = 0; k < steps; k++)
    for (let s = 0; s < series; s++) collector.add({ id: `s${s}`, target: value(k, s) }, k);
  return collector.finish();
}
/** A season of 6 on a slope. */
const clean = (k: number, s = 0) => (s + 1) * (20 + 0.5 * k + [0, 5, 2, -3, 1, 4][k % 6]!);

function made(set: SeriesSet, settings: Partial<ForecastSetupSettings> = {}, hidden = 30) {
  const held = heldOutOrigins(set.series, settings.horizon ?? 6);
  const setup = forecastSetup(
    set,
    { horizon: 6, season: 6, distribution: { kind: "residual" }, ...settings },
    held.map(({ known }) => known),
  );
  const model = reservoirForecastModel(setup, { hidden });
  return { set, setup, model, ...forecastWindows(set.series, setup) };
}

describe("a reservoir that forecasts", () => {
  it("has the readout of a ridge regression on its states after the washout", async () => {
    const { setup, model, train } = made(setOf(40, clean), { context: 10 });
    // A single window: there is nothing to hold out, and it is all that there is to learn from.
    const window = train.filter(({ origin }) => origin === 20);
    const learner = reservoirForecastLearner(model, setup, { ridge: 0.01, washout: 4 });
    const { params, predictions, details } = (await learner.fit(window, { key: Key.of(3) }))!;
    const { x, structure, targets } = packWindows(setup, window, null);
    const rows = afterWashout(structure, 4);
    const { output } = model.layer.apply(
      params.layer as never,
      fromArray(x, [structure.nodes, forecastInputs(setup)], "float64"),
      chain([structure.nodes]),
      { rows },
    );
    expect(structure.nodes).toBe(10 + 6 - 1);
    expect(predictions).toBe(11);
    expect((details as { fit: { inSample: boolean } }).fit.inSample).toBe(true);
    const states = onCpu(output).toArray() as Float64Array;
    // The ridge is by the mean square of a unit about its mean, summed over rows.
    let squares = 0;
    for (let i = 0; i < 30; i++) {
      const column = Array.from({ length: 11 }, (_, t) => states[t * 30 + i]!);
      const middle = column.reduce((a, b) => a + b, 0) / 11;
      squares += column.reduce((a, b) => a + (b - middle) ** 2, 0);
    }
    const right = ridgeReadout(output, fromArray(targets.subarray(4), [11, 1], "float64"), {
      ridge: (0.01 * squares) / 30,
    });
    const [found, expected] = [onCpu(params.readout.W).toArray(), onCpu(right.W).toArray()];
    expect(Math.max(...found.map((w, i) => Math.abs(w - expected[i]!)))).toBeLessThan(1e-10);
    expect(onCpu(params.readout.b).item()).toBeCloseTo(onCpu(right.b).item(), 10);
  });

  it("reads its own outputs: a free run is a stream whose outputs are written into the series", async () => {
    const { setup, model, train } = made(setOf(60, (k, s) => clean(k, s) + (k % 5), 2));
    const learner = reservoirForecastLearner(model, setup);
    const { params } = (await learner.fit(train, { key: Key.of(1) }))!;
    const windows = train.filter((_, k) => k % 17 === 0);
    const frames = windows.map(({ series, origin }) => frameOf(setup, series, origin));
    const runs = await freeRun(model, params, setup, windows, frames, { horizon: 6 });
    for (const [w, { series, origin }] of windows.entries()) {
      const stream = model.stream(params);
      const frame = frames[w]!;
      const values = Float64Array.from(series.values.subarray(0, origin + 6));
      for (let step = frame.begin; step < origin + 5; step++) {
        const x = new Float32Array(forecastInputs(setup));
        writeStep(setup, series, frame, { values, step, ahead: null }, x, 0);
        const [output] = stream.step(x);
        if (step >= origin - 1) values[step + 1] = baseAt(setup, values, step + 1, 0) + frame.scale * output!;
      }
      stream.dispose();
      for (let h = 0; h < 6; h++) expect(runs[w]![h]).toBeCloseTo(values[origin + h]!, 8);
    }
  });

  it("goes on with what it has learned, at any scale, and draws the same for the same key", async () => {
    const { setup, model, train, valid } = made(setOf(90, clean, 3));
    const learner = reservoirForecastLearner(model, setup);
    const { params, details } = (await learner.fit(train, { key: Key.of(1) }))!;
    const { fit } = details as { fit: { ridge: number; tried: { ridge: number; error: number }[] } };
    expect(fit.tried.map(({ ridge }) => ridge)).toEqual([
      1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100,
    ]);
    const least = Math.min(...fit.tried.map(({ error }) => error));
    expect(fit.tried.find(({ ridge }) => ridge === fit.ridge)!.error).toBe(least);
    const found = (await learner.evaluate(params, valid))!;
    expect(found.measures.mae!).toBeLessThan(0.01 * found.measures.naiveMae!);
    const again = (await learner.fit(train, { key: Key.of(1) }))!;
    expect(onCpu(again.params.readout.W).toArray()).toEqual(onCpu(params.readout.W).toArray());
  });

  it("has quantiles as wide as free runs have missed before: those of a random walk grow with the root of the steps", async () => {
    const steps = onCpu(normal(Key.of(7), [400, 8], "float64")).toArray();
    const walks = Array.from({ length: 8 }, () => 100);
    const set = setOf(400, (k, s) => (walks[s] = walks[s]! + steps[8 * k + s]!), 8);
    const { setup, model, train } = made(set, { season: 1, scaling: "none", horizon: 9 }, 10);
    const learner = reservoirForecastLearner(model, setup, { ridge: 100 });
    const { params } = (await learner.fit(train, { key: Key.of(1) }))!;
    const [found] = await forecastSeries(model, params, setup, set.series, { levels: [0.1, 0.5, 0.9] });
    // Half of the width of 80 % of a Gaussian is 1.28.
    const half = found!.quantiles.map((at, h) => (at[2]! - at[0]!) / 2 / Math.sqrt(h + 1));
    for (const width of half) expect(Math.abs(width / 1.28 - 1)).toBeLessThan(0.25);
    expect(found!.quantiles.map((at) => at[1]!)).toEqual([...found!.median]);
  });

  it("does not look at what is known of the past only, from its first step ahead on; nor does a net that goes step by step", async () => {
    for (const distribution of [{ kind: "residual" }, { kind: "gaussian" }] as const) {
      const setWith = (later: number) => {
        const collector = collectSeries({ covariates: [{ name: "heat", role: "past" }] });
        for (let k = 0; k < 60; k++)
          collector.add({ target: clean(k), covariates: { heat: k < 54 ? k % 7 : later } }, k);
        return collector.finish();
      };
      const of = async (later: number) => {
        const set = setWith(later);
        const setup = forecastSetup(set, { horizon: 6, season: 6, way: "recursive", distribution }, [54]);
        const { train, valid } = forecastWindows(set.series, setup);
        expect(valid[0]!.origin).toBe(54);
        if (distribution.kind === "residual") {
          const learner = reservoirForecastLearner(reservoirForecastModel(setup, { hidden: 10 }), setup);
          const { params } = (await learner.fit(train, { key: Key.of(1) }))!;
          return (await learner.evaluate(params, valid))!.measures.mae;
        }
        const layer = recurrent(gru({ input: forecastInputs(setup), hidden: 4 }));
        const learner = forecastLearner(forecastModel(setup, { layer }), setup);
        const params = learner.init(Key.of(1));
        const W = fromArray(
          Float32Array.from({ length: 8 }, (_, k) => (k % 3) - 1),
          [4, 2],
        );
        return (await learner.evaluate({ ...params, readout: { ...params.readout, W } }, valid))!.measures
          .mae;
      };
      expect(await of(50)).toBe(await of(-50));
    }
  });

  it("says what cannot be", async () => {
    const { setup, model, train } = made(setOf(60, clean));
    expect(() => reservoirForecastLearner(model, setup, { washout: 24 })).toThrow(
      "reservoirForecastLearner: washout is 24, and windows read 24 steps before they forecast; wash out fewer, or make the context longer",
    );
    const short = train.filter(({ origin }) => origin < 10);
    await expect(
      reservoirForecastLearner(model, setup, { washout: 20 }).fit(short, { key: Key.of(1) }),
    ).rejects.toThrow("the washout is 20, and no window has a known value after it; wash out fewer steps");
    const { params } = (await reservoirForecastLearner(model, setup).fit(train, { key: Key.of(1) }))!;
    const [{ series }] = train as [(typeof train)[number]];
    await expect(forecastSeries(model, params, setup, [series], { horizon: 7 })).rejects.toThrow(
      "forecastSeries: horizon is 7, and how far free runs miss is known of 6 steps; ask for 6 or fewer, or fit with a longer horizon",
    );
    expect(() =>
      forecastSetup(setOf(60, clean), { horizon: 6, way: "direct", distribution: { kind: "residual" } }),
    ).toThrow("forecastSetup: way is direct, and quantiles of earlier errors lie about a free run");
    expect(
      await reservoirForecastLearner(model, setup).fit(train, { key: Key.of(1), signal: { aborted: true } }),
    ).toBe(null);
  });
});
