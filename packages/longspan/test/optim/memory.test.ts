import { expect, it } from "vitest";
import { mul } from "../../src/ops/index.js";
import {
  adam,
  applyUpdates,
  clipByJointNorm,
  clipByValue,
  compose,
  skipNonFinite,
  stopNonFinite,
} from "../../src/optim/index.js";
import { defaultExecutor, fromArray, mapTree, scope, zeros } from "../../src/tensor/index.js";
import { dispose, executor, numbers } from "./trees.js";

const optimiser = stopNonFinite(
  skipNonFinite(compose(clipByValue(10), clipByJointNorm(1), adam({ learningRate: 0.01 }))),
);

function start() {
  const params = { layers: [{ U: fromArray([1, 2, 3, 4, 5, 6], [2, 3]), b: zeros([3]) }], gain: zeros([]) };
  return { params, state: optimiser.init(params) };
}

it("200 steps with a changing learning rate leave the memory in use and the compiled programs as they were", () => {
  expect(defaultExecutor()).toBe(executor);
  let { params, state } = start();
  const inUse: number[] = [];
  const compiled: number[] = [];
  for (let i = 0; i < 200; i++) {
    const next = scope(() => {
      const grads = mapTree(params, (p) => mul(p, 2));
      const step = optimiser.update(grads, state, params, { learningRate: 0.01 / (1 + i) });
      return { params: applyUpdates(params, step.updates), state: step.state };
    });
    dispose([params, state]);
    ({ params, state } = next);
    inUse.push(executor.statistics.bytesInUse);
    compiled.push(executor.statistics.compiled);
  }
  expect(new Set(inUse.slice(1)).size, "bytes in use after each step").toBe(1);
  expect(compiled.at(-1)).toBe(compiled[1]);
});

it("without a scope around it, an update makes nothing but what it returns", () => {
  const { params, state } = start();
  const grads = mapTree(params, (p) => mul(p, 2));
  dispose(optimiser.update(grads, state, params));
  const before = executor.statistics.bytesInUse;
  const step = optimiser.update(grads, state, params);
  dispose(step);
  expect(executor.statistics.bytesInUse).toBe(before);
});

it("a new state shares nothing with the old one, nor an update with the gradient", () => {
  const { params, state } = start();
  const grads = mapTree(params, (p) => mul(p, 2));
  const step = optimiser.update(grads, state, params);
  const kept = numbers([step.updates, step.state]);
  dispose([params, grads, state]);
  expect(numbers([step.updates, step.state])).toEqual(kept);
});

it("the same steps give the same bits", () => {
  const run = () => {
    let { params, state } = start();
    for (let i = 0; i < 20; i++) {
      const { updates, state: next } = optimiser.update(
        mapTree(params, (p) => mul(p, 1.7)),
        state,
        params,
      );
      params = applyUpdates(params, updates);
      state = next;
    }
    return numbers([params, state]);
  };
  expect(run()).toEqual(run());
});
