import { afterEach, describe, expect, it } from "vitest";
import { type AdaptiveOptions, adam, adaptiveClip, compose, onExplosion } from "../../src/optim/index.js";
import {
  fromArray,
  leafEntries,
  onCpu,
  scope,
  type Tensor,
  tensor,
  useExecutor,
} from "../../src/tensor/index.js";
import { asynchronous, dataOf } from "./explosions.js";
import { cosine, dispose, executor, item, norm, numbers, random } from "./trees.js";

afterEach(() => useExecutor(executor));

/** The threshold of each step by its definition: sorted lists in plain numbers. */
function thresholds(norms: readonly number[], options: AdaptiveOptions): number[] {
  const { quantile = 0.9, window = 100, after = Math.min(10, window), start = Infinity } = options;
  const seen: number[] = [];
  return norms.map((n) => {
    const last = seen.slice(-window).sort((a, b) => a - b);
    const v = last.length < after ? start : last[Math.ceil(quantile * last.length - 1e-9) - 1]!;
    if (Number.isFinite(n)) seen.push(n);
    return v > 0 ? v : Infinity;
  });
}

/** Runs gradients of given norms through a clipping; what each step did. */
function runs(norms: readonly number[], options: AdaptiveOptions, dtype: "float32" | "float64" = "float64") {
  const clip = adaptiveClip(options);
  const grad = (n: number) => ({
    a: fromArray([0.6 * n, 0], [2], dtype),
    b: fromArray([-0.8 * n], [], dtype),
  });
  let state = clip.init(grad(1));
  return norms.map((n) => {
    const step = clip.update(grad(n), state, grad(1));
    state = step.state;
    return { updates: numbers(step.updates), grads: numbers(grad(n)), state };
  });
}

/** Norms that scatter over a factor of 100, with repeats. */
const drawn = (seed: number, count: number) => {
  const next = random(seed);
  return Array.from(
    { length: count },
    (_, i) => (2 + (i % 3 === 0 ? Math.round(8 * next()) : 8 * next())) * 10 ** Math.floor(3 * next() - 1),
  );
};

