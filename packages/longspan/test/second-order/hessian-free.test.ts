import {
  add,
  applyUpdates,
  chain,
  compose,
  crossEntropyMean,
  defaultExecutor,
  fromArray,
  type HessianFreeState,
  hessianFree,
  Key,
  leaves,
  lstm,
  markModelOutputs,
  matmul,
  meanSquaredErrorMean,
  mul,
  normal,
  type Objective,
  type ObjectiveSetting,
  onCpu,
  onExplosion,
  rnn,
  scope,
  sgd,
  square,
  sub,
  sum,
  type Tensor,
  type Transform,
  tensor,
  unfold,
  useExecutor,
  type Value,
  valueAndGrad,
  zeros,
} from "longspan";
import { describe, expect, it } from "vitest";
import { asynchronous } from "../optim/explosions.js";

const item = (v: unknown) => onCpu(v as Tensor).item();
const list = (tree: unknown) => leaves(tree).flatMap((v) => [...onCpu(v).toArray()]);

type Objectives<P> = { loss: (p: P) => Value } & Omit<Objective, "loss">;

/** Updates, and the losses before each of them. */
function run<P>(
  optimiser: Transform<HessianFreeState, ObjectiveSetting>,
  objective: Objectives<P>,
  start: P,
  updates: number,
): { params: P; state: HessianFreeState; losses: number[]; states: HessianFreeState[] } {
  let [params, state] = [start, optimiser.init(start)];
  const losses: number[] = [];
  const states: HessianFreeState[] = [];
  for (let k = 0; k < updates; k++) {
    const { value, grads } = valueAndGrad(objective.loss)(params as never);
    const step = optimiser.update(grads as unknown as P, state, params, {
      objective: objective as Objective,
      key: Key.of(9).fold(k),
    });
    losses.push(item(value));
    params = applyUpdates(params, step.updates);
    state = step.state;
    states.push(state);
  }
  return { params, state, losses, states };
}

const figure = (state: HessianFreeState, name: keyof HessianFreeState["last"]) => item(state.last[name]);

