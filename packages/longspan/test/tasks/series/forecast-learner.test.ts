import { describe, expect, it } from "vitest";
import {
  adam,
  collectSeries,
  type ForecastSetupSettings,
  forecastInputs,
  forecastLearner,
  forecastModel,
  forecastSeries,
  forecastSetup,
  forecastTask,
  forecastWindows,
  fromArray,
  gru,
  heldOutOrigins,
  Key,
  recurrent,
  startTraining,
  train,
} from "../../../src/index.js";
import { packWindows } from "../../../src/tasks/series/pack-windows.js";

/** Series with a season of 4, a slope, and a covariate that shifts the next step. */
function made(series: number, steps: number, { missing = false } = {}) {
  const collector = collectSeries({ covariates: [{ name: "sale", role: "future" }] });
  for (let k = 0; k < steps; k++)
    for (let s = 0; s < series; s++) {
      const sale = (k * 7 + s * 3) % 5 === 0 ? 1 : 0;
      const value = (s + 1) * (10 + [0, 3, 1, -2][k % 4]! + 0.3 * k + 4 * sale);
      const target = missing && k % 11 === 6 ? null : value;
      collector.add({ id: `s${s}`, target, covariates: { sale } }, k);
    }
  return collector.finish();
}

function learning(settings: Partial<ForecastSetupSettings> = {}, set = made(3, 80)) {
  const held = heldOutOrigins(set.series, 4);
  const known = held.map((part) => part.known);
  const setup = forecastSetup(set, { horizon: 4, season: 4, ...settings }, known);
  const layer = recurrent(gru({ input: forecastInputs(setup), hidden: 12 }));
  const model = forecastModel(setup, { layer });
  return { set, setup, model, learner: forecastLearner(model, setup), ...forecastWindows(set.series, setup) };
}

describe("windows of series", () => {
  it("hold out the last share of each series, with origins a stride apart", () => {
    const { set, train: learned, valid, known } = learning();
    // 80 steps, of which 8 are held out: two forecasts of 4.
    expect(known).toEqual([72, 72, 72]);
    expect(valid.map(({ origin }) => origin)).toEqual([72, 76, 72, 76, 72, 76]);
    // What is learned from ends before the first held-out step, and begins where a season was seen.
    const origins = learned.filter(({ series }) => series === set.series[0]).map(({ origin }) => origin);
    expect([Math.min(...origins), Math.max(...origins), origins.length]).toEqual([4, 68, 65]);
    expect(heldOutOrigins(set.series, 4, { valid: 0.2, stride: 3 })[0]!.origins).toEqual([
      64, 67, 70, 73, 76,
    ]);
    expect(heldOutOrigins(set.series, 4, { valid: 0 })[0]).toEqual({
      known: 80,
      origins: [],
      testOrigins: [],
    });
  });

  it("become rows by their frame: values about the last season, by the deviation of what is read", () => {
    const collector = collectSeries();
    const values = [1, 2, 5, 4, 3, 7, null, 8, 7];
    values.forEach((target, k) => {
      collector.add({ target }, k);
    });
    const set = collector.finish();
    const setup = forecastSetup(set, { horizon: 2, context: 4, season: 2, base: "season" });
    const { x, targets, scored, structure } = packWindows(
      setup,
      [{ series: set.series[0]!, origin: 6 }],
      null,
    );
    // What is read: 5 4 3 7, of mean 4.75; the last season: 3 7, of mean 5, and with changes of -2 and 3, so 0.5 of growth.
    const scale = Math.sqrt((0.25 ** 2 + 0.75 ** 2 + 1.75 ** 2 + 2.25 ** 2) / 4);
    expect(structure.nodes).toBe(6);
    const width = forecastInputs(setup);
    const rows = Array.from({ length: 6 }, (_, t) => Array.from(x.subarray(t * width, t * width + 5)));
    const by = (value: number) => Math.fround(value / scale);
    expect(rows.map((row) => row.map((value) => Math.round(1e5 * value) / 1e5))).toEqual(
      [
        [0, by(4), 1, 0, by(0.5)],
        [by(-1), by(2), 1, 0, by(0.5)],
        [by(-2), by(-2), 1, 0, by(0.5)],
        [by(2), by(3), 1, 0, by(0.5)],
        // Ahead: the value a season before, and how far ahead.
        [by(-2), 0, 0, 0.5, by(0.5)],
        [by(2), 0, 0, 1, by(0.5)],
      ].map((row) => row.map((value) => Math.round(1e5 * value) / 1e5)),
    );
    // The first step ahead is missing: there is nothing to learn of it.
    expect([...scored]).toEqual([5]);
    expect(targets[0]).toBeCloseTo((8 - 7) / scale, 5);
  });
});