describe("adaptiveClip", () => {
  for (const dtype of ["float32", "float64"] as const)
    for (const options of [
      {},
      { quantile: 0.5, window: 7, after: 3 },
      { quantile: 1, window: 5 },
      { quantile: 0.1, window: 30, after: 30, start: 2 },
      { quantile: 0.7, window: 10, after: 10 },
      { quantile: 0.01, window: 4, after: 1 },
      { quantile: 0.07, window: 100, after: 100 },
      { window: 1, after: 1 },
    ] as AdaptiveOptions[])
      it(`the threshold is the quantile of the norms before, the norm is at most that, the direction stays: ${JSON.stringify(options)}, ${dtype}`, () => {
        const norms = drawn(3, 150);
        const expected = thresholds(norms, options);
        const epsilon = dtype === "float32" ? 2 ** -23 : 2 ** -52;
        let clipped = 0;
        runs(norms, options, dtype).forEach(({ updates, grads, state }, i) => {
          const v = item(state.threshold);
          if (expected[i] === Infinity) expect(v).toBe(Infinity);
          else expect(Math.abs(v / expected[i]! - 1)).toBeLessThan(4 * epsilon);
          expect(norm(updates)).toBeLessThan(Math.min(v, norm(grads)) * (1 + 4 * epsilon));
          expect(cosine(grads, updates)).toBeGreaterThan(1 - 4 * epsilon);
          expect(item(state.normAfter) / norm(updates)).toBeCloseTo(1, 5);
          expect((item(state.factor) * norm(grads)) / norm(updates)).toBeCloseTo(1, 5);
          if (item(state.factor) < 1) clipped += 1;
        });
        expect(clipped).toBe(norms.filter((n, i) => n > expected[i]! * (1 + 8 * epsilon)).length);
      });

  it("norms that are not finite do not enter, nor does one beyond the type's range; the gradient is passed on", () => {
    const norms = [1, 2, NaN, Infinity, 3, 3e38 * 2, 4, 5];
    const found = runs(norms, { quantile: 1, window: 10, after: 1 }, "float64");
    expect(found.map(({ state }) => item(state.seen))).toEqual([1, 2, 2, 2, 3, 4, 5, 6]);
    expect(found[2]!.updates.some(Number.isNaN)).toBe(true);
    expect(found[3]!.updates[0]).toBe(Infinity);
    expect(item(found[3]!.state.factor)).toBe(1);
    expect(item(found[4]!.state.threshold)).toBe(2);
    // In float32 the elements of the sixth are finite, and its norm is not.
    const clip = adaptiveClip({ quantile: 1, window: 3, after: 1 });
    const params = tensor([0, 0]);
    const first = clip.update(tensor([3, 4]), clip.init(params), params);
    const { updates, state } = clip.update(tensor([3e38, 3e38]), first.state, params);
    expect(norm(numbers(updates))).toBeCloseTo(5, 5);
    expect([item(state.norm), item(state.seen)]).toEqual([Infinity, 1]);
  });

  it("the first steps go by the threshold at the start", () => {
    const found = runs([10, 10, 10, 10], { after: 3, start: 2 });
    expect(found.map(({ state }) => item(state.threshold))).toEqual([2, 2, 2, 10]);
    // Norms enter unclipped.
    expect(found[2]!.updates[0]).toBeCloseTo(1.2, 14);
  });

  it("a run of zero gradients does not close the door behind it", () => {
    const found = runs([0, 0, 0, 5, 5, 5], { quantile: 0.5, window: 3, after: 1 });
    expect(found.map(({ state }) => item(state.normAfter))).toEqual([0, 0, 0, 5, 5, 5]);
  });

  it("an explosion does not move the threshold by itself, and a window forgets", () => {
    const norms = [...Array(20).fill(1), 1e6, ...Array(5).fill(1), ...Array(30).fill(50)];
    const found = runs(norms, { quantile: 0.9, window: 20 }).map(({ state }) => item(state.threshold));
    expect(found.slice(10, 26).every((v) => v === 1)).toBe(true);
    expect(found.at(-1)).toBe(50);
  });

  it("saved and taken up again, the steps have the same bits", () => {
    const norms = drawn(9, 60);
    const clip = adaptiveClip({ quantile: 0.8, window: 12 });
    const g = (n: number) => tensor([0.6 * n, 0.8 * n]);
    const through = (list: readonly number[], state: ReturnType<typeof clip.init>) => {
      const all: number[][] = [];
      for (const n of list) {
        const step = clip.update(g(n), state, g(1));
        state = step.state;
        all.push(numbers([step.updates, state]));
      }
      return { all, state };
    };
    const whole = through(norms, clip.init(g(1)));
    const half = through(norms.slice(0, 31), clip.init(g(1)));
    const saved = Object.fromEntries(
      leafEntries(half.state).map(([path, t]) => [path, fromArray(onCpu(t).toArray(), t.shape, t.dtype)]),
    ) as unknown as typeof half.state;
    const rest = through(norms.slice(31), saved);
    expect([...half.all, ...rest.all]).toEqual(whole.all);
  });

  it("reads nothing back: an executor that can only be awaited gives the same bits", async () => {
    const trace = async () => {
      const clip = adaptiveClip({ quantile: 0.8, window: 6, after: 2 });
      const params = { w: tensor([0, 0]) };
      let state = clip.init(params);
      const rows: number[][] = [];
      for (const n of [3, 1, NaN, 9, 2, 7, 5, 100, 4]) {
        const step = clip.update({ w: tensor([n, -n]) }, state, params);
        state = step.state;
        rows.push(await dataOf([step.updates, state]));
      }
      return rows;
    };
    const atOnce = await trace();
    useExecutor(asynchronous);
    expect(await trace()).toEqual(atOnce);
  });

  it("takes over the norm that a guard around it knows, and leaves memory and programs as they were", () => {
    const optimiser = onExplosion(compose(adaptiveClip({ window: 5 }), adam()), { nonFinite: "skip" });
    let params = { w: tensor([1, 2]) };
    let state = optimiser.init(params);
    const inUse: number[] = [];
    for (let i = 0; i < 40; i++) {
      const next = scope(() => {
        const step = optimiser.update({ w: tensor([i, 1]) }, state, params);
        return { params: { w: tensor([1, 2]) as Tensor }, state: step.state };
      });
      dispose([params, state]);
      ({ params, state } = next);
      inUse.push(executor.statistics.bytesInUse);
    }
    expect(new Set(inUse.slice(2)).size).toBe(1);
    expect(item(state.inner[0].norm)).toBe(item(state.norm));
  });

  it("refuses settings that cannot be", () => {
    const cases: [AdaptiveOptions, string][] = [
      [{ quantile: 0 }, "adaptiveClip: quantile is a number in (0, 1], got 0"],
      [{ quantile: 90 }, "adaptiveClip: quantile is a number in (0, 1], got 90"],
      [{ window: 2.5 }, "adaptiveClip: window is a positive integer, got 2.5"],
      [{ after: 0 }, "after is a positive integer, got 0"],
      [
        { window: 5, after: 6 },
        "after is 6, the norms seen before the quantile counts, but the window holds 5; give at most as many",
      ],
      [{ start: 0 }, "adaptiveClip: start is a positive number, got 0"],
    ];
    for (const [options, message] of cases) expect(() => adaptiveClip(options)).toThrow(message);
  });
});
