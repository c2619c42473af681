import {
  adam,
  Key,
  languageModel,
  leaves,
  onCpu,
  plateauSchedule,
  startTraining,
  type TrainOptions,
  textStreams,
  textTask,
  train,
} from "longspan";
import { describe, expect, it } from "vitest";

const optimiser = adam({ learningRate: 0.01 });
const model = languageModel({ vocabulary: 3, features: 2, hidden: 3 });
const text = Int32Array.from({ length: 400 }, (_, i) => [0, 1, 0, 2, 2][i % 5]!);
const task = textTask(model, textStreams(text, { streams: 4, steps: 7 }));
type Options = TrainOptions<ReturnType<typeof model.init>, unknown, unknown>;

/** A run whose validations find the given losses, one after the other. */
async function runWith(
  losses: readonly (number | null)[],
  options: Partial<Options> & { patience?: number } = {},
) {
  const { patience, ...others } = options;
  const seen: { step: number; loss: number; best: boolean }[] = [];
  const rates: number[] = [];
  let asked = 0;
  const end = await train(task, startTraining(task, optimiser, model.init(Key.of(1))), {
    optimiser,
    budget: { steps: 10 },
    key: Key.of(2),
    reportSeconds: 1000,
    validation: {
      every: { steps: 3 },
      run: async () => losses[asked++]!,
      ...(patience === undefined ? {} : { patience }),
    },
    callbacks: [{ onValidation: ({ step, loss, best }) => void seen.push({ step, loss, best }) }],
    ...(others as object),
  });
  return { ...end, seen, rates };
}

const numbers = (tree: unknown) => leaves(tree).flatMap((t) => [...onCpu(t).toArray()]);

describe("validation", () => {
  it("comes every so many steps and at the end, and the best parameters are kept", async () => {
    const { seen, state, ended } = await runWith([3, 2, 2.5, 2.25]);
    expect(seen).toEqual([
      { step: 3, loss: 3, best: true },
      { step: 6, loss: 2, best: true },
      { step: 9, loss: 2.5, best: false },
      { step: 10, loss: 2.25, best: false },
    ]);
    expect(ended).toBe("budget");
    expect(state.history.validations).toEqual(seen.map(({ step, loss }) => ({ step, loss })));
    expect([state.best?.step, state.best?.loss]).toEqual([6, 2]);
    const six = await runWith([3, 2], { budget: { steps: 6 } });
    expect(numbers(state.best!.params)).toEqual(numbers(six.state.params));
    expect(numbers(state.best!.params)).not.toEqual(numbers(state.params));
  });

  it("ends the run after `patience` validations without a new best", async () => {
    const { state, ended } = await runWith([2, 3, Number.NaN, 1, 1], { budget: { steps: 100 }, patience: 2 });
    expect([state.step, ended]).toEqual([9, "patience"]);
    const later = await runWith([2, 3, 1, 1, 1, 0], { budget: { steps: 100 }, patience: 2 });
    expect([later.state.step, later.ended, later.state.best?.step]).toEqual([15, "patience", 9]);
  });

  it("that is broken off ends the run, and is made up for when it is taken up again", async () => {
    const first = await runWith([2, null]);
    expect([first.state.step, first.ended, first.state.history.validations.length]).toEqual([6, "signal", 1]);
    const order: string[] = [];
    const second = await train(task, first.state, {
      optimiser,
      budget: { steps: 7 },
      key: Key.of(2),
      validation: { every: { steps: 3 }, run: async () => 1 },
      reportSeconds: 0,
      callbacks: [
        {
          onValidation: ({ step }) => void order.push(`valid ${step}`),
          onReport: ({ step }) => void order.push(`step ${step}`),
        },
      ],
    });
    expect(order).toEqual(["valid 6", "step 7", "valid 7"]);
    expect(second.state.history.validations.map((v) => v.step)).toEqual([3, 6, 7]);
  });

  it("drives a plateau schedule", async () => {
    const rates: number[] = [];
    const schedule = plateauSchedule({ rate: 0.01, factor: 0.5, patience: 1 });
    await runWith([2, 3, 1, 1], {
      schedule(progress) {
        rates.push(schedule(progress));
        return rates.at(-1)!;
      },
    });
    expect(new Set(rates.slice(0, 6))).toEqual(new Set([0.01]));
    expect(rates.slice(6)).toEqual([0.005, 0.005, 0.005, 0.005]);
  });

  it("by the clock, takes its share of the time and no more", async () => {
    const at: number[] = [];
    const begin = performance.now();
    await runWith([], {
      budget: { minutes: 1 / 60 },
      validation: {
        every: { seconds: 0.05, share: 0.5 },
        run: async () => {
          at.push(performance.now() - begin);
          await new Promise((resolve) => setTimeout(resolve, 100));
          return 1;
        },
      },
    });
    // The first after 50 ms; each takes 100 ms, so the next come 200 ms after its beginning at the earliest. The last is at the end.
    expect(at.length).toBeGreaterThanOrEqual(2);
    for (let i = 2; i < at.length - 1; i++) expect(at[i]! - at[i - 1]!).toBeGreaterThan(250);
  });

  it("a slow one is not followed by a report on a single step", async () => {
    const steps: number[] = [];
    await runWith([], {
      reportSeconds: 1,
      validation: {
        every: { steps: 5 },
        run: () => new Promise((resolve) => setTimeout(resolve, 1100, 1)),
      },
      callbacks: [{ onReport: ({ step }) => void steps.push(step) }],
    });
    expect(steps).toEqual([5, 10]);
  });

  it("impossible intervals are rejected", async () => {
    const validation = (every: { steps: number } | { seconds: number }) => ({ every, run: async () => 1 });
    await expect(runWith([], { validation: validation({ steps: 1.5 }) })).rejects.toThrow(
      "train: validation.every.steps is a positive integer, got 1.5",
    );
    await expect(runWith([], { validation: validation({ seconds: 0 }) })).rejects.toThrow(
      "train: validation.every.seconds is a positive number, got 0",
    );
  });
});
