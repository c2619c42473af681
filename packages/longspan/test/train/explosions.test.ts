import {
  adam,
  add,
  chain,
  clipByJointNorm,
  compose,
  ExplosionError,
  type ExplosionPolicy,
  type ExplosionReport,
  fromArray,
  Key,
  leaves,
  linear,
  mean,
  mul,
  normal,
  onCpu,
  recurrent,
  rnn,
  square,
  startTraining,
  sub,
  sum,
  type Task,
  type Tensor,
  type Traceable,
  train,
  type Value,
  type ValuesOf,
} from "longspan";
import { describe, expect, it } from "vitest";

const [streams, steps, width, hidden] = [3, 4, 2, 5];
const structure = chain([steps, steps, steps]);
const layer = recurrent(rnn({ input: width, hidden }));
const readout = linear({ input: hidden, output: 1 });
const optimiser = compose(clipByJointNorm(1), adam({ learningRate: 0.01 }));
const spoiltStep = 6;

interface Params {
  readonly layer: ReturnType<typeof layer.init>;
  readonly readout: ReturnType<typeof readout.init>;
}
interface Batch {
  readonly x: Tensor;
  readonly step: number;
}
type Carried = ValuesOf<{ h: readonly number[] }>;

/** The sign of a random walk's last step from its noise, with something spoilt at one step. */
function taskWith(spoil: "nothing" | "input" | "gradient" | "explosion"): Task<Params, Batch, Carried> {
  return {
    batch(step) {
      const x = [...onCpu(normal(Key.of(7).fold(step), [streams * steps, width])).toArray()];
      if (spoil === "input" && step === spoiltStep) x[2 * width + 1] = Number.NaN;
      return { x: fromArray(x, [streams * steps, width]), step };
    },
    predictions: () => streams * steps,
    carriedAtStart: () => ({ h: fromArray(new Float32Array(streams * hidden), [streams, hidden]) }),
    describe: (step) => `batch ${step}`,
    loss(params: Traceable<Params>, { x, step }, carried) {
      const { output, final } = layer.apply(params.layer, x, structure, { initial: carried });
      const loss = mean(square(sub(readout.apply(params.readout, output), sum(x, 1))));
      if (step !== spoiltStep) return { loss, carried: final };
      const extra: Value = sum(params.layer.U);
      if (spoil === "gradient") return { loss: add(loss, mul(extra, Number.NaN)), carried: final };
      return { loss: spoil === "explosion" ? add(loss, mul(extra, 1e6)) : loss, carried: final };
    },
  };
}

const start = (task: Task<Params, Batch, Carried>) =>
  startTraining(task, optimiser, {
    layer: layer.init(Key.of(1)),
    readout: readout.init(Key.of(2)),
  });

const finite = (tree: unknown) => leaves(tree).every((t) => onCpu(t).toArray().every(Number.isFinite));

async function run(task: Task<Params, Batch, Carried>, onExplosion: ExplosionPolicy, last = 12) {
  const seen: ExplosionReport[] = [];
  const reports: { random: number; skipped: number; loss: number; clean: boolean }[] = [];
  const { state } = await train(task, start(task), {
    optimiser,
    budget: { steps: last },
    key: Key.of(3),
    onExplosion,
    reportSeconds: 0,
    callbacks: [
      {
        onExplosion: (report) => void seen.push(report),
        onReport: ({ randomSteps, skippedSteps, loss, state }) =>
          void reports.push({
            random: randomSteps,
            skipped: skippedSteps,
            loss,
            clean: finite([state.params, state.optimiser.inner[1], state.carried]),
          }),
      },
    ],
  });
  return { state, seen, reports };
}

