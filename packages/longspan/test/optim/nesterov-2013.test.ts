import { describe, expect, it } from "vitest";
import {
  applyUpdates,
  type MomentumSetting,
  momentum,
  momentumSchedule2013,
  nesterov2013,
  type Transform,
  withoutLookAhead,
} from "../../src/optim/index.js";
import { fromArray, tensor } from "../../src/tensor/index.js";
import { dispose, executor, item, numbers } from "./trees.js";

/** A function of two numbers, neither quadratic nor separable: (x + 2 y - 1)^2 + (x^2 - y)^2 */
function gradient([x, y]: readonly number[]): number[] {
  const [a, b] = [x! + 2 * y! - 1, x! * x! - y!];
  return [2 * a + 4 * b * x!, 4 * a - 2 * b];
}

const schedule = momentumSchedule2013({ most: 0.95, every: 7 });
const mu = (t: number) => schedule({ step: t, fraction: 0, validations: [] });
const eta = (t: number) => (t < 25 ? 0.02 : 0.004);

/** Equations 3 and 4 of the paper as they stand: theta and v after so many steps, and where the next gradient is taken. */
function paper(steps: number) {
  let [theta, v] = [
    [1.5, -0.5],
    [0, 0],
  ];
  for (let t = 0; t < steps; t++) {
    const g = gradient(theta.map((x, i) => x + mu(t) * v[i]!));
    v = v.map((vi, i) => mu(t) * vi - eta(t) * g[i]!);
    theta = theta.map((x, i) => x + v[i]!);
  }
  return { theta, v, ahead: theta.map((x, i) => x + mu(steps) * v[i]!) };
}

/** The same with a transform, which is given the momentum of the step to come. */
function trained<S>(rule: Transform<S, MomentumSetting>, steps: number) {
  let params = fromArray([1.5, -0.5], [2], "float64");
  let state = rule.init(params);
  for (let t = 0; t < steps; t++) {
    const grads = fromArray(gradient(numbers(params)), [2], "float64");
    const step = rule.update(grads, state, params, { learningRate: eta(t), momentum: mu(t + 1) });
    params = applyUpdates(params, step.updates);
    state = step.state;
  }
  return { params, state };
}

const rule = nesterov2013({ learningRate: 1, momentum: 0.5 });

const expectClose = (found: readonly number[], expected: readonly number[], digits = 12) =>
  expected.forEach((x, i) => {
    expect(found[i]).toBeCloseTo(x, digits);
  });

describe("nesterov2013", () => {
  it("is the paper's pair of equations, while momentum and rate change", () => {
    for (const steps of [1, 2, 8, 30, 60]) {
      const { params, state } = trained(rule, steps);
      const expected = paper(steps);
      expectClose(numbers(params), expected.ahead);
      expectClose(numbers(state.velocity), expected.v);
      expectClose(numbers(withoutLookAhead(params, state)), expected.theta);
      expect(item(state.momentum)).toBe(mu(steps));
      expect(item(state.learningRate)).toBe(eta(steps - 1));
    }
  });

  it("by hand, two steps", () => {
    const params = tensor([1, 2]);
    const first = rule.update(tensor([4, -8]), rule.init(params), params, { learningRate: 0.25 });
    // v = -0.25 g = [-1, 2]; update = 0.5 v - 0.25 g
    expect(numbers(first.updates)).toEqual([-1.5, 3]);
    const settings = { learningRate: 0.125, momentum: 0.75 };
    const second = rule.update(tensor([8, 0]), first.state, params, settings);
    // v = 0.5 [-1, 2] - 0.125 [8, 0] = [-1.5, 1]; update = 0.75 v - [1, 0]
    expect(numbers(second.state.velocity)).toEqual([-1.5, 1]);
    expect(numbers(second.updates)).toEqual([-2.125, 0.75]);
  });

  it("differs from the form with one momentum a step as soon as the momentum changes", () => {
    const other = momentum({ learningRate: 1, momentum: 0.5, nesterov: true });
    const distance = (steps: number) => {
      const [a, b] = [numbers(trained(rule, steps).params), numbers(trained(other, steps).params)];
      return Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!);
    };
    expect(distance(6)).toBeLessThan(1e-14);
    expect(distance(12)).toBeGreaterThan(1e-3);
  });

  it("without momentum is gradient descent", () => {
    const params = tensor([1, 2]);
    const { updates, state } = rule.update(tensor([2, 4]), rule.init(params), params, { momentum: 0 });
    expect(numbers(updates)).toEqual([-2, -4]);
    expect(numbers(withoutLookAhead(params, state))).toEqual([1, 2]);
  });

  it("leaves alone what is not trained", () => {
    const params = { w: tensor([1]), table: tensor([3, 4], "int32"), name: "net" };
    const grads = { ...params, w: tensor([1]), table: tensor([0, 0], "int32") };
    const { updates, state } = rule.update(grads, rule.init(params), params);
    const moved = applyUpdates(params, updates);
    const back = withoutLookAhead(moved, state);
    expect([numbers(moved.table), numbers(back.table), back.name]).toEqual([[3, 4], [3, 4], "net"]);
    expect(numbers(back.w)).toEqual([0]);
    dispose(moved);
    expect(numbers(back.table)).toEqual([3, 4]);
    expect(() => withoutLookAhead({ v: params.w }, state)).toThrow(
      'withoutLookAhead: the velocity at "w" has no counterpart',
    );
  });

  it("compiles nothing and keeps nothing when rate and momentum change", () => {
    let params = { w: tensor([1, 2, 3]) };
    let state = rule.init(params);
    const [compiled, inUse]: number[][] = [[], []];
    for (let k = 0; k < 50; k++) {
      const grads = { w: tensor([1, 1, k]) };
      const settings = { learningRate: 1 / (k + 1), momentum: k / 50 };
      const step = rule.update(grads, state, params, settings);
      const moved = applyUpdates(params, step.updates);
      dispose([grads, params, state, step.updates]);
      [params, state] = [moved, step.state];
      compiled!.push(executor.statistics.compiled);
      inUse!.push(executor.statistics.bytesInUse);
    }
    expect(compiled!.at(-1)).toBe(compiled![2]);
    expect(inUse!.at(-1)).toBe(inUse![2]);
  });
});
