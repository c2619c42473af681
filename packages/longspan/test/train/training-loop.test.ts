import {
  adam,
  add,
  clipByJointNorm,
  compose,
  defaultExecutor,
  ExplosionError,
  heldFirst,
  Key,
  type LanguageModelConfig,
  languageModel,
  leaves,
  linearSchedule,
  momentumSchedule2013,
  mul,
  type Nesterov2013State,
  NonFiniteLossError,
  nesterov2013,
  onCpu,
  type Progress,
  startTraining,
  sum,
  type Tensor,
  type TextTask,
  textStreams,
  textTask,
  train,
  warmUp,
} from "longspan";
import { describe, expect, it } from "vitest";
import { settled } from "../../../../tests/settled.js";

const optimiser = compose(clipByJointNorm(1), adam({ learningRate: 0.01 }));

/** A text with period 5 over 3 symbols: what follows needs two symbols of memory. */
const periodic = Int32Array.from({ length: 400 }, (_, i) => [0, 1, 0, 2, 2][i % 5]!);

function build(config: Partial<LanguageModelConfig> = {}) {
  const model = languageModel({ vocabulary: 3, features: 4, hidden: 8, ...config });
  const task = textTask(model, textStreams(periodic, { streams: 4, steps: 7 }));
  return { task, start: (seed = 1) => startTraining(task, optimiser, model.init(Key.of(seed))) };
}

const numbers = (tree: unknown) => leaves(tree).flatMap((t) => [...onCpu(t).toArray()]);
const release = (tree: unknown) => {
  for (const t of leaves(tree)) (t as Tensor).dispose();
};
const usual = { optimiser, key: Key.of(2) };

