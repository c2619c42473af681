import { describe, expect, it } from "vitest";
import {
  adam,
  adamW,
  applyUpdates,
  averagedParameters,
  averageParameters,
  compose,
  decoupledWeightDecay,
  rmsProp,
  sgd,
  weightDecay,
} from "../../src/optim/index.js";
import { fromArray, tensor } from "../../src/tensor/index.js";
import { dispose, item, numbers } from "./trees.js";

describe("rmsProp", () => {
  it("centred, takes a spread that rounding makes negative for 0", () => {
    const rule = rmsProp({ decay: 0.3, centred: true, epsilon: 1e-3, learningRate: 1 });
    const params = { w: tensor([0, 0, 0, 0]) };
    let state = rule.init(params);
    for (let k = 0; k < 60; k++) {
      const { updates, state: next } = rule.update({ w: tensor([0.1, 0.7, 1.3, 7e3]) }, state, params);
      state = next;
      expect(numbers(updates).every(Number.isFinite)).toBe(true);
    }
    // With a constant gradient the spread goes to 0, and some of its roundings are below.
    const [r, m] = [numbers(state.meanSquare), numbers(state.mean)];
    expect(r.some((x, i) => Math.fround(x - Math.fround(m[i]! ** 2)) < 0)).toBe(true);
  });

  it("does not hide a NaN", () => {
    const rule = rmsProp({ centred: true });
    const params = tensor([1, 1]);
    const first = rule.update(tensor([Number.NaN, 1]), rule.init(params), params);
    const second = rule.update(tensor([1, 1]), first.state, params);
    expect(numbers(second.updates)[0]).toBeNaN();
  });

  it("holds no more state than it needs", () => {
    const params = { w: tensor([1]) };
    expect(rmsProp().init(params)).toMatchObject({ mean: null, velocity: null });
    expect(numbers(rmsProp({ centred: true, momentum: 0.5 }).init(params)).length).toBe(4);
  });
});

describe("weight decay", () => {
  const params = { W: fromArray([2, -4], [2], "float64"), b: fromArray([3], [1], "float64") };
  const grads = { W: fromArray([1, 1], [2], "float64"), b: fromArray([1], [1], "float64") };
  const only = (path: string) => path === "W";

  it("acts on the parameters that are chosen", () => {
    const { updates } = weightDecay(0.5, { only }).update(grads, {}, params);
    expect(numbers(updates)).toEqual([2, -1, 1]);
    expect(numbers(weightDecay(0.5).update(grads, {}, params).updates)).toEqual([2, -1, 2.5]);
  });

  it("what it hands on belongs to the result", () => {
    const given = { W: fromArray([1, 1], [2], "float64"), b: fromArray([1], [1], "float64") };
    const { updates } = weightDecay(0.5, { only }).update(given, {}, params);
    dispose(given);
    expect(numbers(updates)).toEqual([2, -1, 1]);
  });

  it("decoupled and plain are the same for sgd", () => {
    const rule = sgd({ learningRate: 0.25 });
    const plain = compose(weightDecay(0.5, { only }), rule);
    const decoupled = decoupledWeightDecay(rule, 0.5, { only });
    expect(numbers(decoupled.update(grads, decoupled.init(params), params).updates)).toEqual(
      numbers(plain.update(grads, plain.init(params), params).updates),
    );
  });

  it("decoupled follows the learning rate of the step", () => {
    const rule = adamW({ learningRate: 0.1, weightDecay: 0.5, only });
    const settings = { learningRate: 0.01 };
    const { updates, state } = rule.update(grads, rule.init(params), params, settings);
    const bare = adam({ learningRate: 0.1 });
    const without = numbers(bare.update(grads, bare.init(params), params, settings).updates);
    expect(item(state.learningRate)).toBe(0.01);
    const shift = numbers(updates).map((x, i) => x - without[i]!);
    [-0.01, 0.02, 0].forEach((x, i) => {
      expect(shift[i]).toBeCloseTo(x, 14);
    });
  });
});

describe("averageParameters", () => {
  it("starts from a copy and carries what is not trained", () => {
    const params = { w: tensor([1, 2]), table: tensor([3], "int32"), name: "net" };
    const rule = averageParameters(sgd({ learningRate: 1 }), { decay: 0.5 });
    const state = rule.init(params);
    params.w.write([9, 9]);
    expect(numbers(averagedParameters(state))).toEqual([1, 2, 3]);
    params.w.write([1, 2]);
    const grads = { ...params, w: tensor([-2, 2]), table: tensor([0], "int32") };
    const step = rule.update(grads, state, params);
    const average = averagedParameters<typeof params>(step.state);
    expect(average.name).toBe("net");
    expect(average.table.dtype).toBe("int32");
    expect(numbers(average)).toEqual([3, 0, 3]);
  });

  it("with a decay near 1 is right in float32 from the first step on", () => {
    const rule = averageParameters(sgd({ learningRate: 1 }), { decay: 0.999999 });
    let params = tensor([0]);
    let state = rule.init(params);
    // Parameters 1, 2, ..., 20: at this decay nearly a plain mean.
    for (let k = 1; k <= 20; k++) {
      const step = rule.update(tensor([-1]), state, params);
      params = applyUpdates(params, step.updates);
      state = step.state;
      expect(numbers(averagedParameters(state))[0]! / ((k + 1) / 2)).toBeCloseTo(1, 4);
    }
  });
});