describe("hessianFree", () => {
  const x = normal(Key.of(1), [60, 5], "float64");
  const noise = normal(Key.of(2), [60], "float64");

  it("takes one step to the minimum of a least-squares problem without damping to speak of", () => {
    const y = normal(Key.of(3), [60, 2], "float64");
    const loss = (p: { w: Value }) => meanSquaredErrorMean(matmul(x, p.w), y);
    const optimiser = hessianFree({ damping: 1e-12, progress: 0, maxSteps: 40 });
    const { params } = run(optimiser, { loss }, { w: zeros([5, 2], "float64") }, 1);
    const { grads } = valueAndGrad(loss)(params);
    for (const g of list(grads)) expect(Math.abs(g)).toBeLessThan(1e-10);
  });

  it("solves a softmax regression in a few updates, where as many steps of gradient descent do not", () => {
    const classes = fromArray(
      list(noise).map((v) => (v > 0.4 ? 2 : v < -0.4 ? 0 : 1)),
      [60],
      "int32",
    );
    const loss = (p: { w: Value }) => add(crossEntropyMean(matmul(x, p.w), classes), mul(0, sum(p.w)));
    const start = { w: zeros([5, 3], "float64") };
    const { params, losses, states } = run(hessianFree(), { loss }, start, 12);
    const { grads } = valueAndGrad(loss)(params);
    expect(Math.max(...list(grads).map(Math.abs))).toBeLessThan(1e-6);
    for (let k = 1; k < losses.length; k++) expect(losses[k]).toBeLessThanOrEqual(losses[k - 1]!);
    const descent = sgd({ learningRate: 1 });
    let [p, s] = [start, descent.init(start)];
    for (let k = 0; k < 12; k++) {
      const step = descent.update(valueAndGrad(loss)(p).grads, s, p);
      [p, s] = [applyUpdates(p, step.updates), step.state];
    }
    expect(Math.max(...list(valueAndGrad(loss)(p).grads).map(Math.abs))).toBeGreaterThan(1e-4);
    // The model of a convex loss promises less than is won, so the damping falls.
    expect(item(states.at(-1)!.damping)).toBeLessThan(0.05);
    // The matrix of the softmax is that of Gauss-Newton here.
    for (const state of states.slice(0, 3))
      expect(figure(state, "hessianAlongGradient")).toBeCloseTo(figure(state, "gaussNewtonAlongGradient"), 9);
  });

  it("raises the damping by 3/2 where the model promises too much, lowers it by 2/3 where it keeps its word", () => {
    // Far out, tanh is flat: the step that the slope at 0 promises overshoots by far.
    const flat = (p: { w: Value }) => meanSquaredErrorMean(mul(p.w, 1), tensor([3], "float64"));
    const good = run(hessianFree({ damping: 0.1 }), { loss: flat }, { w: zeros([1], "float64") }, 1);
    expect(figure(good.state, "ratio")).toBeCloseTo(1, 1);
    expect(item(good.state.damping)).toBeCloseTo(0.1 * (2 / 3), 12);
    const steep = (p: { w: Value }) => {
      const o = markModelOutputs(p.w);
      return sum(add(square(o), mul(50, square(square(o)))));
    };
    // A curvature batch that sees only the gentle part.
    const gentle = (p: { w: Value }) => sum(square(markModelOutputs(p.w)));
    const bad = run(
      hessianFree({ damping: 0.1 }),
      { loss: steep, curvature: gentle as (p: unknown) => Value },
      { w: tensor([0.5], "float64") },
      1,
    );
    expect(figure(bad.state, "ratio")).toBeLessThan(0.25);
    expect(item(bad.state.damping)).toBeCloseTo(0.15, 12);
    expect(figure(bad.state, "stepLength")).toBeLessThan(1);
    expect(figure(bad.state, "damping")).toBe(0.1);
  });

  it("meets negative curvature of a loss that is not convex in its marks: reported, and no step is made of it", () => {
    const loss = (p: { w: Value }) => sum(mul(-1, square(markModelOutputs(p.w))));
    const { state, params } = run(
      hessianFree({ damping: 0.1, decay: 0 }),
      { loss },
      { w: tensor([1, 2], "float64") },
      1,
    );
    expect(figure(state, "negativeCurvature")).toBeCloseTo(-2 + 0.1, 12);
    expect(figure(state, "cgSteps")).toBe(0);
    expect(list(params)).toEqual([1, 2]);
    expect(item(state.damping)).toBeCloseTo(0.15, 12);
  });

  it("the Hessian's negative curvature, which Gauss-Newton does not have, shows in the figures", () => {
    // (w^2 - 1)^2 near 0: the Hessian is -4, Gauss-Newton's 8 w^2.
    const loss = (p: { w: Value }) => meanSquaredErrorMean(square(p.w), tensor([1], "float64"));
    const { state } = run(hessianFree(), { loss }, { w: tensor([0.1], "float64") }, 1);
    expect(figure(state, "hessianAlongGradient")).toBeCloseTo(12 * 0.01 - 4, 9);
    expect(figure(state, "gaussNewtonAlongGradient")).toBeCloseTo(8 * 0.01, 9);
    expect(figure(state, "negativeCurvature")).toBe(0);
    const off = run(hessianFree({ measureHessian: false }), { loss }, { w: tensor([0.1], "float64") }, 1);
    expect(figure(off.state, "hessianAlongGradient")).toBeNaN();
  });

  const lengths = [6, 3, 4];
  const input = normal(Key.of(4), [13, 2], "float64");
  const target = normal(Key.of(5), [13, 3], "float64");
  const models = { rnn: rnn({ input: 2, hidden: 3 }), lstm: lstm({ input: 2, hidden: 3 }) };
  const recurrentLoss =
    (name: keyof typeof models, options = {}) =>
    (p: never) =>
      meanSquaredErrorMean(
        unfold(models[name] as typeof models.lstm, p, { x: input }, chain(lengths), options).output,
        target,
      );

  it.each(["rnn", "lstm"] as const)(
    "%s: lowers the loss over a ragged batch; structural damping keeps states nearer",
    (name) => {
      const loss = recurrentLoss(name);
      const start = models[name].init(Key.of(6), "float64") as never;
      const { losses } = run(hessianFree(), { loss }, start, 8);
      expect(losses.at(-1)).toBeLessThan(0.9 * losses[0]!);
      const states = (p: never) =>
        unfold(models[name] as typeof models.lstm, p, { x: input }, chain(lengths)).output;
      const distance = (structural: number) => {
        const { params } = run(hessianFree({ structural, damping: 0.1 }), { loss }, start, 1);
        return item(sum(square(sub(states(params), states(start)))));
      };
      expect(distance(10)).toBeLessThan(0.5 * distance(0));
    },
  );

  it("ignores treatments of the gradient, which are not the loss's curvature", () => {
    const start = models.lstm.init(Key.of(6), "float64") as never;
    const one = (options: object) => {
      const { grads } = valueAndGrad(recurrentLoss("lstm") as (p: never) => Value)(start);
      const optimiser = hessianFree();
      const objective = { loss: recurrentLoss("lstm", options) } as unknown as Objective;
      return list(optimiser.update(grads as never, optimiser.init(start), start, { objective }).updates);
    };
    expect(one({ clipState: 1e-3, backward: { kind: "truncated", every: 2 } })).toEqual(one({}));
  });

  it("float32 parameters get updates of their type, near those of float64", () => {
    const updates = (dtype: "float32" | "float64") => {
      const w = fromArray(list(normal(Key.of(7), [5, 2], "float64")), [5, 2], dtype);
      const rows = fromArray(list(x), [60, 5], dtype);
      const loss = (p: { w: Value; n: Value }) =>
        crossEntropyMean(
          matmul(rows, p.w),
          fromArray(
            list(noise).map((v) => (v > 0 ? 1 : 0)),
            [60],
            "int32",
          ),
        );
      const params = { w, n: tensor([3], "int32") };
      const optimiser = hessianFree({ preconditionerSamples: 0 });
      const { grads } = valueAndGrad(loss)(params);
      const step = optimiser.update(grads, optimiser.init(params), params, { objective: { loss } as never });
      expect([step.updates.w.dtype, step.updates.n.dtype, item(step.updates.n)]).toEqual([dtype, "int32", 0]);
      return list(step.updates.w);
    };
    const exact = updates("float64");
    for (const [i, v] of updates("float32").entries()) expect(v).toBeCloseTo(exact[i]!, 3);
  });

  it("under a guard, a gradient that is not finite leaves the state as it was", () => {
    const loss = (p: { w: Value }) => meanSquaredErrorMean(p.w, tensor([3], "float64"));
    const optimiser = onExplosion(compose(hessianFree()), { nonFinite: "skip" });
    const params = { w: tensor([0], "float64") };
    const objective = { loss } as unknown as Objective;
    const bad = optimiser.update({ w: tensor([Number.NaN], "float64") }, optimiser.init(params), params, {
      objective,
    });
    expect(list(bad.updates)).toEqual([0]);
    expect([item(bad.state.skipped), item(bad.state.inner[0].damping)]).toEqual([1, 1]);
    const good = optimiser.update({ w: tensor([-6], "float64") }, bad.state, params, { objective });
    expect(list(good.updates)[0]).toBeGreaterThan(0.5);
    const told = optimiser.measures!(good.state);
    expect(item(told.damping)).toBe(1);
    expect(item(told["cg steps"])).toBeGreaterThan(0);
  });

  it("a step to where the loss is not finite is not taken", () => {
    const loss = (p: { w: Value }) => {
      const o = markModelOutputs(p.w);
      // Infinite beyond 1, and steep towards it.
      return sum(sub(mul(square(o), 0.5), mul(10, o)));
    };
    const walled = (p: { w: Value }) => {
      const value = loss(p);
      return onCpuOrTraced(p.w) > 1 ? mul(value, Number.POSITIVE_INFINITY) : value;
    };
    const { params, state } = run(
      hessianFree({ damping: 0.01 }),
      { loss: walled, curvature: loss as (p: unknown) => Value },
      { w: tensor([0], "float64") },
      1,
    );
    expect(list(params)[0]).toBeGreaterThan(0.5);
    expect(list(params)[0]).toBeLessThanOrEqual(1);
    expect(item(state.damping)).toBeCloseTo(0.015, 12);
  });

  it("releases all that it makes", () => {
    const loss = recurrentLoss("lstm");
    const start = models.lstm.init(Key.of(6), "float64") as never;
    const optimiser = hessianFree();
    let [params, state] = [start, optimiser.init(start)];
    const inUse: number[] = [];
    for (let k = 0; k < 12; k++) {
      const next = scope(() => {
        const { grads } = valueAndGrad(loss as (p: never) => Value)(params);
        const step = optimiser.update(grads as never, state, params, { objective: { loss } as never });
        return { params: applyUpdates(params, step.updates), state: step.state };
      });
      if (k > 0) for (const t of leaves(params)) (t as Tensor).dispose();
      for (const t of leaves(state)) (t as Tensor).dispose();
      [params, state] = [next.params, next.state];
      inUse.push(defaultExecutor().statistics.bytesInUse);
    }
    expect(new Set(inUse.slice(2)).size).toBe(1);
  });

  it("says what it needs", () => {
    const params = { w: tensor([0], "float64") };
    const optimiser = hessianFree();
    const state = optimiser.init(params);
    expect(() => optimiser.update(params, state, params)).toThrow(
      /needs the loss itself.*objective: \{ loss \}/,
    );
    expect(() => hessianFree({ damping: 0 })).toThrow(/damping is a finite positive number, got 0/);
    expect(() => hessianFree({ decay: 1 })).toThrow(/decay is a number in \[0, 1\), got 1/);
    const unmarked = { loss: (p: { w: Value }) => sum(square(p.w)) } as unknown as Objective;
    const grads = { w: tensor([1], "float64") };
    expect(() => optimiser.update(grads, state, params, { objective: unmarked })).toThrow(/marks no outputs/);
    const before = defaultExecutor();
    useExecutor(asynchronous);
    try {
      const elsewhere = { w: tensor([0], "float64") };
      expect(() =>
        optimiser.update(elsewhere, optimiser.init(elsewhere), elsewhere, { objective: unmarked }),
      ).toThrow(/needs an executor on the CPU/);
    } finally {
      useExecutor(before);
    }
  });
});

/** The number that a parameter is; 0 while it is traced. */
function onCpuOrTraced(v: Value): number {
  return "executor" in v ? item(v) : 0;
}
