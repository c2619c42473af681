import { hessianFree, leaves, meanSquaredErrorMean, onCpu, tensor, type Value, valueAndGrad } from "longspan";
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