describe("a step that explodes, under each policy", () => {
  for (const spoil of ["input", "gradient"] as const) {
    it(`NaN in one ${spoil}, stop: names it, and nothing is poisoned`, async () => {
      const task = taskWith(spoil);
      const error = await run(task, { nonFinite: "stop" }).then(
        () => null,
        (e: unknown) => e,
      );
      expect(error).toBeInstanceOf(ExplosionError);
      const { report, origins, message } = error as ExplosionError;
      expect([report.step, report.batch]).toEqual([spoiltStep, "batch 6"]);
      expect(origins.parameters.every((p) => p.first === null)).toBe(true);
      expect(message).toContain(`the gradient at step 6 (batch 6) is not finite in "layer.U" [2, 5]: 10 NaN`);
      if (spoil === "input")
        expect(message).toContain('Before the step, the batch held "x" [12, 2]: 1 NaN, first at [2, 1].');
      else expect(message).not.toContain("Before the step");
    });

    for (const action of ["skip", "random"] as const)
      it(`NaN in one ${spoil}, ${action}: goes on with clean parameters, moments and states`, async () => {
        const { state, seen, reports } = await run(taskWith(spoil), {
          nonFinite: action,
          randomNorm: 0.5,
          learningRate: 0.1,
        });
        expect(seen.map(({ step, batch, action: taken }) => [step, batch, taken])).toEqual([
          [spoiltStep, "batch 6", action],
        ]);
        expect(seen[0]!.gradients.find((g) => g.path === "layer.U")).toMatchObject({
          nan: 10,
          first: [0, 0],
        });
        expect(state.step).toBe(12);
        expect(reports.map((r) => (action === "skip" ? r.skipped : r.random))).toEqual([
          ...Array(spoiltStep).fill(0),
          ...Array(12 - spoiltStep).fill(1),
        ]);
        expect(reports.every((r) => r.clean)).toBe(true);
        // The loss of the spoilt step is not a number, and is left out.
        expect(reports.map((r) => Number.isNaN(r.loss))).toEqual(
          Array.from({ length: 12 }, (_, i) => i === spoiltStep),
        );
      });
  }

  it("skip leaves parameters and moments as they were, random moves the parameters by rate times norm", async () => {
    const at = async (action: "skip" | "random", last: number) => {
      const policy = { nonFinite: action, randomNorm: 0.5, learningRate: 0.1 };
      const { state } = await run(taskWith("gradient"), policy, last);
      return {
        params: leaves(state.params).flatMap((t) => [...onCpu(t).toArray()]),
        inner: leaves(state.optimiser.inner[1]).flatMap((t) => [...onCpu(t).toArray()]),
      };
    };
    const before = await at("skip", spoiltStep);
    const skipped = await at("skip", spoiltStep + 1);
    expect(skipped.params).toEqual(before.params);
    expect(skipped.inner).toEqual(before.inner);
    const random = await at("random", spoiltStep + 1);
    expect(random.inner).toEqual(before.inner);
    const moved = Math.hypot(...random.params.map((p, i) => p - before.params[i]!));
    expect(moved / (0.1 * 0.5)).toBeCloseTo(1, 5);
  });

  it("a finite norm above the threshold is a matter of its own", async () => {
    const policy = { nonFinite: "stop", above: { norm: 1000, action: "skip" } } as const;
    const { seen, state } = await run(taskWith("explosion"), policy);
    expect(seen.map(({ step, action }) => [step, action])).toEqual([[spoiltStep, "skip"]]);
    expect(seen[0]!.norm / (1e6 * Math.sqrt(width * hidden))).toBeCloseTo(1, 4);
    expect(state.step).toBe(12);
    const stop = run(taskWith("explosion"), { nonFinite: "skip", above: { norm: 1000, action: "stop" } });
    await expect(stop).rejects.toThrow(
      /^the gradient at step 6 \(batch 6\) has the norm 3\.16e\+6; the largest part is that of "layer\.U", 3\.16e\+6/,
    );
  });

  it("a carried state that is not finite begins anew", async () => {
    // The state after the spoilt step holds NaN in one stream; training on would spoil every later step.
    const { reports } = await run(taskWith("input"), { nonFinite: "skip" }, spoiltStep + 3);
    expect(reports.at(-1)!.skipped).toBe(1);
  });
});

it("what a random step lacks is said at once, not at the first explosion: the norm before any batch, the rate at the first step", async () => {
  const task = taskWith("nothing");
  const batches: number[] = [];
  const seen: typeof task = {
    ...task,
    batch: (step) => {
      batches.push(step);
      return task.batch(step);
    },
  };
  const init = (): Params => ({ layer: layer.init(Key.of(1)), readout: readout.init(Key.of(2)) });
  const attempt = (onExplosion: ExplosionPolicy) =>
    train(seen, startTraining(seen, optimiser, init()), {
      optimiser,
      budget: { steps: 2 },
      key: Key.of(3),
      onExplosion,
    });
  await expect(attempt({ nonFinite: "random" })).rejects.toThrow(
    "onExplosion: a random step needs a norm to put in place of the gradient's; give randomNorm or above.norm",
  );
  expect(batches).toEqual([]);
  await expect(attempt({ nonFinite: "random", randomNorm: 1 })).rejects.toThrow(
    "onExplosion: a random step needs a learning rate; give one in the settings of the step or in the policy",
  );
  expect(batches).toEqual([0]);
  await attempt({ nonFinite: "random", randomNorm: 1, learningRate: 0.1 });
});