describe("a net that forecasts", () => {
  it("begins as the seasonal naive forecast", async () => {
    const { learner, valid } = learning({ base: "season" });
    const found = await learner.evaluate(learner.init(Key.of(1)), valid);
    expect(found!.measures.mae).toBeCloseTo(found!.measures.naiveMae!, 4);
    expect(found!.measures.mase).toBeCloseTo(found!.measures.naiveMase!, 4);
  });

  const ways: readonly (readonly [string, Partial<ForecastSetupSettings>, number])[] = [
    ["quantiles at once", {}, 150],
    ["Gaussians at once", { distribution: { kind: "gaussian" } }, 150],
    ["mixtures at once", { distribution: { kind: "mixture", components: 2 } }, 150],
    ["quantiles one by one", { way: "recursive" }, 150],
    [
      "Gaussians one by one",
      { way: "recursive", distribution: { kind: "gaussian" }, scaling: "series" },
      300,
    ],
  ];
  for (const [name, settings, steps] of ways)
    it(`learns more than repetition: ${name}`, async () => {
      const {
        learner,
        model,
        setup,
        train: learned,
        valid,
      } = learning(settings, made(3, 80, { missing: true }));
      const task = forecastTask(model, setup, learned, { key: Key.of(2), batch: 24 });
      const optimiser = adam({ learningRate: 0.01 });
      const start = startTraining(task, optimiser, model.init(Key.of(1)));
      const { state } = await train(task, start, { optimiser, budget: { steps }, key: Key.of(3) });
      const found = await learner.evaluate(state.params, valid);
      const { mae, naiveMae, crps, naiveCrps } = found!.measures;
      expect(mae! / naiveMae!).toBeLessThan(0.5);
      expect(crps! / naiveCrps!).toBeLessThan(0.6);
    });

  it("forecasts a series alone as beside others, with quantiles in order", async () => {
    for (const way of ["direct", "recursive"] as const) {
      const { set, setup, model } = learning({ way });
      const params = model.init(Key.of(4));
      // The readout starts from zero: give it something to say.
      const W = fromArray(
        Array.from({ length: 12 * 9 }, (_, i) => Math.sin(i)),
        [12, 9],
      );
      const noisy = { ...params, readout: { ...params.readout, W } };
      const future = withoutEnd(set.series, 4);
      const together = await forecastSeries(model, noisy, setup, future, {
        levels: [0.1, 0.5, 0.9],
        horizon: 3,
      });
      const [alone] = await forecastSeries(model, noisy, setup, [future[1]!], {
        levels: [0.1, 0.5, 0.9],
        horizon: 3,
      });
      expect(alone!.times).toEqual(["77", "78", "79"]);
      for (const [h, quantiles] of alone!.quantiles.entries()) {
        expect([...quantiles]).toEqual([...quantiles].sort((a, b) => a - b));
        for (const [k, value] of quantiles.entries())
          expect(value).toBeCloseTo(together[1]!.quantiles[h]![k]!, 3);
      }
    }
  });

  it("needs what is known of the future, and no more steps than it has", async () => {
    const { set, setup, model } = learning();
    const params = model.init(Key.of(1));
    await expect(forecastSeries(model, params, setup, set.series)).rejects.toThrow(
      'sale: "s0" has sale for 0 of the 4 steps ahead (steps counted one by one); add records with it, and with no target',
    );
    await expect(forecastSeries(model, params, setup, set.series, { horizon: 5 })).rejects.toThrow(
      "forecastSeries: horizon is 5, and the net forecasts 4 steps at once",
    );
  });
});

/** The last values taken away: what is known beside them stays. */
function withoutEnd(series: ReturnType<typeof made>["series"], steps: number) {
  return series.map((one) => ({
    ...one,
    values: one.values.map((value, t) => (t < one.values.length - steps ? value : Number.NaN)),
  }));
}
