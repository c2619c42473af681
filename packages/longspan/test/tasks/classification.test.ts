import {
  adam,
  bidirectional,
  type ClassifiedSequence,
  classificationLearner,
  classificationScores,
  classificationTask,
  gru,
  Key,
  leaves,
  lstm,
  recurrent,
  type SequenceClassifier,
  type SequenceReading,
  sequenceClassifier,
  startTraining,
  type Tensor,
  train,
} from "longspan";
import { describe, expect, it } from "vitest";

/** Sequences of several lengths whose class is the sign of the sum of their numbers. */
function signs(count: number): ClassifiedSequence[] {
  return Array.from({ length: count }, (_, i) => {
    const steps = 2 + (i % 5);
    const values = Float32Array.from({ length: steps }, (_, t) => Math.sin(1 + 7 * i + 3 * t));
    return { values, steps, label: values.reduce((a, b) => a + b, 0) > 0 ? 1 : 0 };
  });
}

const modelOf = (read: SequenceReading = "mean") =>
  sequenceClassifier({
    layer: recurrent(gru({ input: 1, hidden: 6 })),
    features: 6,
    classes: 2,
    read,
  }) as unknown as SequenceClassifier<object>;
const [first, second] = [signs(2)[0]!, signs(6)[5]!];

describe("a sequence classifier", () => {
  it.each(["mean", "last"] as const)(
    "reads a sequence alone as it reads it beside others (%s)",
    async (read) => {
      const learner = classificationLearner(modelOf(read));
      const params = learner.init(Key.of(1));
      const lossOf = async (some: readonly ClassifiedSequence[]) =>
        (await (learner.loss(params as never, learner.pack(some, null), null) as Tensor).data())[0]!;
      const [a, b] = [await lossOf([first]), await lossOf([second])];
      expect(await lossOf([first, second])).toBeCloseTo((a + b) / 2, 6);
      expect(Math.abs(a - b)).toBeGreaterThan(1e-4);
    },
  );

  it("weighs examples: the mean of weight times loss", async () => {
    const learner = classificationLearner(modelOf());
    const params = learner.init(Key.of(1));
    const lossOf = async (some: readonly ClassifiedSequence[], weights: number[] | null) =>
      (
        await (
          learner.loss(
            params as never,
            learner.pack(some, weights && Float64Array.from(weights)),
            null,
          ) as Tensor
        ).data()
      )[0]!;
    const [a, b] = [await lossOf([first], null), await lossOf([second], null)];
    expect(await lossOf([first, second], [0.5, 1.5])).toBeCloseTo((0.5 * a + 1.5 * b) / 2, 6);
  });

  it("with both directions, `last` sees the end of each", async () => {
    const cell = () => lstm({ input: 1, hidden: 3 });
    const model = sequenceClassifier({
      layer: bidirectional(cell(), cell()),
      features: 6,
      classes: 2,
      read: "last",
    }) as unknown as SequenceClassifier<object>;
    const learner = classificationLearner(model);
    const params = learner.init(Key.of(2));
    const lossOf = async (values: number[]) =>
      (
        await (
          learner.loss(
            params as never,
            learner.pack([{ values: Float32Array.from(values), steps: values.length, label: 0 }], null),
            null,
          ) as Tensor
        ).data()
      )[0]!;
    const base = await lossOf([0.1, 0.2, 0.3, 0.4]);
    expect(await lossOf([0.9, 0.2, 0.3, 0.4])).not.toBe(base);
    expect(await lossOf([0.1, 0.2, 0.3, 0.9])).not.toBe(base);
  });

  it("learns the sign of a sum", async () => {
    const examples = signs(60);
    const model = modelOf();
    const task = classificationTask(model, examples, { key: Key.of(1), batch: 20 });
    const optimiser = adam({ learningRate: 0.02 });
    const { state } = await train(task, startTraining(task, optimiser, model.init(Key.of(2))), {
      optimiser,
      budget: { steps: 120 },
      key: Key.of(3),
    });
    const found = await classificationLearner(model).evaluate(state.params, examples);
    expect(found?.measures.accuracy).toBeGreaterThan(0.9);
    expect(found?.examples).toBe(60);
  });

  it("cut in two, training ends with the same bits", async () => {
    const examples = signs(23);
    const model = modelOf();
    const options = { key: Key.of(1), batch: 5, weights: examples.map((_, i) => 1 + (i % 3)) };
    const run = async (cuts: readonly number[]) => {
      const optimiser = adam({ learningRate: 0.02 });
      let task = classificationTask(model, examples, options);
      let state = startTraining(task, optimiser, model.init(Key.of(2)));
      for (const steps of cuts) {
        task = classificationTask(model, examples, options);
        ({ state } = await train(task, state, { optimiser, budget: { steps }, key: Key.of(3) }));
      }
      return Promise.all(leaves(state.params).map(async (p) => Array.from(await (p as Tensor).data())));
    };
    expect(await run([4, 13])).toEqual(await run([13]));
  });

  it("ends an evaluation when the signal comes", async () => {
    const learner = classificationLearner(modelOf());
    expect(
      await learner.evaluate(learner.init(Key.of(1)), signs(3), { signal: { aborted: true } }),
    ).toBeNull();
  });
});

describe("classificationScores", () => {
  it("gives accuracy, F1 and the confusion of three classes, one of which never occurs", () => {
    // Of class 0: 3 of 4 found, 3 of 4 said to be it are; of class 1: 1 of 2 found, 1 of 2 said.
    const { accuracy, macroF1, perClass, confusion } = classificationScores(
      [0, 0, 0, 0, 1, 1],
      [0, 0, 0, 1, 1, 0],
      3,
    );
    expect(accuracy).toBeCloseTo(4 / 6, 12);
    expect(macroF1).toBeCloseTo((0.75 + 0.5) / 2, 12);
    expect(perClass[0]).toEqual({ precision: 0.75, recall: 0.75, f1: 0.75, examples: 4 });
    expect(perClass[2]).toEqual({ precision: 0, recall: 0, f1: 0, examples: 0 });
    expect(confusion).toEqual([
      [3, 1, 0],
      [1, 1, 0],
      [0, 0, 0],
    ]);
  });

  it("counts a class that is only ever answered as one with an F1 of 0", () => {
    expect(classificationScores([0, 0], [0, 1], 2).macroF1).toBeCloseTo((2 / 3 + 0) / 2, 12);
  });

  it("refuses a class that there is not", () => {
    expect(() => classificationScores([0, 2], [0, 1], 2)).toThrow(
      "classificationScores: right[1] is an integer from 0 to 1, got 2",
    );
  });
});
