import { describe, expect, it } from "vitest";
import {
  collectSeries,
  forecastSetup,
  forecastWeights,
  forecastWindows,
  heldOutOrigins,
  type SeriesRecord,
} from "../../../src/index.js";

function setOf(steps: number, more: (k: number) => Partial<SeriesRecord> = () => ({})) {
  const collector = collectSeries();
  for (let k = 0; k < steps; k++) collector.add({ target: k % 7, ...more(k) }, k);
  return collector.finish();
}

describe("parts of series by time", () => {
  const { series } = setOf(100);

  it("are what is learned from, what is held out, and what is tested by, one after the other", () => {
    expect(heldOutOrigins(series, 5, { valid: 0.1, test: 0.2 })[0]).toEqual({
      known: 70,
      origins: [70, 75],
      testOrigins: [80, 85, 90, 95],
    });
    expect(heldOutOrigins(series, 5, { valid: 0, test: 0.1, stride: 2 })[0]).toEqual({
      known: 91,
      origins: [],
      testOrigins: [91, 93, 95],
    });
    // At least a horizon each; and nothing where nothing would be left.
    expect(heldOutOrigins(series, 40, { valid: 0.1, test: 0.1 })[0]).toEqual({
      known: 100,
      origins: [],
      testOrigins: [],
    });
  });

  it("do not overlap", () => {
    const setup = forecastSetup(setOf(100), { horizon: 5 });
    const { train, valid, test, known } = forecastWindows(series, setup, { valid: 0.1, test: 0.2 });
    expect(known).toEqual([70]);
    expect(Math.max(...train.map(({ origin }) => origin + 5))).toBe(70);
    expect(valid.map(({ origin }) => origin)).toEqual([70, 75]);
    expect(test.map(({ origin }) => origin)).toEqual([80, 85, 90, 95]);
  });
});

describe("weights of windows", () => {
  it("are the mean over the known steps that are forecast", () => {
    const set = setOf(30, (k) => ({ weight: k, ...(k === 12 ? { target: null } : {}) }));
    const setup = forecastSetup(set, { horizon: 4 });
    const windows = [10, 20, 28].map((origin) => ({ series: set.series[0]!, origin }));
    expect([...forecastWeights(setup, windows)!]).toEqual([(10 + 11 + 13) / 3, 21.5, 28.5]);
  });

  it("are 1 where a record has none, and absent where none has one", () => {
    const some = setOf(20, (k) => (k < 10 ? {} : { weight: 3 }));
    const windows = [{ series: some.series[0]!, origin: 9 }];
    expect([...forecastWeights(forecastSetup(some, { horizon: 2 }), windows)!]).toEqual([2]);
    const none = setOf(20);
    expect(none.series[0]!.weights).toBe(undefined);
    expect(
      forecastWeights(forecastSetup(none, { horizon: 2 }), [{ series: none.series[0]!, origin: 9 }]),
    ).toBe(null);
  });

  it("are at least 0", () => {
    expect(() => setOf(3, () => ({ weight: -1 }))).toThrow(
      "its weight, if it has one, a number of at least 0",
    );
  });
});
