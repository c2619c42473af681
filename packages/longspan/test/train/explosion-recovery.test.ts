import {
  adam,
  applyUpdates,
  chain,
  type ExplosionAction,
  ExplosionError,
  type ExplosionPolicy,
  fromArray,
  Key,
  leaves,
  linear,
  mapTree,
  mean,
  mul,
  normal,
  onCpu,
  recurrent,
  rnn,
  scope,
  square,
  startTraining,
  sub,
  sum,
  type Task,
  type Tensor,
  type Traceable,
  train,
  type ValuesOf,
  valueAndGrad,
} from "longspan";
import { describe, expect, it } from "vitest";

// A rectified net whose states grow by half at each step: over 5 steps it can be trained, over 40 its gradient is enormous, over
// 400 it overflows. Batches are of the three lengths in turn, most of them short.
const [streams, width, hidden, last] = [4, 2, 12, 60];
const layer = recurrent(rnn({ input: width, hidden, activation: "relu" }));
const readout = linear({ input: hidden, output: 1 });
const lengthOf = (step: number) => (step % 6 === 3 ? 40 : step % 6 === 5 ? 400 : 5);

interface Params {
  readonly layer: ReturnType<typeof layer.init>;
  readonly readout: ReturnType<typeof readout.init>;
}
interface Batch {
  readonly x: Tensor;
  readonly steps: number;
}
type Carried = ValuesOf<{ h: readonly number[] }>;

const start = (): Params => ({
  layer: {
    ...layer.init(Key.of(1)),
    W: fromArray(
      Array.from({ length: hidden ** 2 }, (_, i) => (i % (hidden + 1) === 0 ? 1.5 : 0)),
      [hidden, hidden],
    ),
  },
  readout: readout.init(Key.of(2)),
});

/** The mean of the last inputs, from the state; states are carried from batch to batch. */
const task: Task<Params, Batch, Carried> = {
  batch(step) {
    const steps = lengthOf(step);
    return { x: normal(Key.of(7).fold(step), [streams * steps, width]), steps };
  },
  predictions: () => streams,
  carriedAtStart: () => ({ h: fromArray(new Float32Array(streams * hidden), [streams, hidden]) }),
  loss(params: Traceable<Params>, { x, steps }, carried) {
    const structure = chain(Array.from({ length: streams }, () => steps));
    const { output, final } = layer.apply(params.layer, x, structure, { initial: carried });
    const error = sub(readout.apply(params.readout, output), mul(sum(x, 1), 0.5));
    // So little is carried on that no finite state spoils the batch after it; Inf stays Inf.
    return { loss: mean(square(error)), carried: mapTree(final, (h) => mul(h, 1e-38)) as typeof final };
  },
};

const optimiser = adam({ learningRate: 0.01 });
const allFinite = (tree: unknown) => leaves(tree).every((t) => onCpu(t).toArray().every(Number.isFinite));

async function run(onExplosion: ExplosionPolicy) {
  const short: number[] = [];
  let clean = true;
  const { state } = await train(task, startTraining(task, optimiser, start()), {
    optimiser,
    budget: { steps: last },
    key: Key.of(3),
    onExplosion,
    reportSeconds: 0,
    callbacks: [
      {
        onReport: ({ loss, state }) => {
          if (lengthOf(state.step - 1) === 5) short.push(loss);
          clean &&= allFinite([state.params, state.optimiser.inner, state.carried]);
        },
      },
    ],
  });
  const count = (name: "taken" | "randomSteps" | "skipped" | "stopped") =>
    onCpu(state.optimiser[name]).item();
  return { state, short, clean, count };
}

const meanOf = (list: readonly number[]) => list.reduce((s, x) => s + x, 0) / list.length;

describe("a learning rate and an initialisation that blow up", () => {
  it("without treatment the parameters are lost at the first batch that overflows", () => {
    let p = start();
    let state = optimiser.init(p);
    const finite: boolean[] = [];
    for (let step = 0; step < 7; step++) {
      const batch = task.batch(step);
      const next = scope(() => {
        const { grads } = valueAndGrad(
          (q: Traceable<Params>) => task.loss(q, batch, task.carriedAtStart(p), Key.of(0)).loss,
        )(p);
        const update = optimiser.update(grads as Params, state, p);
        return { p: applyUpdates(p, update.updates), state: update.state };
      });
      ({ p, state } = next);
      finite.push(allFinite(p));
    }
    expect(finite).toEqual([true, true, true, true, true, false, false]);
  });

  const policies: [ExplosionAction, ExplosionAction][] = [
    ["skip", "skip"],
    ["skip", "random"],
    ["random", "skip"],
    ["random", "random"],
  ];
  for (const [nonFinite, above] of policies)
    it(`trains to the end, ${nonFinite} where it is not finite and ${above} where it is above the threshold`, async () => {
      const { state, short, clean, count } = await run({
        nonFinite,
        above: { norm: 1e4, action: above },
        randomNorm: 1,
        learningRate: 0.01,
      });
      expect(state.step).toBe(last);
      expect(clean).toBe(true);
      // Of six steps, four are taken, one overflows and one is enormous.
      const share = (action: ExplosionAction) =>
        (last / 6) * [nonFinite, above].filter((a) => a === action).length;
      expect([count("taken"), count("randomSteps"), count("skipped"), count("stopped")]).toEqual([
        (4 * last) / 6,
        share("random"),
        share("skip"),
        0,
      ]);
      expect(meanOf(short.slice(-8))).toBeLessThan(0.3 * meanOf(short.slice(0, 4)));
    });

  it("stop stops at the first of either kind, with parameters and moments that can be used", async () => {
    const overflowing = run({ nonFinite: "stop" });
    await expect(overflowing).rejects.toBeInstanceOf(ExplosionError);
    await expect(overflowing).rejects.toThrow(/^the gradient at step 5 is not finite in /);
    const enormous = run({ nonFinite: "skip", above: { norm: 1e4, action: "stop" } });
    await expect(enormous).rejects.toBeInstanceOf(ExplosionError);
    await expect(enormous).rejects.toThrow(/^the gradient at step 3 has the norm /);
    const error = (await enormous.catch((e: unknown) => e)) as ExplosionError;
    expect(error.origins.parameters.every((p) => p.first === null)).toBe(true);
  });
});
