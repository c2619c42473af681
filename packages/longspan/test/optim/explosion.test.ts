import { afterEach, describe, expect, it } from "vitest";
import {
  adam,
  applyUpdates,
  averageParameters,
  clipByJointNorm,
  clipByValue,
  compose,
  type ExplosionAction,
  type ExplosionPolicy,
  explosionCodes,
  jointNorm,
  momentum,
  onExplosion,
  rmsProp,
  sgd,
  type Transform,
} from "../../src/optim/index.js";
import { fromArray, Key, leafEntries, tensor, useExecutor, zeros } from "../../src/tensor/index.js";
import { asynchronous, dataOf, good, planted, start } from "./explosions.js";
import { executor, item, norm, numbers } from "./trees.js";

afterEach(() => useExecutor(executor));

const key = Key.of(5);
const none = [0, 0, 0, 0, 0, 0, 0];
const actions = ["random", "skip", "stop"] as const;
const rules: Record<string, Transform<unknown>> = {
  sgd: sgd({ learningRate: 0.1 }),
  momentum: momentum({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  adam: adam({ learningRate: 0.1 }),
  rmsProp: rmsProp({ learningRate: 0.1, centred: true, momentum: 0.5 }),
  "clipping and adam": compose(clipByValue(2), clipByJointNorm(1), adam({ learningRate: 0.1 })),
  averages: averageParameters(adam({ learningRate: 0.1 }), { decay: 0.9 }),
};
const settings = (step: number) => ({ learningRate: 0.25, key: key.fold(step) });
const counts = (state: Record<"taken" | "randomSteps" | "skipped" | "stopped" | "lastAction", unknown>) =>
  dataOf([state.taken, state.randomSteps, state.skipped, state.stopped, state.lastAction]);

/** What a step must have done in place of the inner one. v is 2 wherever a step is random. */
async function expectAction(action: ExplosionAction, updates: unknown) {
  const u = await dataOf(updates);
  if (action === "random") expect(norm(u)).toBeCloseTo(0.5, 6);
  else expect(u).toEqual(none);
}

describe.each([
  ["at once", executor],
  ["asynchronously only", asynchronous],
] as const)("on an executor that is read %s", (_, chosen) => {
  for (const action of actions)
    for (const [name, rule] of Object.entries(rules))
      it(`${action}, ${name}: NaN or Inf touches neither state nor parameters, and later steps are as if it had not been`, async () => {
        useExecutor(chosen);
        const guarded = onExplosion(rule, { nonFinite: action, randomNorm: 2 });
        for (const grads of planted()) {
          const params = start();
          const first = guarded.update(good(), guarded.init(params), params, settings(0));
          const p1 = applyUpdates(params, first.updates);
          expect(await counts(first.state)).toEqual([1, 0, 0, 0, 0]);
          expect((await dataOf(first.state.norm))[0]).toBeCloseTo(norm(await dataOf(good())), 5);

          const second = guarded.update(grads, first.state, p1, settings(1));
          await expectAction(action, second.updates);
          expect(await dataOf(second.state.inner)).toEqual(await dataOf(first.state.inner));
          expect((await dataOf(second.state.norm)).some(Number.isFinite)).toBe(false);
          const p2 = applyUpdates(p1, second.updates);
          expect((await dataOf(p2)).every(Number.isFinite)).toBe(true);
          const expected = { random: [1, 1, 0, 0, 1], skip: [1, 0, 1, 0, 2], stop: [1, 0, 0, 1, 3] };
          expect(await counts(second.state)).toEqual(expected[action]);

          const third = guarded.update(good(), second.state, p2, settings(2));
          if (action === "stop") {
            expect(await dataOf(third.updates)).toEqual(none);
            // Frozen, the norm included.
            expect(await dataOf(third.state)).toEqual(await dataOf(second.state));
            continue;
          }
          const asIf = rule.update(good(), first.state.inner, p2, settings(2));
          expect(await dataOf(third.updates)).toEqual(await dataOf(asIf.updates));
          expect(await dataOf(third.state.inner)).toEqual(await dataOf(asIf.state));
          expect((await counts(third.state))[0]).toBe(2);
          expect((await counts(third.state))[4]).toBe(explosionCodes.none);
        }
      });

  for (const action of actions)
    it(`${action}: a finite norm above the threshold, before any clipping`, async () => {
      useExecutor(chosen);
      const rule = compose(clipByJointNorm(1), adam({ learningRate: 0.1 }));
      const guarded = onExplosion(rule, { nonFinite: "skip", above: { norm: 50, action }, randomNorm: 2 });
      const params = { a: tensor([1, 2, 3, 4, 5, 6]), b: tensor(7) };
      const grads = (size: number) => ({ a: tensor([0, 0.6 * size, 0, 0, 0, 0]), b: tensor(0.8 * size) });
      const below = guarded.update(grads(49), guarded.init(params), params, settings(0));
      expect(await counts(below.state)).toEqual([1, 0, 0, 0, 0]);
      // The last one has finite elements and a norm beyond float32.
      for (const size of [51, 1e30, 4.2e38]) {
        const { updates, state } = guarded.update(grads(size), below.state, params, settings(1));
        await expectAction(action, updates);
        expect((await counts(state))[4]).toBe(explosionCodes[action]);
        expect(await dataOf(state.inner)).toEqual(await dataOf(below.state.inner));
        if (size < 1e38) expect((await dataOf(state.norm))[0]! / size).toBeCloseTo(1, 6);
      }
      const nan = guarded.update(grads(Number.NaN), below.state, params, settings(1));
      expect((await counts(nan.state))[4]).toBe(explosionCodes.skip);
    });

  it("an update that overflows although the gradient is finite counts as not finite", async () => {
    useExecutor(chosen);
    const guarded = onExplosion(sgd({ learningRate: 1e10 }), { nonFinite: "skip" });
    const params = tensor([1]);
    const { updates, state } = guarded.update(tensor([1e30]), guarded.init(params), params);
    expect(await dataOf(updates)).toEqual([0]);
    expect(await counts(state)).toEqual([0, 0, 1, 0, 2]);
  });

  it("a random step that the parameters' type cannot hold is skipped", async () => {
    useExecutor(chosen);
    const guarded = onExplosion(rules.adam!, { nonFinite: "random", randomNorm: 1e30 });
    const params = start();
    for (const learningRate of [1e10, tensor(Number.POSITIVE_INFINITY), tensor(Number.NaN)]) {
      const step = guarded.update(planted()[0]!, guarded.init(params), params, { learningRate, key });
      expect(await dataOf(step.updates)).toEqual(none);
      expect(await counts(step.state)).toEqual([0, 0, 1, 0, 2]);
    }
  });

  it("integer parameters stay as they are", async () => {
    useExecutor(chosen);
    const params = { w: tensor([1, 2]), table: tensor([3, 4], "int32"), name: "net" };
    const grads = { ...params, w: tensor([1, Number.NaN]), table: tensor([0, 0], "int32") };
    for (const nonFinite of actions) {
      const guarded = onExplosion(rules.adam!, { nonFinite, randomNorm: 1 });
      const { updates } = guarded.update(grads, guarded.init(params), params, settings(0));
      expect(await dataOf(updates.table)).toEqual([0, 0]);
      expect([updates.table.dtype, updates.name]).toEqual(["int32", "net"]);
    }
  });
});

/** 30 steps with bad gradients among them; the state after each. */
async function trace(policy: ExplosionPolicy): Promise<number[][]> {
  const guarded = onExplosion(rules["clipping and adam"]!, policy);
  const bad = planted();
  let params = start();
  let state = guarded.init(params);
  const rows: number[][] = [];
  for (let step = 0; step < 30; step++) {
    const grads = step % 7 === 3 ? bad[step % 9]! : good();
    const next = guarded.update(grads, state, params, settings(step));
    params = applyUpdates(params, next.updates);
    state = next.state;
    rows.push([...(await dataOf(params)), ...(await dataOf(state))]);
  }
  return rows;
}

it("both kinds of executor give the same bits", async () => {
  for (const nonFinite of actions)
    for (const above of [
      undefined,
      { norm: 4, action: "skip" as const },
      { norm: 1e3, action: "random" as const },
    ]) {
      const policy = { nonFinite, randomNorm: 2, ...(above ? { above } : {}) };
      useExecutor(executor);
      const atOnce = await trace(policy);
      useExecutor(asynchronous);
      expect(await trace(policy)).toEqual(atOnce);
    }
});

describe("the state", () => {
  it("has one form for every policy", () => {
    const paths = (policy: ExplosionPolicy) =>
      leafEntries(onExplosion(rules.adam!, policy).init(start())).map(([path]) => path);
    const first = paths({ nonFinite: "skip" });
    expect(first.slice(-6)).toEqual(["taken", "stopped", "randomSteps", "skipped", "lastAction", "norm"]);
    expect(paths({ nonFinite: "random", randomNorm: 1 })).toEqual(first);
    expect(paths({ nonFinite: "stop", above: { norm: 1, action: "random" } })).toEqual(first);
  });

  it("the counts give the number of the step that stopped", () => {
    const guarded = onExplosion(rules.sgd!, {
      nonFinite: "random",
      randomNorm: 1,
      above: { norm: 1e3, action: "stop" },
    });
    const params = start();
    let state = guarded.init(params);
    const huge = { cell: { U: zeros([2, 2]), b: zeros([2]) }, c: tensor(1e6) };
    for (const [step, grads] of [good(), planted()[0]!, good(), planted()[4]!, huge, good()].entries())
      state = guarded.update(grads, state, params, settings(step)).state;
    expect(item(state.stopped)).toBe(1);
    expect(item(state.taken) + item(state.randomSteps) + item(state.skipped)).toBe(4);
    expect(item(state.norm)).toBe(1e6);
  });

  it("may be taken up under another policy: one without stop goes on", () => {
    const stop = onExplosion(rules.adam!, { nonFinite: "stop" });
    const skip = onExplosion(rules.adam!, { nonFinite: "skip" });
    const params = start();
    const first = stop.update(good(), stop.init(params), params);
    const stopped = stop.update(planted()[0]!, first.state, params);
    const on = skip.update(good(), stopped.state, params);
    expect(numbers(on.updates)).toEqual(numbers(stop.update(good(), first.state, params).updates));
    expect([item(on.state.stopped), item(on.state.taken), item(on.state.lastAction)]).toEqual([0, 2, 0]);
    expect(item(on.state.norm)).toBeCloseTo(norm(numbers(good())), 5);
  });
});

describe("a random step", () => {
  /** Two leaves of three elements and one of two. */
  const params = {
    a: zeros([3], "float64"),
    b: { c: zeros([3, 1], "float64"), d: zeros([2], "float32") },
  };
  const bad = { a: fromArray([Number.NaN, 0, 0], [3], "float64"), b: params.b };
  const draw = (step: number) => {
    const guarded = onExplosion(sgd({ learningRate: 1 }), { nonFinite: "random", randomNorm: 1 });
    const { updates } = guarded.update(bad, guarded.init(params), params, {
      learningRate: 1,
      key: key.fold(step),
    });
    return numbers(updates);
  };

  it("has a direction that is uniform over all parameters jointly, another one at each step", () => {
    const n = 8;
    const count = 2000;
    const draws = Array.from({ length: count }, (_, step) => draw(step));
    const mean = (f: (u: number[], step: number) => number) =>
      draws.reduce((s, u, k) => s + f(u, k), 0) / count;
    // Five standard deviations of a mean of `count` values, each of the given variance.
    const within = (variance: number) => 5 * Math.sqrt(variance / count);
    const [second, fourth, sixth] = [1 / n, 3 / (n * (n + 2)), 15 / (n * (n + 2) * (n + 4))];
    const eighth = (7 * sixth) / (n + 6);
    for (let i = 0; i < n; i++) {
      expect(Math.abs(mean((u) => u[i]!)), `mean of ${i}`).toBeLessThan(within(second));
      expect(Math.abs(mean((u) => u[i]! ** 4) - fourth), `fourth moment of ${i}`).toBeLessThan(
        within(eighth - fourth ** 2),
      );
      for (let j = 0; j < n; j++) {
        const [expected, variance] = i === j ? [second, fourth - second ** 2] : [0, fourth / 3];
        expect(Math.abs(mean((u) => u[i]! * u[j]!) - expected), `${i} with ${j}`).toBeLessThan(
          within(variance),
        );
        const later = mean((u, k) => u[i]! * draws[(k + 1) % count]![j]!);
        expect(Math.abs(later), `${i} with ${j} of the next step`).toBeLessThan(within(second ** 2));
      }
    }
    // The share of the first leaf varies: the leaves are not normalised one by one. Beta(3/2, 5/2).
    const share = (u: number[]) => u[0]! ** 2 + u[1]! ** 2 + u[2]! ** 2;
    expect(Math.abs(mean((u) => (share(u) - 3 / n) ** 2) - 15 / 4 / (16 * 5))).toBeLessThan(0.005);
  });

  it("is a function of the key", () => {
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });

  for (const [dtype, sizes, tolerance] of [
    ["float32", [1e-30, 1e-3, 1, 1e30, 1e38], 1e-6],
    ["float64", [1e-300, 1e-3, 1, 1e300], 1e-12],
  ] as const)
    it(`has exactly the length learning rate times v, whatever the scale: ${dtype}`, () => {
      for (const size of [1, 2, 5000])
        for (const v of sizes) {
          const w = zeros([size], dtype);
          const guarded = onExplosion(sgd({ learningRate: 1 }), { nonFinite: "random", randomNorm: v });
          const grads = fromArray(Array(size).fill(Number.NaN), [size], dtype);
          const { updates } = guarded.update(grads, guarded.init(w), w, { learningRate: 0.5, key });
          expect(Math.abs(norm(numbers(updates)) / (0.5 * v) - 1)).toBeLessThan(tolerance);
        }
    });

  it("has the norm of the threshold unless another is given, and the policy's learning rate unless the step has one", () => {
    const length = (policy: ExplosionPolicy, learningRate?: number) => {
      const guarded = onExplosion(adam(), policy);
      const step = guarded.update(bad, guarded.init(params), params, {
        key,
        ...(learningRate === undefined ? {} : { learningRate }),
      });
      return norm(numbers(step.updates));
    };
    const above = { norm: 4, action: "random" } as const;
    expect(length({ nonFinite: "random", above }, 0.5)).toBeCloseTo(2, 6);
    expect(length({ nonFinite: "random", above, randomNorm: 3 }, 0.5)).toBeCloseTo(1.5, 6);
    expect(length({ nonFinite: "random", above, learningRate: 0.25 })).toBeCloseTo(1, 6);
    expect(length({ nonFinite: "random", above, learningRate: 0.25 }, 0.5)).toBeCloseTo(2, 6);
  });

  it("asks for what it needs", () => {
    const guarded = onExplosion(adam(), { nonFinite: "random", randomNorm: 1 });
    const state = guarded.init(params);
    // Also while nothing explodes: the first step tells, not the first explosion.
    expect(() => guarded.update(params, state, params, { learningRate: 1 })).toThrow(
      "onExplosion: a random step needs a key; give one in the settings of each step",
    );
    expect(() => guarded.update(params, state, params, { key })).toThrow(
      "onExplosion: a random step needs a learning rate; give one in the settings of the step or in the policy",
    );
    expect(() => onExplosion(adam(), { nonFinite: "skip" }).update(params, state, params)).not.toThrow();
  });
});

it("a policy that cannot be is refused", () => {
  const cases: [ExplosionPolicy, string][] = [
    [
      { nonFinite: "random" },
      "a random step needs a norm to put in place of the gradient's; give randomNorm",
    ],
    [{ nonFinite: "ignore" as "skip" }, 'onExplosion: nonFinite is one of random, skip, stop, got "ignore"'],
    [{ nonFinite: "none" as "skip" }, 'nonFinite is one of random, skip, stop, got "none"'],
    [{ nonFinite: "skip", above: { norm: 0, action: "skip" } }, "is a positive number, got 0"],
    [{ nonFinite: "random", randomNorm: -1 }, "randomNorm is a positive number, got -1"],
    [{ nonFinite: "random", randomNorm: 1, learningRate: -1 }, "learningRate is a finite number"],
    [
      { nonFinite: "random", above: { norm: Number.POSITIVE_INFINITY, action: "skip" } },
      "the norm of a random step is finite, got Infinity",
    ],
  ];
  for (const [policy, message] of cases) expect(() => onExplosion(adam(), policy)).toThrow(message);
});

describe("what the guard costs where nothing explodes", () => {
  const params = { a: zeros([40]), b: zeros([3, 5]) };
  const runs = (t: Transform<unknown>) => {
    const state = t.init(params);
    const before = executor.statistics.executions;
    t.update(params, state, params, settings(0));
    return executor.statistics.executions - before;
  };
  const clipped = compose(clipByJointNorm(1), adam());

  it("the norm is worked out once, for the guard and for a clipping at the head of the chain", () => {
    const before = executor.statistics.executions;
    jointNorm(params);
    const norm = executor.statistics.executions - before;
    const stop = (t: Transform<unknown>) => onExplosion(t, { nonFinite: "stop" });
    const alone = runs(stop(adam())) - runs(adam());
    expect(runs(stop(clipped)) - runs(clipped)).toBe(alone - norm);
  });

  it("no random numbers are drawn and nothing is selected", () => {
    const skip = runs(onExplosion(clipped, { nonFinite: "skip" }));
    // A few scalars more: the length of the random step must be a number.
    expect(runs(onExplosion(clipped, { nonFinite: "random", randomNorm: 1 })) - skip).toBeLessThan(12);
  });
});
