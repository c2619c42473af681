import { describe, expect, test } from "vitest";

interface Comparison {
  readonly ratio: number;
  readonly interval: readonly [number, number];
  readonly verdict: string;
}

// A program of `reproductions`, which are outside what TypeScript checks.
const { compare, median, together } = (await import(
  new URL("../reproductions/clipping-study/verdict.mjs", import.meta.url).href
)) as {
  compare(a: number[], b: number[]): Comparison;
  median(values: number[]): number;
  together(verdicts: string[]): string;
};

/** Twenty runs around a number of updates. */
const around = (middle: number, spread: number) =>
  Array.from({ length: 20 }, (_, i) => middle * (1 + (spread * (i - 9.5)) / 9.5));

const none = new Array<number>(20).fill(Number.POSITIVE_INFINITY);

describe("the verdict of the clipping study", () => {
  test("two methods of the same speed are alike, and the interval holds their ratio", () => {
    const { ratio, interval, verdict } = compare(around(1100, 0.2), around(1000, 0.2));
    expect(ratio).toBeCloseTo(1.1, 10);
    expect(interval[0]).toBeLessThan(1.1);
    expect(interval[1]).toBeGreaterThan(1.1);
    expect(interval[1]).toBeLessThan(1.5);
    expect(verdict).toBe("alike");
  });

  test("three times as slow is different, from both sides", () => {
    expect(compare(around(3000, 0.2), around(1000, 0.2))).toMatchObject({ ratio: 3, verdict: "different" });
    expect(compare(around(1000, 0.2), around(3000, 0.2)).verdict).toBe("different");
  });

  test("too much spread leaves it undecided, and so does a ratio at the margin", () => {
    expect(compare(around(1000, 0.95), around(1000, 0.95)).verdict).toBe("undecided");
    expect(compare(around(1500, 0.3), around(1000, 0.3)).verdict).toBe("undecided");
  });

  test("a method that never succeeds differs from one that does; of two that never do, nothing is known", () => {
    expect(compare(none, around(1000, 0.2))).toMatchObject({
      ratio: Number.POSITIVE_INFINITY,
      verdict: "different",
    });
    expect(compare(none, none)).toMatchObject({ ratio: Number.NaN, verdict: "undecided" });
    expect(compare([...none.slice(10), ...around(1000, 0.2).slice(10)], none).verdict).toBe("undecided");
  });

  test("medians count runs without success as the slowest", () => {
    expect(median([3, Number.POSITIVE_INFINITY, 1])).toBe(3);
    expect(median([1, 2, 4, 8])).toBe(3);
  });

  test("together they are alike if all are, different if one is", () => {
    expect(together(["alike", "alike"])).toBe("alike");
    expect(together(["alike", "undecided"])).toBe("undecided");
    expect(together(["alike", "undecided", "different"])).toBe("different");
    expect(together([])).toBe("undecided");
  });
});

describe("the setting of a method in the clipping study", () => {
  interface Run {
    readonly rate: number;
    readonly threshold: number;
    readonly seed: number;
    readonly solved: boolean;
    readonly updates: number;
  }
  const runs = (list: Omit<Run, "seed">[]) =>
    list.flatMap((run) => [101, 102].map((seed) => ({ task: "adding", method: "joint", seed, ...run })));

  test("is the one whose tuning runs took the fewest updates", async () => {
    const { best } = await settings();
    const tried = runs([
      { rate: 0.1, threshold: 1, solved: true, updates: 900 },
      { rate: 0.3, threshold: 1, solved: true, updates: 800 },
      { rate: 0.3, threshold: 3, solved: false, updates: 4000 },
    ]);
    expect(best(tried, "adding", "joint")).toEqual({ rate: 0.3, threshold: 1 });
  });

  test("is not chosen where no tuning run had a success", async () => {
    const { best } = await settings();
    const tried = runs([{ rate: 0.1, threshold: 1, solved: false, updates: 4000 }]);
    expect(best(tried, "adding", "joint")).toBeNull();
  });

  async function settings() {
    return (await import(new URL("../reproductions/clipping-study/summary.mjs", import.meta.url).href)) as {
      best(results: unknown[], task: string, method: string): unknown;
    };
  }
});
