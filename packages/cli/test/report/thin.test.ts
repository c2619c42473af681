import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnOf, type Point, quantile, thin, trend } from "../../src/report/thin.js";

const values = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
    fc.constant(Number.NaN),
  ),
  { minLength: 100, maxLength: 1000 },
);
const curve = (ys: readonly number[]): Point[] => ys.map((value, i) => ({ step: i + 1, value }));

/** Lowest and highest finite value of each column. */
function extremes(points: readonly Point[], last: number, columns: number): Map<number, [number, number]> {
  const found = new Map<number, [number, number]>();
  for (const { step, value } of points) {
    if (!Number.isFinite(value)) continue;
    const column = columnOf(step, last, columns);
    const [low, high] = found.get(column) ?? [value, value];
    // Either zero may be the one that is kept.
    found.set(column, [Math.min(low, value) + 0, Math.max(high, value) + 0]);
  }
  return found;
}

describe("thin", () => {
  it("keeps the extremes of each column, in order, with at most five points each", () => {
    fc.assert(
      fc.property(values, (ys) => {
        const points = curve(ys);
        const kept = thin(points, ys.length, 20);
        expect(extremes(kept, ys.length, 20)).toEqual(extremes(points, ys.length, 20));
        expect(kept.length).toBeLessThanOrEqual(5 * 20);
        expect(kept.every((p, i) => i === 0 || p.step >= kept[i - 1]!.step)).toBe(true);
        const broken = (list: readonly Point[]) =>
          new Set(list.filter((p) => Number.isNaN(p.value)).map((p) => columnOf(p.step, ys.length, 20)));
        expect(broken(kept)).toEqual(broken(points));
      }),
    );
  });

  it("leaves a short curve as it is", () => {
    const points = curve([1, Number.NaN, 3]);
    expect(thin(points, 3, 20)).toBe(points);
  });

  it("of one column, keeps first, lowest, highest and last", () => {
    expect(thin(curve([5, 1, 4, 9, 4, 6]), 6, 1).map(({ value }) => value)).toEqual([5, 1, 9, 6]);
  });
});

describe("trend", () => {
  it("is the medians of equal parts, untouched by a spike", () => {
    const ys = Array.from({ length: 400 }, (_, i) => (i === 3 ? 1e9 : Math.floor(i / 8)));
    const points = trend(curve(ys))!;
    expect(points).toHaveLength(50);
    expect(points.map(({ value }) => value)).toEqual(Array.from({ length: 50 }, (_, k) => k));
    expect(points[0]!.step).toBe(4.5);
  });

  it("a short curve has none", () => {
    expect(trend(curve(Array.from({ length: 159 }, () => 1)))).toBeNull();
  });
});

it("quantile", () => {
  const points = curve([4, 1, 3, 2, 5]);
  expect([0, 0.5, 0.99, 1].map((q) => quantile(points, q))).toEqual([1, 3, 5, 5]);
});
