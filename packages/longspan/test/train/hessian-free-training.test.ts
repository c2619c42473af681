import {
  adding,
  decodeCheckpoint,
  encodeCheckpoint,
  type HessianFreeState,
  hessianFree,
  Key,
  languageModel,
  leaves,
  onCpu,
  pascanuRnn,
  startTraining,
  syntheticTask,
  type Task,
  type Tensor,
  type TrainingState,
  type TrainReport,
  textStreams,
  textTask,
  train,
  withFlowPenalty,
} from "longspan";
import { describe, expect, it } from "vitest";

const problem = adding({ length: 12 });
const model = pascanuRnn({ input: 2, output: 1, hidden: 8 });
const optimiser = hessianFree({ damping: 0.1, maxSteps: 30 });
const key = Key.of(3);
const numbers = (tree: unknown) => leaves(tree).map((v) => [...onCpu(v).toArray()]);

type Report = TrainReport<unknown, HessianFreeState, unknown>;

async function trained<P, B, C>(
  task: Task<P, B, C>,
  steps: number,
  state: TrainingState<P, HessianFreeState, C>,
) {
  const reports: Report[] = [];
  const end = await train(task, state, {
    optimiser,
    budget: { steps },
    key,
    reportSeconds: 0,
    callbacks: [{ onReport: (r) => void reports.push(r) }],
  });
  return { state: end.state, reports };
}

describe("training by hessianFree", () => {
  const options = { key: Key.of(1), batch: 60 };
  const start = () => model.init(Key.of(2));

  it("takes curvature from the first sequences of the batch, and says so", async () => {
    const task = syntheticTask(model, problem, { ...options, curvature: 20 });
    const [whole, part] = [task.batch(4), task.curvatureBatch!(4)];
    expect([...part.targets]).toEqual([...whole.targets.slice(0, 20)]);
    const { reports } = await trained(task, 6, startTraining(task, optimiser, start()));
    for (const { measures } of reports) {
      expect(measures["curvature batch"]).toBe(20);
      expect(measures["cg steps"]).toBeGreaterThan(0);
    }
    expect(reports.at(-1)!.loss).toBeLessThan(reports[0]!.loss);
    const all = syntheticTask(model, problem, options);
    const { reports: of } = await trained(all, 1, startTraining(all, optimiser, start()));
    expect(of[0]!.measures["curvature batch"]).toBe(60);
    expect(of[0]!.measures["cost in gradients"]).toBeGreaterThan(reports[0]!.measures["cost in gradients"]!);
    expect(() => syntheticTask(model, problem, { ...options, curvature: 61 })).toThrow(
      "syntheticTask: curvature is an integer from 1 to 60, got 61",
    );
  });

  it("takes curvature from the first streams of a text, in the state that they are in", async () => {
    const lm = languageModel({ vocabulary: 5, features: 3, hidden: 4, cell: "lstm", layers: 2 });
    const symbols = Int32Array.from({ length: 401 }, (_, i) => (i * i + (i >> 2)) % 5);
    const streams = textStreams(symbols, { streams: 4, steps: 9 });
    const task = textTask(lm, streams, { curvature: 3 });
    // The first three streams as a text of their own, and the states that they have come to.
    const own = textTask(lm, textStreams(symbols.slice(0, 301), { streams: 3, steps: 9 }));
    const params = lm.init(Key.of(5));
    let [all, three] = [task.carriedAtStart(params), own.carriedAtStart(params)];
    for (let step = 0; step < 3; step++) {
      expect(task.curvatureBatch!(step)).toMatchObject({
        inputs: own.batch(step).inputs,
        targets: own.batch(step).targets,
        fresh: step === 0,
      });
      const small = task.loss(params, task.curvatureBatch!(step), all, key);
      const expected = own.loss(params, own.batch(step), three, key);
      expect(onCpu(small.loss as Tensor).item()).toBe(onCpu(expected.loss as Tensor).item());
      all = task.loss(params, task.batch(step), all, key).carried as typeof all;
      three = expected.carried as typeof three;
    }
    const { reports } = await trained(task, 4, startTraining(task, optimiser, params));
    expect(reports.map(({ measures }) => measures["curvature batch"])).toEqual([27, 27, 27, 27]);
    for (const bad of [0, 5, 1.5])
      expect(() => textTask(lm, streams, { curvature: bad })).toThrow(
        `textTask: curvature is an integer from 1 to 4, got ${bad}`,
      );
    expect(() => streams.segment(0, 5)).toThrow(
      "textStreams.segment: first is an integer from 1 to 4, got 5",
    );
  });

  it("goes on from a checkpoint with the same bits, carried states and damping included", async () => {
    const lm = languageModel({ vocabulary: 5, features: 3, hidden: 4, cell: "rnn", dropout: 0.3 });
    const text = Int32Array.from({ length: 400 }, (_, i) => (i * i + (i >> 2)) % 5);
    const task = textTask(lm, textStreams(text, { streams: 3, steps: 9 }));
    const begin = () => startTraining(task, optimiser, lm.init(Key.of(5)));
    const whole = await trained(task, 6, begin());
    const first = await trained(task, 3, begin());
    const { tensors, progress } = await encodeCheckpoint(first.state);
    const stored = decodeCheckpoint({ tensors, progress: JSON.parse(JSON.stringify(progress)) }, begin());
    const rest = await trained(task, 6, stored);
    const kept = ({ params, optimiser, carried }: typeof whole.state) =>
      numbers([params, optimiser, carried]);
    expect(kept(rest.state)).toEqual(kept(whole.state));
    expect(numbers(whole.state.carried)).not.toEqual(numbers(begin().carried));
  });

  it("judges steps by the loss with its penalty, and takes curvature without it", async () => {
    const task = withFlowPenalty(syntheticTask(model, problem, { ...options, curvature: 20 }), {
      weight: 0.1,
    });
    const { reports } = await trained(task, 3, startTraining(task, optimiser, start()));
    expect(reports[0]!.measures.omega).toBeGreaterThan(0);
    expect(reports[0]!.measures["curvature batch"]).toBe(20);
    const plain = syntheticTask(model, problem, { ...options, curvature: 20 });
    const { reports: without } = await trained(plain, 3, startTraining(plain, optimiser, start()));
    const along = (r: Report) => r.measures["hessian along gradient"];
    expect(along(reports[0]!)).not.toBe(along(without[0]!));
  });
});
