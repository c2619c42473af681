import {
  flowPenalty,
  grad,
  Key,
  languageModel,
  leaves,
  onCpu,
  sgd,
  startTraining,
  textStreams,
  textTask,
  train,
  type Value,
  withFlowPenalty,
} from "longspan";
import { describe, expect, it } from "vitest";

const periodic = Int32Array.from({ length: 400 }, (_, i) => [0, 1, 0, 2, 2][i % 5]!);
const model = languageModel({ vocabulary: 3, features: 4, hidden: 8, cell: "rnn" });
const task = textTask(model, textStreams(periodic, { streams: 4, steps: 7 }));
const numbers = (tree: unknown) => leaves(tree).flatMap((t) => [...onCpu(t).toArray()]);

async function oneStep(weight: number | ((step: number) => number) | null, steps = 1, rate = 0.5) {
  const optimiser = sgd({ learningRate: rate });
  const chosen = weight === null ? task : withFlowPenalty(task, { weight });
  const reports: { loss: number; measures: Readonly<Record<string, number>> }[] = [];
  const { state } = await train(
    chosen as typeof task,
    startTraining(chosen as typeof task, optimiser, model.init(Key.of(1))),
    {
      optimiser,
      key: Key.of(2),
      budget: { steps },
      reportSeconds: 0,
      callbacks: [
        {
          onReport({ loss, measures }) {
            reports.push({ loss, measures });
          },
        },
      ],
    },
  );
  return { params: numbers(state.params), reports };
}

describe("training with the flow penalty", () => {
  it("steps along the gradient of loss + lambda Omega, and reports the loss without it", async () => {
    const plain = await oneStep(null);
    const penalised = await oneStep(3);
    const params = model.init(Key.of(1));
    const batch = task.batch(0);
    const carried = task.carriedAtStart(params);
    const omegaOf = (p: never): Value =>
      flowPenalty((q: never) => ({ loss: task.loss(q, batch, carried, Key.of(9)).loss, aux: null }), p).omega;
    const slope = grad(omegaOf as never)(params as never);
    const expected = numbers(slope).map((g, i) => plain.params[i]! - 0.5 * 3 * g);
    penalised.params.forEach((v, i) => {
      expect(Math.abs(v - expected[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(v)));
    });
    expect(penalised.params).not.toEqual(plain.params);
    expect(penalised.reports[0]!.loss).toBe(plain.reports[0]!.loss);
    const { omega, "flow ratio": ratio, "flow skipped": skipped } = penalised.reports[0]!.measures;
    expect(omega).toBeCloseTo(onCpu(omegaOf(params as never)).item(), 5);
    expect(ratio).toBeGreaterThan(0);
    expect(skipped).toBe(0);
    expect(plain.reports[0]!.measures).toEqual({});
  });

  it("a weight of 0 changes no bit, and a schedule is asked at each step", async () => {
    expect((await oneStep(0, 3)).params).toEqual((await oneStep(null, 3)).params);
    const asked: number[] = [];
    const late = await oneStep((step) => {
      asked.push(step);
      return step < 2 ? 0 : 3;
    }, 3);
    expect(new Set(asked)).toEqual(new Set([0, 1, 2]));
    expect(late.params).not.toEqual((await oneStep(null, 3)).params);
  });

  it("pulls the ratio towards 1", async () => {
    const ratios = (await oneStep(2, 150, 0.02)).reports.map((r) => r.measures["flow ratio"]!);
    const distance = (list: readonly number[]) => list.reduce((s, r) => s + Math.abs(r - 1), 0) / list.length;
    expect(distance(ratios.slice(-10))).toBeLessThan(0.5 * distance(ratios.slice(0, 3)));
  });

  it("refuses a weight that is none", () => {
    expect(() => withFlowPenalty(task, { weight: -1 })).toThrow(
      "withFlowPenalty: weight is a finite number of at least 0, got -1 at step 0",
    );
  });
});
