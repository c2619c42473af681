import {
  adam,
  adding,
  type Collective,
  classificationTask,
  clipByJointNorm,
  compose,
  decodeCheckpoint,
  ExplosionError,
  encodeCheckpoint,
  gru,
  hessianFree,
  Key,
  languageModel,
  leaves,
  onCpu,
  pascanuRnn,
  ranksInProcess,
  recurrent,
  sequenceClassifier,
  startTraining,
  syntheticTask,
  type Task,
  type Trained,
  type TrainingState,
  type TrainOptions,
  textStreams,
  textTask,
  train,
  withFlowPenalty,
} from "longspan";
import { describe, expect, it } from "vitest";

const optimiser = compose(clipByJointNorm(1), adam({ learningRate: 0.01 }));
type State<P, C> = TrainingState<P, ReturnType<typeof optimiser.init>, C>;
type Options = Partial<TrainOptions<never, never, never>>;

const symbols = Int32Array.from({ length: 403 }, (_, i) => [0, 1, 0, 2, 2][(i * i + Math.floor(i / 7)) % 5]!);
const numbers = (tree: unknown) => leaves(tree).flatMap((t) => [...onCpu(t).toArray()]);

/** A task, and the state before its first step. */
interface Case<P, C> {
  readonly task: Task<P, unknown, C>;
  start(): State<P, C>;
}

function inTwo<P, B, C>(task: Task<P, B, C>, init: () => P): Case<P, C> {
  const some = task as unknown as Task<P, unknown, C>;
  return { task: some, start: () => startTraining(some, optimiser, init()) as State<P, C> };
}

// The last segment of a pass is shorter, and five streams make unequal shares.
const text = () => {
  const model = languageModel({ vocabulary: 3, features: 4, hidden: 8, layers: 2 });
  const task = textTask(model, textStreams(symbols, { streams: 5, steps: 9 }));
  return inTwo(task, () => model.init(Key.of(1)));
};

const synthetic = () => {
  const problem = adding({ length: 10 });
  const model = pascanuRnn({ input: 2, output: 1, hidden: 8 });
  const task = syntheticTask(model, problem, { key: Key.of(3), batch: 7 });
  return inTwo(task, () => model.init(Key.of(1)));
};

// 13 examples in batches of 5: the last of a pass has 3, of lengths from 1 to 6, and weights.
const examples = () => {
  const layer = recurrent(gru({ input: 2, hidden: 6 }));
  const model = sequenceClassifier({ layer, features: 6, classes: 3 });
  const some = Array.from({ length: 13 }, (_, i) => ({
    values: Float32Array.from({ length: 2 * (1 + (i % 6)) }, (_, k) => Math.sin(3 * i + k)),
    steps: 1 + (i % 6),
    label: i % 3,
  }));
  const weights = some.map((_, i) => 1 + (i % 4));
  const task = classificationTask(model, some, { key: Key.of(4), batch: 5, weights });
  return inTwo(task, () => model.init(Key.of(1)));
};

const flow = () => {
  const problem = adding({ length: 10 });
  const model = pascanuRnn({ input: 2, output: 1, hidden: 8 });
  const plain = syntheticTask(model, problem, { key: Key.of(3), batch: 6 });
  return inTwo(withFlowPenalty(plain, { weight: 0.5 }), () => model.init(Key.of(1)));
};

const usual = { optimiser, key: Key.of(2) };

async function alone<P, C>({ task, start }: Case<P, C>, steps: number, options: Options = {}) {
  return await train(task, start(), { ...usual, budget: { steps }, ...(options as object) } as never);
}

/** The same on several ranks at once. @param options of each rank @returns what each gives */
async function together<P, C>(
  { task, start }: Case<P, C>,
  steps: number,
  ranks: number,
  options: (collective: Collective) => Options = () => ({}),
  from: (rank: number) => State<P, C> = start,
): Promise<Trained<P, unknown, C>[]> {
  return await Promise.all(
    ranksInProcess(ranks).map((collective) =>
      train(task, from(collective.rank), {
        ...usual,
        budget: { steps },
        collective,
        ...(options(collective) as object),
      } as never),
    ),
  );
}

