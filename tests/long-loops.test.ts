import {
  adam,
  applyUpdates,
  chain,
  defaultExecutor,
  Key,
  lstm,
  mean,
  normal,
  onCpu,
  square,
  sub,
  trainingStep,
  unfold,
  useExecutor,
  valueAndGrad,
} from "longspan";
import { afterAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";
import { settled } from "./settled.js";

const before = defaultExecutor();
afterAll(() => useExecutor(before));

/** The parts of the README's first program. */
function parts(hidden: number) {
  const cell = lstm({ input: 8, hidden });
  const sequences = chain([5, 9, 2]);
  const x = normal(Key.of(1), [sequences.nodes, 8]);
  const params = cell.init(Key.of(2));
  const loss = (p: typeof params) => mean(square(sub(unfold(cell, p, { x }, sequences).final.h, 0.5)));
  return { params, loss, optimiser: adam({ learningRate: 0.001 }) };
}

test.skipIf(missing("native"))(
  "on the native executor, what a loop drops without a pause is collected while it runs",
  () => {
    useExecutor(executorOf("native"));
    const { params: start, loss, optimiser } = parts(256);
    const gradient = valueAndGrad(loss);
    let params = start;
    let state = optimiser.init(params);
    const held = process.memoryUsage().rss;
    const steps = 150;
    for (let i = 0; i < steps; i++) {
      const update = optimiser.update(gradient(params).grads, state, params);
      state = update.state;
      params = applyUpdates(params, update.updates);
    }
    // Gradients, updates, two trees of the state and the parameters.
    const dropped = steps * 5 * 4 * (4 * 256 * (8 + 256 + 1));
    expect(process.memoryUsage().rss - held).toBeLessThan(dropped / 2);
  },
  60_000,
);

// What is collected without being given back is the business of the library's own memory.
describe.each(executorRows.filter(({ name, make }) => name !== "reference" && !make))(
  "on the $name executor",
  ({ name }) => {
    const reason = missing(name);

    test.skipIf(reason)(
      "2,000 steps of the README's first program, with 256 units and without a pause, leave the memory in use as it was",
      () => {
        const chosen = executorOf(name);
        useExecutor(chosen);
        const { params, loss, optimiser } = parts(256);
        const step = trainingStep(loss, optimiser);
        let at = step.start(params);
        const inUse: number[] = [];
        const reserved: number[] = [];
        for (let i = 0; i < 2000; i++) {
          at = step(at);
          inUse.push(chosen.statistics.bytesInUse);
          reserved.push(chosen.statistics.bytesReserved);
        }
        expect(new Set(inUse.slice(10)).size).toBe(1);
        expect(new Set(reserved.slice(10)).size).toBe(1);
        expect(at.steps).toBe(2000);
        expect(onCpu(at.loss).item()).toBeLessThan(1e-10);
      },
      300_000,
    );

    test.skipIf(reason)(
      "a loop that releases nothing, but lets the event loop run, holds what it refers to, and the statistics say so",
      async () => {
        const chosen = executorOf(name);
        useExecutor(chosen);
        const { params: start, loss, optimiser } = parts(64);
        const gradient = valueAndGrad(loss);
        const inUse: number[] = [];
        let params = start;
        let state = optimiser.init(params);
        for (let i = 0; i < 60; i++) {
          const update = optimiser.update(gradient(params).grads, state, params);
          state = update.state;
          params = applyUpdates(params, update.updates);
          if (i % 10 < 9) continue;
          await settled();
          inUse.push(chosen.statistics.bytesInUse);
        }
        const ofParameters = 4 * 4 * 64 * (8 + 64 + 1);
        // Without them, 50 steps hold five times the parameters each.
        for (const bytes of inUse) expect(Math.abs(bytes - inUse[0]!)).toBeLessThan(3 * ofParameters);
      },
      60_000,
    );
  },
);
