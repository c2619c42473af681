import { expect, it } from "vitest";
import { mul } from "../../src/ops/index.js";
import {
  adamW,
  applyUpdates,
  averageParameters,
  clipByGroupNorm,
  clipByJointNorm,
  clipByValue,
  compose,
  measured,
  onExplosion,
  weightDecay,
} from "../../src/optim/index.js";
import { recordable } from "../../src/recording/index.js";
import {
  defaultExecutor,
  fromArray,
  full,
  Key,
  mapTree,
  scope,
  useExecutor,
  zeros,
} from "../../src/tensor/index.js";
import { asynchronous } from "./explosions.js";
import { dispose, executor, numbers } from "./trees.js";

const optimiser = averageParameters(
  onExplosion(
    compose(
      measured(clipByValue(10)),
      clipByGroupNorm(5),
      clipByJointNorm(1),
      weightDecay(0.1, { only: (path) => path.endsWith("U") }),
      adamW({ learningRate: 0.01, only: (path) => path.endsWith("b") }),
    ),
    { nonFinite: "random", randomNorm: 0.1 },
  ),
  { decay: 0.9 },
);
const key = Key.of(3);
const settings = { learningRate: 0.01, key };

function start() {
  const params = { layers: [{ U: fromArray([1, 2, 3, 4, 5, 6], [2, 3]), b: zeros([3]) }], gain: zeros([]) };
  return { params, state: optimiser.init(params) };
}

for (const [name, chosen] of [
  ["at once", executor],
  ["asynchronously only", asynchronous],
] as const)
  it(`200 steps with a changing learning rate and explosions leave the memory in use and the compiled programs as they were, read ${name}`, () => {
    useExecutor(chosen);
    expect(defaultExecutor()).toBe(recordable(chosen));
    let { params, state } = start();
    const inUse: number[] = [];
    const compiled: number[] = [];
    for (let i = 0; i < 200; i++) {
      const next = scope(() => {
        const factor = full([], i % 10 === 0 ? Number.NaN : 2);
        const grads = mapTree(params, (p) => mul(p, factor));
        const settings = { learningRate: 0.01 / (1 + i), key: key.fold(i) };
        const step = optimiser.update(grads, state, params, settings);
        return { params: applyUpdates(params, step.updates), state: step.state };
      });
      dispose([params, state]);
      ({ params, state } = next);
      inUse.push(executor.statistics.bytesInUse);
      compiled.push(executor.statistics.compiled);
    }
    // A scalar of the state is shared with the state inside, except where that one is the old one.
    const after = (exploded: boolean) => inUse.filter((_, i) => i >= 10 && (i % 10 === 0) === exploded);
    expect(new Set(after(false)).size, "bytes in use after each step").toBe(1);
    expect(new Set(after(true)).size, "bytes in use after each explosion").toBe(1);
    expect(compiled.at(-1)).toBe(compiled[10]);
    useExecutor(executor);
  });

it("without a scope around it, an update makes nothing but what it returns", () => {
  const { params, state } = start();
  const grads = mapTree(params, (p) => mul(p, 2));
  dispose(optimiser.update(grads, state, params, settings));
  const before = executor.statistics.bytesInUse;
  const step = optimiser.update(grads, state, params, settings);
  dispose(step);
  expect(executor.statistics.bytesInUse).toBe(before);
});

it("a new state shares nothing with the old one, nor an update with the gradient", () => {
  const { params, state } = start();
  const grads = mapTree(params, (p) => mul(p, 2));
  const step = optimiser.update(grads, state, params, settings);
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
        settings,
      );
      params = applyUpdates(params, updates);
      state = next;
    }
    return numbers([params, state]);
  };
  expect(run()).toEqual(run());
});