function furthest(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
}

describe.each([
  ["a text", text],
  ["a synthetic problem", synthetic],
  ["weighted examples of unequal length", examples],
  ["a penalty on the flow", flow],
] as [string, () => Case<unknown, unknown>][])("ranks on %s", (_, make) => {
  it.each([2, 3])("%i do what one process does with the whole batch, to rounding", async (ranks) => {
    const one = await alone(make(), 12);
    const all = await together(make(), 12, ranks);
    for (const { state, loss, predictions, ended } of all) {
      expect(furthest(numbers(state.params), numbers(one.state.params))).toBeLessThan(2e-5);
      // What is carried is that of all.
      expect(furthest(numbers(state.carried), numbers(one.state.carried))).toBeLessThan(2e-5);
      expect(Math.abs(loss - one.loss)).toBeLessThan(1e-5);
      expect([predictions, ended, state.step]).toEqual([one.predictions, "budget", 12]);
    }
    // It is not that nothing was learned.
    expect(furthest(numbers(one.state.params), numbers(make().start().params))).toBeGreaterThan(0.01);
  });

  it("the ranks have the same bits, and a second run has them again", async () => {
    const [first, ...others] = await together(make(), 8, 3);
    for (const other of others) expect(numbers(other.state)).toEqual(numbers(first!.state));
    const [again] = await together(make(), 8, 3);
    expect(numbers(again!.state)).toEqual(numbers(first!.state));
  });

  it("goes on with another number of ranks, and with one", async () => {
    const whole = await alone(make(), 12);
    const stored = await Promise.all(
      (await together(make(), 5, 3)).map(({ state }) => encodeCheckpoint(state)),
    );
    const made = make();
    // Only the first rank has the checkpoint; the others begin with any state.
    const two = await together(made, 9, 2, undefined, (rank) =>
      rank === 0 ? (decodeCheckpoint(stored[0]!, made.start()) as never) : made.start(),
    );
    const last = await train(made.task, two[1]!.state as never, { ...usual, budget: { steps: 12 } } as never);
    expect(furthest(numbers(last.state), numbers(whole.state))).toBeLessThan(2e-5);
  });
});

