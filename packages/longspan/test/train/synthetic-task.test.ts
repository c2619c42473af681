import {
  adam,
  adding,
  clipByJointNorm,
  compose,
  copyMemory,
  copyVectors,
  crossEntropyMean,
  embeddedReber,
  evaluateSynthetic,
  fromArray,
  gru,
  Key,
  lstm,
  onCpu,
  pascanuRnn,
  recurrent,
  type SyntheticProblem,
  sequenceModel,
  startTraining,
  syntheticTask,
  type Tensor,
  temporalOrder,
  train,
} from "longspan";
import { describe, expect, it } from "vitest";

const loss = (task: ReturnType<typeof syntheticTask>, params: unknown, step: number) =>
  onCpu(task.loss(params as never, task.batch(step), {}, Key.of(0)).loss as Tensor).item();

describe("training on a synthetic problem", () => {
  it("the loss is the cross-entropy at the last steps of the batch's sequences", () => {
    const problem = temporalOrder({ length: 12 });
    const layer = recurrent(gru({ input: 6, hidden: 5 }));
    const model = sequenceModel({ layer, features: 5, output: 4 });
    const params = model.init(Key.of(1), "float64");
    const task = syntheticTask(model, problem, { key: Key.of(2), batch: 7 });
    const { x, structure, targets } = problem.sample(Key.of(2), 3, 7);
    const { final } = layer.apply(params.layer, fromArray(x, [84, 6], "float64"), structure);
    const { W, b } = params.readout;
    const [h, v, c] = [final.h, W, b].map((t) => [...onCpu(t as Tensor).toArray()]) as [
      number[],
      number[],
      number[],
    ];
    const logits = Array.from(
      { length: 28 },
      (_, i) =>
        c[i % 4]! +
        [0, 1, 2, 3, 4].reduce((a, k) => a + h[5 * Math.floor(i / 4) + k]! * v[4 * k + (i % 4)]!, 0),
    );
    const expected = crossEntropyMean(fromArray(logits, [7, 4], "float64"), fromArray(targets, [7], "int32"));
    expect(loss(task, params, 3)).toBeCloseTo(onCpu(expected as Tensor).item(), 12);
    expect(task.predictions(task.batch(3))).toBe(7);
    expect(task.describe!(3)).toBe("batch 3 of temporal-order");
  });

  it("a readout of zeros gives the loss of who knows nothing", () => {
    for (const [problem, expected] of [
      [copyMemory({ length: 5 }), Math.log(9)],
      [embeddedReber(), Math.log(7)],
    ] as const) {
      const { model, params } = zeroModel(problem);
      const task = syntheticTask(model, problem, { key: Key.of(2), batch: 7 });
      expect(loss(task, params, 0)).toBeCloseTo(expected, 5);
    }
    const problem = adding({ length: 20 });
    const { model, params } = zeroModel(problem);
    const { targets } = problem.sample(Key.of(2), 0, 7);
    const squares = [...targets].reduce((a, y) => a + y * y, 0) / 7;
    expect(loss(syntheticTask(model, problem, { key: Key.of(2), batch: 7 }), params, 0)).toBeCloseTo(
      squares,
      6,
    );
  });

  it("a model of other answers is refused", () => {
    const model = pascanuRnn({ input: 6, output: 8 });
    expect(() => syntheticTask(model, temporalOrder({ length: 20 }), { key: Key.of(1) })).toThrow(
      "syntheticTask: the model gives 8 features per answer, the problem temporal-order has 4; make the model with output: 4",
    );
    expect(() =>
      syntheticTask(model, temporalOrder({ length: 20, symbols: 3 }), { key: Key.of(1), batch: 0 }),
    ).toThrow("syntheticTask: batch is a positive integer, got 0");
  });

  it("temporal order of 10 steps is learned, and scored so on fresh sequences", {
    timeout: 60_000,
  }, async () => {
    const problem = temporalOrder({ length: 10 });
    const layer = recurrent(lstm({ input: 6, hidden: 12 }));
    const model = sequenceModel({ layer, features: 12, output: 4 });
    const task = syntheticTask(model, problem, { key: Key.of(1) });
    const optimiser = compose(clipByJointNorm(1), adam({ learningRate: 0.02 }));
    const start = startTraining(task, optimiser, model.init(Key.of(2)));
    const key = Key.of(4);
    const before = await evaluateSynthetic(model, start.params, problem, { key, sequences: 1000 });
    const { state } = await train(task, start, { optimiser, budget: { steps: 250 }, key: Key.of(3) });
    const after = await evaluateSynthetic(model, state.params, problem, { key, sequences: 1000 });
    expect(before.wrong).toBeGreaterThan(600);
    expect(after).toMatchObject({ sequences: 1000, complete: true });
    expect(after.wrong).toBeLessThan(10);
    expect(after.loss).toBeLessThan(0.1);
  });
});

