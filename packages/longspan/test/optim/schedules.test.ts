import { describe, expect, it } from "vitest";
import {
  constantSchedule,
  cosineSchedule,
  heldFirst,
  inverseTimeSchedule,
  linearSchedule,
  momentumSchedule2013,
  plateauSchedule,
  type Schedule,
  stepSchedule,
  warmUp,
} from "../../src/optim/index.js";

const at = (schedule: Schedule, step: number, fraction = 0, validations: number[] = []) =>
  schedule({ step, fraction, validations });

describe("schedules of the budget", () => {
  it("linear falls straight to 0", () => {
    expect([0, 0.25, 0.5, 1].map((f) => at(linearSchedule(0.5), 0, f))).toEqual([0.5, 0.375, 0.25, 0]);
  });

  it("cosine falls from the peak to the floor, through their mean, and flat at both ends", () => {
    const schedule = cosineSchedule({ peak: 0.9, floor: 0.1 });
    for (const [fraction, rate] of [
      [0, 0.9],
      [1 / 3, 0.7],
      [0.5, 0.5],
      [2 / 3, 0.3],
      [1, 0.1],
    ] as const)
      expect(at(schedule, 0, fraction)).toBeCloseTo(rate, 14);
    expect(at(cosineSchedule({ peak: 0.9 }), 0, 1)).toBe(0);
  });
});

describe("schedules of the steps", () => {
  it("constant stays", () => {
    expect([0, 1, 1000].map((k) => at(constantSchedule(0.3), k, k / 1000))).toEqual([0.3, 0.3, 0.3]);
  });

  it("step halves every ten", () => {
    const schedule = stepSchedule({ rate: 1, factor: 0.5, every: 10 });
    expect([0, 9, 10, 19, 20, 35].map((k) => at(schedule, k))).toEqual([1, 1, 0.5, 0.5, 0.25, 0.125]);
  });

  it("inverse time falls as 1/t, and consecutive steps have about the same rate", () => {
    const schedule = inverseTimeSchedule({ rate: 1, decay: 0.5 });
    expect([0, 2, 6].map((k) => at(schedule, k))).toEqual([1, 0.5, 0.25]);
    expect(at(schedule, 1e6) * 1e6).toBeCloseTo(2, 5);
    expect(at(schedule, 1001) / at(schedule, 1000)).toBeGreaterThan(0.998);
  });

  it("a warm-up rises to any schedule and then follows it", () => {
    const schedule = warmUp(4, stepSchedule({ rate: 0.8, factor: 0.5, every: 6 }));
    expect([0, 1, 3, 4, 6].map((k) => at(schedule, k))).toEqual([0.2, 0.4, 0.8, 0.8, 0.4]);
    expect(at(warmUp(0, constantSchedule(0.4)), 0)).toBe(0.4);
    expect(at(warmUp(4, linearSchedule(0.4)), 1, 0.5)).toBe(0.1);
  });
});