describe("ranks", () => {
  it("with nothing left for them wait for the others", async () => {
    const one = await alone(examples(), 6);
    const [, , , , fifth, sixth] = await together(examples(), 6, 6);
    expect(furthest(numbers(sixth!.state.params), numbers(one.state.params))).toBeLessThan(2e-5);
    expect(numbers(fifth!.state.params)).toEqual(numbers(sixth!.state.params));
  });

  it("report the loss of all, and hand over what all carry", async () => {
    const seen: number[][] = [];
    const reports = (to: number[][]): Options => ({
      reportSeconds: 0,
      callbacks: [
        {
          onReport: ({ loss, gradientNorm, predictions, state }) => {
            to.push([loss, gradientNorm, predictions, ...numbers((state as { carried: unknown }).carried)]);
          },
        },
      ],
    });
    await alone(text(), 4, reports(seen));
    const ofRanks: number[][][] = [[], []];
    await together(text(), 4, 2, ({ rank }) => reports(ofRanks[rank]!));
    for (const found of ofRanks) {
      expect(found.length).toBe(4);
      for (const [i, figures] of found.entries()) expect(furthest(figures, seen[i]!)).toBeLessThan(1e-5);
    }
  });

  it("validate once, on the first rank, and stop together when that no longer helps", async () => {
    const asked: number[] = [];
    const all = await together(text(), 100, 2, ({ rank }) => ({
      validation: {
        every: { steps: 2 },
        patience: 2,
        run: async () => asked.push(rank),
      },
    }));
    expect(asked).toEqual([0, 0, 0]);
    for (const { ended, state } of all) {
      expect([ended, state.step]).toEqual(["patience", 6]);
      expect(state.history.validations).toEqual([1, 2, 3].map((loss) => ({ step: 2 * loss, loss })));
      expect(state.best?.step).toBe(2);
    }
  });

  it("end together when the signal comes to one of them", async () => {
    const signal = { aborted: false };
    const end = (step: number) => {
      signal.aborted = step === 4;
    };
    const all = await together(text(), 100, 3, ({ rank }) =>
      rank === 2 ? { signal, callbacks: [{ onStep: ({ step }) => end(step) }] } : {},
    );
    expect(all.map(({ ended, state }) => [ended, state.step])).toEqual(Array(3).fill(["signal", 5]));
  });

  it("go by the first rank's clock", async () => {
    const all = await together(text(), 0, 2, () => ({ budget: { minutes: 0.002 }, reportSeconds: 0.01 }));
    expect(all[0]!.state.step).toBeGreaterThan(0);
    expect(all[0]!.state.step).toBe(all[1]!.state.step);
    expect(all[0]!.state.history).toEqual({ ...all[1]!.state.history, seconds: expect.any(Number) });
  });

  it("all stop at a gradient that explodes in the share of one, and say the same", async () => {
    const { task, start } = synthetic();
    const spoilt: typeof task = {
      ...task,
      batch: (step) => spoiling(task.batch(step), step, 6),
      share(of) {
        const share = task.share!(of);
        return { batch: (step) => spoiling(share.batch(step), step, of.rank === 1 ? 3 : -1) };
      },
    };
    const ends = await Promise.allSettled(
      ranksInProcess(2).map((collective) =>
        train(spoilt, start(), { ...usual, collective, budget: { steps: 6 } } as never),
      ),
    );
    const errors = ends.map((end) => (end as PromiseRejectedResult).reason);
    for (const error of errors) expect(error).toBeInstanceOf(ExplosionError);
    expect(errors[0].report.step).toBe(4);
    expect(errors[0].message).toContain("is in the input of step 0 of sequence 3,");
    expect(errors[1].message).toBe(errors[0].message);
  });

  it("refuse a task that cannot be shared, more ranks than streams, and an optimiser that looks again", async () => {
    const { task, start } = synthetic();
    const { share: _, ...whole } = task;
    const [first] = ranksInProcess(6);
    await expect(
      train(whole, start(), { ...usual, budget: { steps: 1 }, collective: first! } as never),
    ).rejects.toThrow(
      new TypeError(
        "train: the task has no share, so its batches cannot be shared among 6 ranks; give it one, or train with one rank",
      ),
    );
    const { task: reading, start: begin } = text();
    await expect(
      train(reading, begin(), { ...usual, budget: { steps: 1 }, collective: first! } as never),
    ).rejects.toThrow(
      new RangeError(
        "textTask: 5 streams cannot be shared among 6 ranks, which take one each at least; give more streams or start fewer ranks",
      ),
    );
    const free = hessianFree();
    const ends = ranksInProcess(2).map((collective) =>
      train(task, startTraining(task, free, start().params), {
        optimiser: free,
        key: Key.of(1),
        collective,
        budget: { steps: 1 },
      }),
    );
    for (const end of await Promise.allSettled(ends))
      expect((end as PromiseRejectedResult).reason.message).toBe(
        "train: an optimiser that looks at the loss again, such as hessianFree, works on one rank only: the others would have to look at their shares as often; choose another optimiser, or train with one rank",
      );
  });

  it("with one rank are no ranks at all: the same bits as without", async () => {
    const plain = await alone(text(), 6);
    const [one] = await together(text(), 6, 1);
    expect(numbers(one!.state)).toEqual(numbers(plain.state));
  });

  it("refuse sums of unequal lengths", async () => {
    const [a, b] = ranksInProcess(2);
    const sums = await Promise.allSettled([a!.sum(new Float32Array(2)), b!.sum(new Float32Array(3))]);
    for (const end of sums)
      expect((end as PromiseRejectedResult).reason.message).toBe(
        "sum: rank 1 gives 3 numbers, rank 0 2; every rank gives as many",
      );
  });
});

/** NaN in the input of a sequence of the batch of step 4. */
function spoiling(batch: unknown, step: number, at: number): unknown {
  const { x, ...others } = batch as { x: Float32Array };
  if (step !== 4 || at < 0) return batch;
  const spoilt = Float32Array.from(x);
  spoilt[at] = Number.NaN;
  return { ...others, x: spoilt };
}