describe("bits as answers", () => {
  const problem = copyVectors({ length: 3, width: 2 });
  const { model, params } = zeroModel(problem);
  /** A model that says these two logits everywhere. */
  const saying = (...b: number[]) => ({ ...params, readout: { ...params.readout, b: fromArray(b, [2]) } });

  it("the loss is the cross-entropy of all bits of an answer, averaged over scored rows", () => {
    const task = syntheticTask(model, problem, { key: Key.of(2), batch: 5 });
    expect(task.predictions(task.batch(0))).toBe(15);
    expect(loss(task, params, 0)).toBeCloseTo(2 * Math.LN2, 6);
    // Logits of 1 and -2 cost ln(1 + e^o) - o y.
    const targets = [...task.batch(0).targets];
    const [ones, twos] = [0, 1].map((j) => targets.filter((_, i) => i % 2 === j).reduce((a, y) => a + y, 0));
    const expected = Math.log1p(Math.E) - ones! / 15 + Math.log1p(Math.exp(-2)) + (2 * twos!) / 15;
    expect(loss(task, saying(1, -2), 0)).toBeCloseTo(expected, 5);
  });

  it("an evaluation says the bits that a sequence costs, and how many of its bits are wrong", async () => {
    const key = Key.of(5);
    const look = { key, sequences: 30, batch: 30 };
    const found = await evaluateSynthetic(model, saying(1, -2), problem, look);
    const { targets } = problem.sample(key, 0, 30);
    const wrong = targets.filter((y, i) => y !== (i % 2 === 0 ? 1 : 0)).length;
    expect(found.wrongBitsPerSequence).toBe(wrong / 30);
    expect(found.bitsPerSequence).toBeCloseTo((3 * found.loss) / Math.LN2, 12);
    const none = await evaluateSynthetic(model, params, problem, look);
    expect(none.bitsPerSequence).toBeCloseTo(6, 5);
    const numbers = adding({ length: 20 });
    const { model: other, params: zero } = zeroModel(numbers);
    const ofNumbers = await evaluateSynthetic(other, zero, numbers, look);
    expect([ofNumbers.bitsPerSequence, ofNumbers.wrongBitsPerSequence]).toEqual([null, null]);
  });

  it("a logit that is not a number is a wrong bit", async () => {
    const found = await evaluateSynthetic(model, saying(Number.NaN, 0), problem, {
      key: Key.of(5),
      sequences: 4,
    });
    expect(found.wrong).toBe(4);
    expect(found.wrongBitsPerSequence).toBeGreaterThanOrEqual(3);
  });
});

describe("evaluation on a synthetic problem", () => {
  const problem = embeddedReber();
  const layer = recurrent(gru({ input: 7, hidden: 5 }));
  const model = sequenceModel({ layer, features: 5, output: 7 });
  const params = model.init(Key.of(1), "float64");
  const key = Key.of(5);

  it("is the sum over its batches, the last one smaller", async () => {
    const found = await evaluateSynthetic(model, params, problem, { key, sequences: 25, batch: 10 });
    let [rows, total, wrong] = [0, 0, 0];
    for (const [k, count] of [10, 10, 5].entries()) {
      const batch = problem.sample(key, k, count);
      const x = fromArray(batch.x, [batch.structure.nodes, 7], "float64");
      const outputs = model.apply(params, x, batch.structure, { rows: batch.scored }).output as Tensor;
      const targets = fromArray(batch.targets, [batch.targets.length], "int32");
      total += onCpu(crossEntropyMean(outputs, targets) as Tensor).item() * batch.scored.length;
      rows += batch.scored.length;
      wrong += problem.wrong(onCpu(outputs).toArray(), batch);
    }
    expect(found.loss).toBeCloseTo(total / rows, 12);
    expect(found).toMatchObject({ wrong, sequences: 25, complete: true });
  });

  it("ends when the signal comes", async () => {
    const signal = { aborted: false };
    const stopping: SyntheticProblem = {
      ...problem,
      sample(...of) {
        signal.aborted = of[1] === 1;
        return problem.sample(...of);
      },
    };
    const options = { key, sequences: 100, batch: 10, signal };
    expect(await evaluateSynthetic(model, params, stopping, options)).toMatchObject({
      sequences: 20,
      complete: false,
    });
  });

  it("of no sequences is refused", async () => {
    await expect(evaluateSynthetic(model, params, problem, { key, sequences: 0 })).rejects.toThrow(
      "evaluateSynthetic: sequences is a positive integer, got 0",
    );
  });
});

/** A model whose readout is zero, so that it says the same of everything. */
function zeroModel({ input, output }: SyntheticProblem) {
  const model = pascanuRnn({ input: input, output: output, hidden: 4 });
  const { layer, readout } = model.init(Key.of(1));
  const W = fromArray(new Float32Array(4 * output), [4, output]);
  return { model, params: { layer, readout: { ...readout, W } } };
}