describe("the momentum of 2013", () => {
  it("rises as 1 - 1/(2 n), n = 1, 2, ..., up to the largest", () => {
    const schedule = momentumSchedule2013({ most: 0.99 });
    for (const [step, mu] of [
      [0, 1 / 2],
      [249, 1 / 2],
      [250, 3 / 4],
      [500, 5 / 6],
      [999, 7 / 8],
      [1000, 0.9],
      [12_249, 1 - 0.5 / 49],
      [12_250, 0.99],
      [50_000, 0.99],
    ] as const)
      expect(at(schedule, step)).toBeCloseTo(mu, 15);
    // The paper's own form of it.
    for (const step of [0, 251, 777, 3000, 24_749])
      expect(at(momentumSchedule2013({ most: 0.999 }), step)).toBeCloseTo(
        Math.min(1 - 2 ** (-1 - Math.log2(Math.floor(step / 250) + 1)), 0.999),
        14,
      );
    expect([9, 10, 20].map((k) => at(momentumSchedule2013({ most: 0.8, every: 10 }), k))).toEqual([
      0.5, 0.75, 0.8,
    ]);
    expect(at(momentumSchedule2013({ most: 0 }), 0)).toBe(0);
  });

  it("of the recurrent nets is held first", () => {
    const schedule = heldFirst(1000, 0.9, constantSchedule(0.995));
    expect([0, 999, 1000, 49_999].map((k) => at(schedule, k))).toEqual([0.9, 0.9, 0.995, 0.995]);
    // The steps of what follows are counted from the beginning.
    expect(at(heldFirst(4, 0.5, stepSchedule({ rate: 1, factor: 0.5, every: 2 })), 4)).toBe(0.25);
  });

  it("refuses settings that make no sense", () => {
    expect(() => momentumSchedule2013({ most: 1 })).toThrow(
      "momentumSchedule2013: most is a number in [0, 1), got 1",
    );
    expect(() => momentumSchedule2013({ most: 0.9, every: 0 })).toThrow(
      "momentumSchedule2013: every is a positive integer, got 0",
    );
    expect(() => heldFirst(-1, 0.9, constantSchedule(0))).toThrow(
      "heldFirst: steps is an integer of at least 0, got -1",
    );
    expect(() => heldFirst(1, Number.NaN, constantSchedule(0))).toThrow(
      "heldFirst: value is a finite number of at least 0, got NaN",
    );
  });
});

describe("the plateau", () => {
  const schedule = plateauSchedule({ rate: 1, factor: 0.5, patience: 2, threshold: 0.1, floor: 0.2 });

  it("lowers the rate after so many validations in a row without enough improvement", () => {
    expect(at(schedule, 100)).toBe(1);
    expect(at(schedule, 100, 0, [3, 2])).toBe(1);
    expect(at(schedule, 100, 0, [3, 2, 1.95, 1.92])).toBe(0.5);
    // An improvement begins the count again.
    expect(at(schedule, 100, 0, [3, 2, 1.95, 1.8, 1.75])).toBe(1);
    // And so does a change of the rate; what counts is the lowest loss so far, not the one before.
    expect(at(schedule, 100, 0, [2, 5, 5, 4])).toBe(0.5);
    expect(at(schedule, 100, 0, [2, 5, 5, 4, 3])).toBe(0.25);
  });

  it("takes NaN for no improvement and stays above its floor", () => {
    expect(at(schedule, 0, 0, [2, Number.NaN, Number.NaN])).toBe(0.5);
    expect(
      at(
        schedule,
        0,
        0,
        Array.from({ length: 50 }, () => 1),
      ),
    ).toBe(0.2);
  });
});

it("impossible settings are refused", () => {
  const cases: [() => unknown, string][] = [
    [() => constantSchedule(-1), "constantSchedule: rate is a finite number of at least 0, got -1"],
    [() => linearSchedule(Number.NaN), "linearSchedule: peak is a finite number of at least 0, got NaN"],
    [() => cosineSchedule({ peak: 0.1, floor: 0.2 }), "floor is at most peak, got 0.2 and 0.1"],
    [
      () => stepSchedule({ rate: 1, factor: 1, every: 5 }),
      "stepSchedule: factor is a number in (0, 1), got 1",
    ],
    [
      () => stepSchedule({ rate: 1, factor: 0.5, every: 0 }),
      "stepSchedule: every is a positive integer, got 0",
    ],
    [() => inverseTimeSchedule({ rate: 1, decay: -2 }), "decay is a finite number of at least 0, got -2"],
    [() => plateauSchedule({ rate: 1, factor: 0.5, patience: 0 }), "patience is a positive integer"],
    [() => plateauSchedule({ rate: 1, factor: 0.5, patience: 1, threshold: -1 }), "threshold is"],
    [() => plateauSchedule({ rate: 1, factor: 0.5, patience: 1, floor: 2 }), "floor is at most rate"],
    [() => warmUp(0.5, constantSchedule(1)), "warmUp: steps is an integer of at least 0, got 0.5"],
  ];
  for (const [make, message] of cases) {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  }
});
