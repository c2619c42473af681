import { describe, expect, it } from "vitest";
import { fromArray } from "../../../src/index.js";
import { forecastOutput } from "../../../src/tasks/series/forecast-output.js";
import { forecastErrors, naiveScale, seasonalNaive } from "../../../src/tasks/series/index.js";
import { normalArea, normalQuantile } from "../../../src/tasks/series/normal-quantile.js";
import { naiveQuantiles } from "../../../src/tasks/series/seasonal-naive.js";

describe("errors of forecasts", () => {
  it("are those of a calculation by hand", () => {
    const errors = forecastErrors({ actual: [10, Number.NaN, 20, 0], forecast: [12, 1, 16, 0], scale: 2 });
    expect(errors.mae).toBeCloseTo(2, 12);
    expect(errors.rmse).toBeCloseTo(Math.sqrt(20 / 3), 12);
    expect(errors.mase).toBeCloseTo(1, 12);
    expect(errors.smape).toBeCloseTo((200 * (2 / 22 + 4 / 36)) / 3, 12);
    expect(errors.crps).toBe(errors.mae);
  });

  it("have a CRPS that comes to that of a Gaussian, sigma (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt pi), with many levels", () => {
    const levels = Array.from({ length: 999 }, (_, k) => (k + 1) / 1000);
    for (const z of [-1.5, 0, 0.7]) {
      const quantiles = [levels.map((q) => 3 + 2 * normalQuantile(q))];
      const { crps } = forecastErrors({ actual: [3 + 2 * z], forecast: [3], quantiles, levels });
      const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
      const exact = 2 * (z * (2 * normalArea(z) - 1) + 2 * density - 1 / Math.sqrt(Math.PI));
      expect(crps).toBeCloseTo(exact, 2);
    }
  });

  it("are refused where steps or quantiles do not fit", () => {
    expect(() => forecastErrors({ actual: [1, 2], forecast: [1] })).toThrow(
      "forecastErrors: actual has 2 steps and forecast 1; give as many",
    );
    expect(() => forecastErrors({ actual: [1], forecast: [1], quantiles: [[1, 2]], levels: [0.5] })).toThrow(
      "forecastErrors: there are 1 levels and 2 quantiles; give one for each",
    );
  });
});

describe("the seasonal naive forecast", () => {
  it("repeats the last season, and reaches back where values are missing", () => {
    const { forecast, deviation } = seasonalNaive([1, 2, 3, 4, Number.NaN, 6], 3, 5);
    expect([...forecast]).toEqual([4, 2, 6, 4, 2]);
    // Changes within a season: 3 and 3.
    expect([...deviation]).toEqual([3, 3, 3, 3 * Math.SQRT2, 3 * Math.SQRT2]);
    expect([...seasonalNaive([5, 7, Number.NaN], 1, 2).forecast]).toEqual([7, 7]);
    // No season before: the last known value, were it the first of all.
    expect([...seasonalNaive([7, Number.NaN, Number.NaN], 5, 1).forecast]).toEqual([7]);
    expect([...seasonalNaive([3, 7, 9], 5, 2).forecast]).toEqual([9, 9]);
    expect(seasonalNaive([Number.NaN], 1, 1).forecast[0]).toBeNaN();
    expect(naiveScale([1, 2, Number.NaN, 7, 8], 1)).toBe(1);
    expect(naiveScale([1, 2], 3)).toBeNaN();
  });
});

it("quantiles of a seasonal naive forecast are those of a Gaussian of its deviation, and the forecast itself where that is not known", () => {
  const naive = { forecast: Float64Array.of(1, 10), deviation: Float64Array.of(Number.NaN, 2) };
  expect(naiveQuantiles(naive, 0, [0.1, 0.9])).toEqual([1, 1]);
  const [low, middle, high] = naiveQuantiles(naive, 1, [0.025, 0.5, 0.975]);
  expect(low).toBeCloseTo(10 - 2 * 1.959963984540054, 7);
  expect(middle).toBeCloseTo(10, 7);
  expect(high).toBeCloseTo(10 + 2 * 1.959963984540054, 7);
});

describe("output distributions", () => {
  it("have the quantiles of a Gaussian, and of a mixture of two", () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 8);
    expect(normalQuantile(0.01)).toBeCloseTo(-2.3263478740408408, 8);
    const gaussian = forecastOutput({ kind: "gaussian" }).quantile([0, 3, Math.log(4)], 1);
    expect(gaussian(0.975)).toBeCloseTo(3 + 2 * 1.959963984540054, 6);
    const mixture = forecastOutput({ kind: "mixture", components: 2 });
    const same = mixture.quantile([0.3, -2, 1, 1, 0, 0], 0);
    expect(same(0.9)).toBeCloseTo(1 + normalQuantile(0.9), 5);
    // Half at -5, half at 5: a quarter of the area lies left of the first one's middle.
    const two = mixture.quantile([0, 0, -5, 5, -1, -1], 0);
    expect(two(0.25)).toBeCloseTo(-5, 4);
    expect(two(0.75)).toBeCloseTo(5, 4);
  });

  it("of quantiles have the pinball loss, sort what crosses, and go on beyond the last", async () => {
    const { lossPerRow, quantile } = forecastOutput({ kind: "quantile", levels: [0.1, 0.5, 0.9] });
    const outputs = [1, 2, 4];
    const loss = lossPerRow(fromArray(outputs, [1, 3], "float64"), fromArray([3], [1, 1], "float64"));
    const found = await (loss as unknown as { data(): Promise<ArrayLike<number>> }).data();
    expect(found[0]).toBeCloseTo((2 * (0.1 * 2 + 0.5 * 1 + 0.1 * 1)) / 3, 12);
    const at = quantile([4, 2, 1], 0);
    expect([at(0.1), at(0.5), at(0.9)].map((x) => Math.round(1e9 * x) / 1e9)).toEqual([1, 2, 4]);
    expect(at(0.975)).toBeCloseTo(2 + (2 * normalQuantile(0.975)) / normalQuantile(0.9), 9);
  });
});