describe("a run", () => {
  for (const cell of ["lstm", "gru", "rnn"] as const)
    it(`${cell}: learns a periodic text to nearly 0 nats`, async () => {
      const { task, start } = build({ cell });
      const { state } = await train(task, start(), {
        ...usual,
        budget: { steps: 500 },
        schedule: warmUp(10, linearSchedule(0.03)),
      });
      // The loss of the finished model: the run's own figure is a mean over steps between reports, which come by the clock.
      const { loss } = task.loss(state.params, task.batch(state.step), state.carried, Key.of(3));
      expect(onCpu(loss).item()).toBeLessThan(0.02);
    });

  it("reports, sees the learning rate, and adds up", async () => {
    const { task, start } = build();
    const seen: Progress[] = [];
    const reports: number[][] = [];
    const steps: number[] = [];
    const { state, ended, predictions, loss } = await train(task, start(), {
      ...usual,
      budget: { steps: 4 },
      reportSeconds: 0,
      schedule(progress) {
        seen.push(progress);
        return 0.5 / (progress.step + 1);
      },
      callbacks: [
        {
          onStep({ step, params }) {
            expect(params.readout.b.isReleased).toBe(false);
            expect(reports.length).toBe(step - 1);
            steps.push(step);
          },
          onReport({ step, fraction, learningRate, loss, gradientNorm, state }) {
            const [clip, rule] = state.optimiser.inner;
            expect(state.params.readout.b.isReleased).toBe(false);
            expect(onCpu(rule.learningRate).item()).toBeCloseTo(learningRate!, 6);
            expect(onCpu(clip.norm).item()).toBeCloseTo(gradientNorm, 5);
            reports.push([step, fraction, loss]);
          },
        },
      ],
    });
    expect(seen).toEqual([0, 1, 2, 3].map((step) => ({ step, fraction: step / 4, validations: [] })));
    expect(steps).toEqual([1, 2, 3, 4]);
    expect(reports.map(([step, fraction]) => [step, fraction])).toEqual([
      [1, 0.25],
      [2, 0.5],
      [3, 0.75],
      [4, 1],
    ]);
    expect([state.step, ended, predictions]).toEqual([4, "budget", 4 * 28]);
    expect(loss).toBeCloseTo(reports.reduce((p, r) => p + r[2]!, 0) / 4, 6);
  });

  it("does the same whether it is watched or not, and in two parts", async () => {
    const { task, start } = build({ dropout: 0.2, layers: 2 });
    const schedule = ({ step }: Progress) => 0.02 / (step + 1);
    const whole = await train(task, start(), { ...usual, budget: { steps: 30 }, schedule });
    const watched = await train(task, start(), {
      ...usual,
      budget: { steps: 30 },
      schedule,
      reportSeconds: 0,
      callbacks: [{ onReport() {} }],
    });
    const first = await train(task, start(), { ...usual, budget: { steps: 11 }, schedule });
    expect(first.state.step).toBe(11);
    const second = await train(task, first.state, { ...usual, budget: { steps: 30 }, schedule });
    expect(numbers(watched.state)).toEqual(numbers(whole.state));
    expect(numbers(second.state)).toEqual(numbers(whole.state));
    expect(second.state.history.predictions).toBe(whole.state.history.predictions);
  });

  it("hands the optimiser the momentum of each step, and goes on with it when it is taken up again", async () => {
    const model = languageModel({ vocabulary: 3, features: 4, hidden: 8 });
    const task = textTask(model, textStreams(periodic, { streams: 4, steps: 7 }));
    const rule = nesterov2013({ learningRate: 0.1, momentum: 0 });
    const start = () => startTraining(task, rule, model.init(Key.of(1)));
    const schedule = heldFirst(3, 0.25, momentumSchedule2013({ most: 0.8, every: 4 }));
    const options = { optimiser: rule, key: Key.of(2), momentum: schedule };
    const seen: number[] = [];
    const onStep = ({
      optimiser: { inner },
    }: {
      readonly optimiser: { readonly inner: Nesterov2013State };
    }) => {
      seen.push(onCpu(inner.momentum).item());
    };
    const whole = await train(task, start(), { ...options, budget: { steps: 10 }, callbacks: [{ onStep }] });
    const expected = [0.25, 0.25, 0.25, 0.5, 0.75, 0.75, 0.75, 0.75, 0.8, 0.8];
    expect(seen).toEqual(expected.map(Math.fround));
    const first = await train(task, start(), { ...options, budget: { steps: 5 } });
    const second = await train(task, first.state, { ...options, budget: { steps: 10 } });
    expect(numbers(second.state)).toEqual(numbers(whole.state));
    const { momentum: _, ...without } = options;
    const other = await train(task, start(), { ...without, budget: { steps: 10 } });
    expect(numbers(other.state.params)).not.toEqual(numbers(whole.state.params));
  });

  it("2,000 steps leave memory flat and compile nothing new", async () => {
    await settled();
    const { task, start } = build({ hidden: 3, features: 2 });
    const { statistics } = defaultExecutor();
    expect(statistics).toBeDefined();
    const [inUse, reserved, compiled]: number[][] = [[], [], []];
    const { state } = await train(task, start(), {
      ...usual,
      budget: { steps: 2000 },
      reportSeconds: 0,
      schedule: warmUp(10, linearSchedule(0.01)),
      callbacks: [
        {
          onReport() {
            const { bytesInUse, bytesReserved, compiled: programs } = defaultExecutor().statistics;
            inUse!.push(bytesInUse);
            reserved!.push(bytesReserved);
            compiled!.push(programs);
          },
        },
      ],
    });
    // After three passes, the shorter last segment included, the runs of each kind of step are captured.
    const warm = 3 * textStreams(periodic, { streams: 4, steps: 7 }).segments + 1;
    expect(inUse!.length).toBe(2000);
    expect(new Set(inUse!.slice(warm)).size).toBe(1);
    expect(new Set(reserved!.slice(warm)).size).toBe(1);
    expect(new Set(compiled!.slice(warm)).size).toBe(1);
    release(state);
  });

  it("gives back all memory but the result", async () => {
    const { task, start } = build();
    release((await train(task, start(), { ...usual, budget: { steps: 20 } })).state);
    await settled();
    const before = defaultExecutor().statistics.bytesInUse;
    release((await train(task, start(), { ...usual, budget: { steps: 20 } })).state);
    expect(defaultExecutor().statistics.bytesInUse).toBe(before);
    const failing = train(task, start(), {
      ...usual,
      budget: { steps: 20 },
      callbacks: [{ onReport: () => Promise.reject(new Error("disk full")) }],
    });
    await expect(failing).rejects.toThrow("disk full");
    expect(defaultExecutor().statistics.bytesInUse).toBe(before);
  });

  it("ends after the current step when the signal comes, and gives way to timers", async () => {
    const { task, start } = build();
    const signal = { aborted: false };
    const timer = setTimeout(() => {
      signal.aborted = true;
    }, 120);
    const { ended, state } = await train(task, start(), { ...usual, budget: { steps: 1e6 }, signal });
    clearTimeout(timer);
    expect(ended).toBe("signal");
    expect(state.step).toBeGreaterThan(0);
    expect(state.step).toBeLessThan(1e6);
  });

  it("lasts as many minutes as it is given", async () => {
    const { task, start } = build();
    const begin = performance.now();
    const { ended, seconds } = await train(task, start(), { ...usual, budget: { minutes: 0.3 / 60 } });
    const took = (performance.now() - begin) / 1000;
    expect(ended).toBe("budget");
    expect(took).toBeGreaterThanOrEqual(0.3);
    expect(took).toBeLessThan(3);
    expect(seconds).toBeLessThanOrEqual(took);
  });

  it("the time of callbacks is not training time", async () => {
    const { task, start } = build();
    const { seconds } = await train(task, start(), {
      ...usual,
      budget: { steps: 2 },
      reportSeconds: 0,
      callbacks: [{ onReport: () => new Promise((resolve) => setTimeout(resolve, 300)) }],
    });
    expect(seconds).toBeLessThan(0.3);
  });

  it("a budget of nothing is no run", async () => {
    const { task, start } = build();
    const { state, loss } = await train(task, start(), { ...usual, budget: { steps: 0 } });
    expect([state.step, loss]).toEqual([0, Number.NaN]);
    await expect(train(task, start(), { ...usual, budget: { minutes: -1 } })).rejects.toThrow(
      "train: budget.minutes is a finite number of at least 0, got -1",
    );
  });
});

