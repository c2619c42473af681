import {
  adam,
  applyUpdates,
  compose,
  hessianFree,
  leaves,
  markModelOutputs,
  meanSquaredErrorMean,
  mul,
  type Objective,
  type ObjectiveSetting,
  onCpu,
  sgd,
  square,
  sub,
  sum,
  type Transform,
  tensor,
  type Value,
  valueAndGrad,
  weightDecay,
} from "longspan";
import { expect, test } from "vitest";

/** One update: its numbers, and lambda after it. */
function updated<P>(loss: (p: P) => Value, params: P): { updates: number[]; damping: number } {
  const optimiser = hessianFree({ damping: 0.5 });
  const { grads } = valueAndGrad(loss)(params as never);
  const step = optimiser.update(grads as P, optimiser.init(params), params, {
    objective: { loss: loss as (p: unknown) => Value },
  });
  return {
    updates: leaves(step.updates).flatMap((v) => [...onCpu(v).toArray()]),
    damping: onCpu(step.state.damping).item(),
  };
}

test("at a stationary point nothing moves, and the damping stays", () => {
  const at = { w: tensor([1, 2]) };
  const found = updated((p: { w: Value }) => meanSquaredErrorMean(p.w, tensor([1, 2])), at);
  expect(found).toEqual({ updates: [0, 0], damping: 0.5 });
});

test("without float parameters nothing moves", () => {
  const loss = () => meanSquaredErrorMean(tensor([1, 2]), tensor([0, 0]));
  expect(updated(loss, { k: tensor([3], "int32") })).toEqual({ updates: [0], damping: 0.5 });
  expect(updated(loss, {})).toEqual({ updates: [], damping: 0.5 });
});

test("a gradient that is not finite is handed on, and the damping stays", () => {
  const found = updated((p: { w: Value }) => meanSquaredErrorMean(p.w, tensor([Number.NaN, 2])), {
    w: tensor([1, 2]),
  });
  expect(found).toEqual({ updates: [Number.NaN, 0], damping: 0.5 });
});

test("a loss, or a product of its curvature, that is not finite makes the update NaN, and the damping stays", () => {
  const params = { w: tensor([1, 2]) };
  const loss = (p: { w: Value }) => meanSquaredErrorMean(p.w, tensor([0, 0]));
  const nan = (p: unknown) => mul(loss(p as { w: Value }), Number.NaN);
  const optimiser = hessianFree({ damping: 0.5 });
  const { grads } = valueAndGrad(loss)(params);
  for (const objective of [{ loss: nan }, { loss, curvature: nan }] as Objective[]) {
    const { updates, state } = optimiser.update(grads, optimiser.init(params), params, { objective });
    expect([...onCpu(updates.w).toArray()]).toEqual([Number.NaN, Number.NaN]);
    expect(onCpu(state.damping).item()).toBe(0.5);
    expect(leaves(state.solution).flatMap((v) => [...onCpu(v).toArray()])).toEqual([0, 0]);
  }
});

/** A quadratic with curvatures 1 and 0.02 about (4, -2), and one with a penalty of its own. */
const bowl = (p: { w: Value; b: Value }) =>
  mul(
    sum(mul(tensor([1, 0.02], "float64"), square(sub(markModelOutputs(p.w), tensor([4, -2], "float64"))))),
    0.5,
  );

function descend<S>(
  optimiser: Transform<S, ObjectiveSetting>,
  updates: number,
): { w: number[]; b: number[]; state: S } {
  let params = { w: tensor([5, 5], "float64"), b: tensor([3], "float64") };
  let state = optimiser.init(params);
  for (let k = 0; k < updates; k++) {
    const { grads } = valueAndGrad(bowl)(params);
    const step = optimiser.update(grads, state, params, { objective: { loss: bowl } as Objective });
    params = applyUpdates(params, step.updates);
    state = step.state;
  }
  return { w: [...onCpu(params.w).toArray()], b: [...onCpu(params.b).toArray()], state };
}

test.each([0.01, 0.5])("weight decay of %s before it is part of its model: the penalised minimum", (rate) => {
  const only = (path: string) => path === "w";
  const { w, b, state } = descend(compose(weightDecay(rate, { only }), hessianFree()), 60);
  // Where c (w - target) + rate w = 0; b does not decay and has no gradient.
  expect(w[0]).toBeCloseTo(4 / (1 + rate), 6);
  expect(w[1]).toBeCloseTo((-2 * 0.02) / (0.02 + rate), 6);
  expect(b).toEqual([3]);
  // The model is exact, so that lambda falls until nothing is left to win.
  expect(onCpu(state[1].damping).item()).toBeLessThan(0.1);
});

test("two decays add up, in chains within chains too, and the curvature along the gradient has them", () => {
  const inner = compose(weightDecay(0.2), compose(weightDecay(0.3)));
  const { w } = descend(compose(inner, hessianFree()), 60);
  expect(w[0]).toBeCloseTo(4 / 1.5, 6);
  const [, first] = descend(compose(weightDecay(2), hessianFree()), 1).state;
  // At (5, 5), b = 3: g = (1 + 10, 0.14 + 10, 6), curvatures 3, 2.02 and 2.
  const g = [11, 10.14, 6];
  const along = [3, 2.02, 2].reduce((n, c, i) => n + c * g[i]! ** 2, 0) / g.reduce((n, x) => n + x * x, 0);
  for (const name of ["gaussNewtonAlongGradient", "hessianAlongGradient"] as const)
    expect(onCpu(first.last[name]).item()).toBeCloseTo(along, 9);
});

test("a learning rate that is none is refused: of the step, of any kind", () => {
  const params = { w: tensor([1, 2]) };
  const loss = (p: { w: Value }) => meanSquaredErrorMean(p.w, tensor([0, 0]));
  const optimiser = hessianFree();
  const { grads } = valueAndGrad(loss)(params);
  const at = (learningRate: number | Value) => () =>
    optimiser.update(grads, optimiser.init(params), params, {
      objective: { loss } as unknown as Objective,
      learningRate,
    });
  for (const bad of [Number.NaN, -1, Number.POSITIVE_INFINITY])
    expect(at(bad)).toThrow(`hessianFree: learningRate is a finite number of at least 0, got ${bad}`);
  expect(at(tensor([1, 2]))).toThrow(/hessianFree: learningRate is a scalar/);
  expect(() => hessianFree({ damping: Number.POSITIVE_INFINITY })).toThrow(
    "hessianFree: damping is a finite positive number, got Infinity",
  );
});

test("a state of other parameters, or of another optimiser, is refused", () => {
  const params = { w: tensor([1]) };
  const loss = (p: { w: Value }) => meanSquaredErrorMean(p.w, tensor([0]));
  const optimiser = hessianFree();
  const { grads } = valueAndGrad(loss)(params);
  const from = (state: unknown) => () =>
    optimiser.update(grads, state as never, params, { objective: { loss } as unknown as Objective });
  expect(from(optimiser.init({ w: tensor([1, 2]) }))).toThrow(
    'hessianFree: the last solution at "w" is float32 [2], expected float32 [1]',
  );
  expect(from(optimiser.init({ v: tensor([1]) }))).toThrow('the last solution at "v" has no counterpart');
  for (const other of [adam({ learningRate: 1 }), sgd({ learningRate: 1 })])
    expect(from(other.init(params))).toThrow("hessianFree.update: state lacks damping; give the state");
});
