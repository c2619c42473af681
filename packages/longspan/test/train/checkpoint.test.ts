import {
  adam,
  CheckpointError,
  clipByJointNorm,
  compose,
  decodeCheckpoint,
  encodeCheckpoint,
  Key,
  languageModel,
  leaves,
  linearSchedule,
  onCpu,
  startTraining,
  type Tensor,
  textStreams,
  textTask,
  train,
  WeightFileError,
  warmUp,
} from "longspan";
import { describe, expect, it } from "vitest";

const optimiser = compose(clipByJointNorm(1), adam());
const text = Int32Array.from({ length: 600 }, (_, i) => [0, 1, 0, 2, 2][(i + (i >> 5)) % 5]!);

function build(hidden = 4) {
  const model = languageModel({ vocabulary: 3, features: 3, hidden, layers: 2, dropout: 0.3 });
  const task = textTask(model, textStreams(text, { streams: 4, steps: 7 }));
  return { task, start: () => startTraining(task, optimiser, model.init(Key.of(1))) };
}

const options = {
  optimiser,
  key: Key.of(2),
  schedule: warmUp(5, linearSchedule(0.02)),
  validation: {
    every: { steps: 4 },
    // Any function of the parameters will do.
    run: async (params: { readout: { b: Tensor } }) => onCpu(params.readout.b).toArray()[0]!,
  },
};
const numbers = (tree: unknown) => leaves(tree).flatMap((t) => [...onCpu(t).toArray()]);

/** Two layers, dropout, a schedule, the state carried in mid-text. */
async function cut(at: number, last: number) {
  const { task, start } = build();
  // The schedule looks at the share of the whole budget, so the run is interrupted, not given a smaller one.
  const signal = { aborted: false };
  const first = await train(task, start(), {
    ...options,
    budget: { steps: last },
    reportSeconds: 0,
    signal,
    callbacks: [
      {
        onReport({ step }) {
          signal.aborted = step === at;
        },
      },
    ],
  });
  expect([first.state.step, first.ended]).toEqual([at, "signal"]);
  const { tensors, progress } = await encodeCheckpoint(first.state);
  const stored = JSON.parse(JSON.stringify(progress));
  const back = decodeCheckpoint({ tensors, progress: stored }, start());
  expect(numbers(back)).toEqual(numbers(first.state));
  expect(back.history).toEqual(first.state.history);
  return train(task, back, { ...options, budget: { steps: last } });
}

describe("a checkpoint", () => {
  it("lets a run go on with the same bits, wherever it was cut", async () => {
    const { task, start } = build();
    const whole = await train(task, start(), { ...options, budget: { steps: 30 } });
    for (const at of [1, 4, 13, 29]) {
      const { state } = await cut(at, 30);
      expect(numbers(state)).toEqual(numbers(whole.state));
      expect(state.history.validations).toEqual(whole.state.history.validations);
      expect(state.best?.step).toBe(whole.state.best?.step);
      expect(state.history.predictions).toBe(whole.state.history.predictions);
    }
  });

  it("of another run names what differs", async () => {
    const { tensors, progress } = await encodeCheckpoint(build().start());
    expect(() => decodeCheckpoint({ tensors, progress }, build(5).start())).toThrow(WeightFileError);
    expect(() => decodeCheckpoint({ tensors, progress }, build(5).start())).toThrow(
      'tensor "params.layers[0].U": expected float32 [3, 20], found float32 [3, 16]',
    );
  });

  it("that is damaged says where", async () => {
    const { task, start } = build();
    const { state } = await train(task, start(), { ...options, budget: { steps: 4 } });
    const { tensors, progress } = await encodeCheckpoint(state);
    const damaged = (changes: object) => () =>
      decodeCheckpoint({ tensors, progress: { ...progress, ...changes } }, start());
    expect(damaged({})().step).toBe(4);
    expect(damaged({ format: "x" })).toThrow('checkpoint: format is "x", expected "longspan-checkpoint"');
    expect(damaged({ step: -1 })).toThrow("checkpoint: step is -1, expected a whole number of at least 0");
    expect(damaged({ step: 5 })).toThrow(
      "the checkpoint's parts do not belong together: step 5 and tensors of step 4",
    );
    expect(damaged({ history: null })).toThrow("checkpoint: history.elapsed is undefined, expected a number");
    expect(damaged({ history: { ...progress.history, validations: [{ step: 1 }] } })).toThrow(
      'checkpoint: history.validations[0] is {"step":1}, expected a step and a loss',
    );
    expect(damaged({ best: 3 })).toThrow("checkpoint: best is 3, expected a step and a loss");
    expect(() => decodeCheckpoint({ tensors, progress: null }, start())).toThrow(CheckpointError);
    expect(() => decodeCheckpoint({ tensors: tensors.slice(0, 100), progress }, start())).toThrow(
      WeightFileError,
    );
  });
});