describe("what is not finite", () => {
  /** The task with NaN or Inf added to the loss, or to one gradient, at one step. */
  function spoilt(task: TextTask, at: number, how: "gradient" | "loss"): TextTask {
    let step = 0;
    return {
      ...task,
      capturable: false,
      batch: (k) => {
        step = k;
        return task.batch(k);
      },
      loss(params, batch, carried, key) {
        const result = task.loss(params, batch, carried, key);
        if (step !== at) return result;
        const extra = how === "loss" ? mul(0, sum(params.readout.b)) : mul(Number.NaN, sum(params.readout.b));
        return {
          ...result,
          loss: add(result.loss, how === "loss" ? add(extra, Number.POSITIVE_INFINITY) : extra),
        };
      },
    };
  }

  it("a gradient stops the run with its step and parameter, also when it is noticed later", async () => {
    const { task, start } = build();
    for (const reportSeconds of [0, 1000]) {
      let last: number[] = [];
      const run = train(spoilt(task, 7, "gradient"), start(), {
        ...usual,
        budget: { steps: 20 },
        reportSeconds,
        callbacks: [
          {
            onReport({ state }) {
              last = numbers(state.params);
            },
          },
        ],
      });
      const error = await run.then(
        () => null,
        (e: unknown) => e,
      );
      const { report, message } = error as ExplosionError;
      expect(error).toBeInstanceOf(ExplosionError);
      expect([report.step, report.batch]).toEqual([
        7,
        "symbols 49 to 55 of 99 in each of 4 streams, pass 1 over the text",
      ]);
      expect(report.gradients.filter((r) => r.first !== null).map((r) => r.path)).toEqual(["readout.b"]);
      expect(message).toBe(
        'the gradient at step 7 (symbols 49 to 55 of 99 in each of 4 streams, pass 1 over the text) is not finite in "readout.b" [3]: 3 NaN, first at [0]. The loss is NaN. Remedies: a smaller learning rate, clipByJointNorm, or another policy for explosions to go on without such steps',
      );
      expect(last.every(Number.isFinite)).toBe(true);
    }
  });

  it("a loss does, though its gradient is finite", async () => {
    const { task, start } = build();
    const run = train(spoilt(task, 3, "loss"), start(), {
      ...usual,
      budget: { steps: 20 },
      reportSeconds: 1000,
    });
    await expect(run).rejects.toThrow(NonFiniteLossError);
    await expect(
      train(spoilt(task, 3, "loss"), start(), { ...usual, budget: { steps: 20 }, reportSeconds: 0 }),
    ).rejects.toThrow("the loss is not finite at one of the steps 3 to 3, although the gradients are finite");
  });

  it("a damaged parameter is noticed at the first step", async () => {
    const { task, start } = build();
    const state = start();
    state.params.embedding.E.write(numbers(state.params.embedding.E).fill(Number.NaN));
    await expect(train(task, state, { ...usual, budget: { steps: 20 } })).rejects.toThrow(
      'Before the step, the parameters held "embedding.E" [3, 4]: 12 NaN, first at [0, 0]. In recurrent layer 0 (lstm), the first value that is not finite is in the input of step 0 of sequence 0, counted from 0. Remedies: mend what is named; no learning rate will',
    );
  });
});
