import {
  chain,
  ExplosionError,
  fromArray,
  Key,
  normal,
  rnn,
  sgd,
  startTraining,
  sum,
  type Task,
  type Tensor,
  type Traceable,
  train,
  unfold,
  withFlowPenalty,
} from "longspan";
import { describe, expect, it } from "vitest";

const cell = rnn({ input: 2, hidden: 2 });
type Params = { readonly U: Tensor; readonly W: Tensor; readonly b: Tensor };
const steps = 12;
const structure = chain([steps, steps]);

/** A net near its linear range, with the recurrent weights w I. */
function taskOf(w: number, x: Tensor) {
  const start: Params = { ...cell.init(Key.of(1)), W: fromArray([w, 0, 0, w], [2, 2]) };
  const task: Task<Params, { x: Tensor }, Record<string, never>> = {
    batch: () => ({ x }),
    predictions: () => 1,
    carriedAtStart: () => ({}),
    loss: (params: Traceable<Params>, batch) => ({
      loss: sum(unfold(cell, params, { x: batch.x }, structure).final.h),
      carried: {},
    }),
  };
  return { task, start };
}

async function stopped(w: number, x: Tensor, flow = 0): Promise<ExplosionError> {
  const { task: plain, start } = taskOf(w, x);
  const task: Task<Params, unknown, Record<string, never>> = flow > 0
    ? withFlowPenalty(plain, { weight: flow })
    : plain;
  const optimiser = sgd({ learningRate: 0.1 });
  try {
    await train(task, startTraining(task, optimiser, start), {
      optimiser,
      budget: { steps: 1 },
      key: Key.of(2),
      onExplosion: { nonFinite: "stop", above: { norm: 1e-6, action: "stop" } },
    });
  } catch (error) {
    if (error instanceof ExplosionError) return error;
    throw error;
  }
  throw new Error("the run was not stopped");
}

describe("the report of a run that was stopped", () => {
  it("names the layer and the lag at which the gradient grew", async () => {
    const small = fromArray(new Float32Array(4 * steps).fill(1e-6), [2 * steps, 2]);
    const { origins, message } = await stopped(2, small);
    // tanh is all but linear here: twice as long at each step.
    const { lags } = origins.flow[0]!;
    for (let k = 1; k < steps; k++) expect(lags[k]!.norm / lags[k - 1]!.norm).toBeCloseTo(2, 2);
    expect(message).toMatch(
      /In recurrent layer 0 \(rnn\), the gradient grew on its way back: \|dL\/dh\| is 1\.414 0 steps before the end and 28\d\d at 11/,
    );
  });

  it("names them in a run with the flow penalty too, which watches the layers itself", async () => {
    const small = fromArray(new Float32Array(4 * steps).fill(1e-6), [2 * steps, 2]);
    const { origins, message } = await stopped(2, small, 4);
    const { lags } = origins.flow[0]!;
    for (let k = 1; k < steps; k++) expect(lags[k]!.norm / lags[k - 1]!.norm).toBeCloseTo(2, 2);
    expect(message).toMatch(/In recurrent layer 0 \(rnn\), .* and 28\d\d at 11/);
  });

  it("says nothing of growth where there is none", async () => {
    const { message } = await stopped(0.5, normal(Key.of(3), [2 * steps, 2]));
    expect(message).not.toContain("In recurrent layer");
  });

  it("names the step and sequence of the first value that is not finite", async () => {
    const rows = new Float32Array(4 * steps).fill(0.1);
    rows[structure.rowsOf(1)[7]! * 2] = Number.NaN;
    const { message, origins } = await stopped(0.5, fromArray(rows, [2 * steps, 2]));
    expect(origins.flow[0]!.nonFinite).toEqual({ what: "input", sequence: 1, step: 7 });
    expect(message).toContain(
      "In recurrent layer 0 (rnn), the first value that is not finite is in the input of step 7 of sequence 1, counted from 0",
    );
  });
});
