import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type AverageState,
  adaGrad,
  adam,
  adamW,
  applyUpdates,
  averagedParameters,
  averageParameters,
  clipByJointNorm,
  compose,
  decoupledWeightDecay,
  type MomentumSetting,
  momentum,
  nesterov2013,
  onExplosion,
  plateauSchedule,
  rmsProp,
  sgd,
  type TensorTree,
  type Transform,
  weightDecay,
} from "../../src/optim/index.js";
import { fromArray, type Tensor } from "../../src/tensor/index.js";
import { dispose, item, numbers } from "./trees.js";

type Float = "float64" | "float32";
type Stored = { data: number[] };

interface Golden {
  config: {
    optimiser: string;
    lr: number;
    clip: number;
    /** For the first parameter and for the second. */
    weight_decay: [number, number];
    momentum?: number;
    nesterov?: boolean;
    betas?: [number, number];
    eps?: number;
    alpha?: number;
    centered?: boolean;
    initial_accumulator_value?: number;
    averages?: { decay: number; from: number };
    /** Of each step. */
    schedule?: { lr: number[]; momentum: number[] };
    steps: number[];
  };
  inputs: Record<"A" | "b" | "w" | "x_0", Stored>;
  outputs: Record<"x" | "x_1" | "exponential" | "plain", Stored>;
}

function golden<T = Golden>(name: string): T {
  const file = new URL(`../../../../tests/golden/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as T;
}

/** dL/dx of 0.5 (x - b)' A (x - b) + cos(w . x) */
function gradient({ inputs: { A, b, w } }: Golden, x: readonly number[]): number[] {
  const inner = x.reduce((s, v, i) => s + v * w.data[i]!, 0);
  return x.map((_, i) => {
    const row = x.reduce((s, v, j) => s + A.data[4 * i + j]! * (v - b.data[j]!), 0);
    return row - w.data[i]! * Math.sin(inner);
  });
}

/** What `watch` sees after each of `config.steps` steps, one after the other. The vector is split over two leaves. */
function trajectory<S>(
  g: Golden,
  optimiser: Transform<S>,
  dtype: Float,
  watch: (params: unknown, state: S) => unknown = (params) => params,
): number[] {
  const tree = (v: readonly number[]) => ({
    first: fromArray([v[0]!], [], dtype),
    rest: [fromArray(v.slice(1), [3, 1], dtype)],
  });
  let params = tree(g.inputs.x_0.data);
  let state = optimiser.init(params);
  const rows: number[] = [];
  for (let step = 1; step <= Math.max(...g.config.steps); step++) {
    const grads = tree(gradient(g, numbers(params)));
    const { lr, momentum: mu } = g.config.schedule ?? {};
    const settings = lr && mu ? { learningRate: lr[step - 1]!, momentum: mu[step - 1]! } : {};
    const next = optimiser.update(grads, state, params, settings);
    const moved = applyUpdates(params, next.updates);
    dispose([grads, state, params, next.updates]);
    params = moved;
    state = next.state;
    if (g.config.steps.includes(step)) rows.push(...numbers(watch(params, state)));
  }
  return rows;
}

const atFirst = (path: string) => path === "first";
const atRest = (path: string) => path.startsWith("rest");

function ruleOf({ config }: Golden): Transform<{ learningRate: Tensor }> {
  const { optimiser, lr: learningRate, betas, eps: epsilon, momentum: mu = 0, nesterov, alpha } = config;
  switch (optimiser) {
    case "Adam":
      return adam({ learningRate, beta1: betas![0], beta2: betas![1], epsilon: epsilon! });
    case "AdamW": {
      const [first, rest] = config.weight_decay;
      const options = { learningRate, beta1: betas![0], beta2: betas![1], epsilon: epsilon! };
      return decoupledWeightDecay(adamW({ ...options, weightDecay: rest, only: atRest }), first, {
        only: atFirst,
      });
    }
    case "RMSprop":
      return rmsProp({
        learningRate,
        decay: alpha!,
        epsilon: epsilon!,
        momentum: mu,
        centred: config.centered!,
      });
    case "Adagrad":
      return adaGrad({ learningRate, epsilon: epsilon!, initialSum: config.initial_accumulator_value! });
    default:
      return mu > 0 ? momentum({ learningRate, momentum: mu, nesterov: nesterov! }) : sgd({ learningRate });
  }
}

function optimiserOf(g: Golden): Transform<unknown> {
  const { clip, optimiser, weight_decay } = g.config;
  const [first, rest] = optimiser === "AdamW" ? [0, 0] : weight_decay;
  const chain: Transform<unknown>[] = [ruleOf(g)];
  if (rest > 0) chain.unshift(weightDecay(rest, { only: atRest }));
  if (first > 0) chain.unshift(weightDecay(first, { only: atFirst }));
  if (clip > 0) chain.unshift(clipByJointNorm(clip));
  return compose(...chain);
}

/** Compares element by element, relative to the size of each. */
function expectClose(found: readonly number[], stored: readonly number[], tolerance: number) {
  expect(found.length).toBe(stored.length);
  found.forEach((x, i) => {
    expect(Math.abs(x - stored[i]!) / Math.abs(stored[i]!), `element ${i}`).toBeLessThan(tolerance);
  });
}

const cases = [
  "sgd",
  "sgd_clipped",
  "sgd_decay",
  "momentum",
  "momentum_clipped",
  "momentum_scheduled",
  "nesterov",
  "nesterov_scheduled",
  "rmsprop",
  "rmsprop_centred",
  "rmsprop_momentum",
  "adagrad",
  "adam",
  "adam_decay",
  "adamw",
  "adamw_partly",
];

describe("trajectories of PyTorch", () => {
  for (const name of cases) {
    const g = golden(`optim_${name}`);
    for (const [dtype, tolerance] of [
      ["float64", 1e-10],
      ["float32", 1e-4],
    ] as const)
      it(`${name}, 100 steps, ${dtype}`, () => {
        expectClose(trajectory(g, optimiserOf(g), dtype), g.outputs.x.data, tolerance);
      });

    it(`${name} inside guards that do not act takes the same steps, bit for bit`, () => {
      const guarded = onExplosion(compose(clipByJointNorm(1e6), optimiserOf(g)), { nonFinite: "skip" });
      expect(trajectory(g, guarded, "float64")).toEqual(trajectory(g, optimiserOf(g), "float64"));
    });
  }

  it("nesterov2013 takes the steps of Nesterov's momentum where rate and momentum are constant", () => {
    const g = golden("optim_nesterov");
    const rule = nesterov2013({ learningRate: g.config.lr, momentum: g.config.momentum! });
    expectClose(trajectory(g, rule, "float64"), g.outputs.x.data, 1e-10);
    expectClose(trajectory(g, rule, "float32"), g.outputs.x.data, 1e-4);
  });

  it("the clipped ones were clipped, the others need none of it", () => {
    const clipped = (name: string) => golden(`optim_${name}_clipped`).outputs.x.data;
    for (const name of ["sgd", "momentum"])
      expect(clipped(name)).not.toEqual(golden(`optim_${name}`).outputs.x.data);
  });
});

describe("averages of PyTorch", () => {
  const g = golden("optim_averages");
  const { decay, from } = g.config.averages!;
  const read = (_: unknown, state: AverageState<unknown>) => averagedParameters(state);
  for (const [dtype, tolerance] of [
    ["float64", 1e-10],
    ["float32", 1e-4],
  ] as const) {
    it(`exponential, 100 steps, ${dtype}`, () => {
      // PyTorch's begins with x_1 at the weight decay^(k - 1) in place of (1 - decay) decay^(k - 1), and is not corrected.
      const corrected = g.config.steps.flatMap((k, row) =>
        [0, 1, 2, 3].map((i) => {
          const theirs = g.outputs.exponential.data[4 * row + i]!;
          return (theirs - decay ** k * g.outputs.x_1.data[i]!) / (1 - decay ** k);
        }),
      );
      const found = trajectory(g, averageParameters(optimiserOf(g), { decay }), dtype, read);
      expectClose(found, corrected, tolerance);
    });

    it(`plain mean from step ${from} on, 100 steps, ${dtype}`, () => {
      const found = trajectory(g, averageParameters(optimiserOf(g), { from }), dtype, read);
      const unaveraged = 4 * g.config.steps.filter((k) => k <= from).length;
      expectClose(found.slice(unaveraged), g.outputs.plain.data.slice(unaveraged), tolerance);
      // Until then it is the parameters themselves.
      expectClose(found.slice(0, unaveraged), g.outputs.x.data.slice(0, unaveraged), tolerance);
    });
  }

  it("leave the training as it is", () => {
    expect(trajectory(g, averageParameters(optimiserOf(g), { decay }), "float64")).toEqual(
      trajectory(g, optimiserOf(g), "float64"),
    );
  });
});

it("the plateau schedule gives the rates of PyTorch", () => {
  const g = golden<{
    config: { lr: number; factor: number; patience: number; threshold: number; min_lr: number };
    inputs: { validations: Stored };
    outputs: { lr: Stored };
  }>("schedule_plateau");
  const { lr: rate, factor, patience, threshold, min_lr: floor } = g.config;
  const schedule = plateauSchedule({ rate, factor, patience: patience + 1, threshold, floor });
  const losses = g.inputs.validations.data;
  expect(
    losses.map((_, k) => schedule({ step: 0, fraction: 0, validations: losses.slice(0, k + 1) })),
  ).toEqual(g.outputs.lr.data);
});

describe("the learning rate of a step", () => {
  const params = { w: fromArray([1, 2], [2], "float64") };
  const grads = { w: fromArray([1, -1], [2], "float64") };
  const rules: [string, Transform<{ learningRate: Tensor }>][] = [
    ["sgd", sgd({ learningRate: 0.1 })],
    ["momentum", momentum({ learningRate: 0.1, momentum: 0.9 })],
    ["nesterov2013", nesterov2013({ learningRate: 0.1, momentum: 0.9 })],
    ["adam", adam({ learningRate: 0.1 })],
    ["rmsProp", rmsProp({ learningRate: 0.1 })],
    ["rmsProp", rmsProp({ learningRate: 0.1, momentum: 0.5, centred: true })],
    ["adaGrad", adaGrad({ learningRate: 0.1 })],
  ];
  for (const [name, rule] of rules) {
    it(`${name} takes a number or a scalar tensor for one step, and records it`, () => {
      const state = rule.init(params);
      expect(item(state.learningRate)).toBe(0.1);
      const usual = rule.update(grads, state, params);
      const scheduled = rule.update(grads, state, params, { learningRate: 0.025 });
      const given = fromArray([0.025], [], "float32");
      const asTensor = rule.update(grads, state, params, { learningRate: given });
      given.dispose();
      numbers(scheduled.updates).forEach((x, i) => {
        expect(x).toBeCloseTo(numbers(usual.updates)[i]! / 4, 12);
        expect(numbers(asTensor.updates)[i]).toBeCloseTo(x, 8);
      });
      expect(item(scheduled.state.learningRate)).toBe(0.025);
      expect(item(asTensor.state.learningRate)).toBe(Math.fround(0.025));
      expect(item(rule.update(grads, scheduled.state, params).state.learningRate)).toBe(0.1);
    });

    it(`${name} does not release a learning rate of the parameters' own type`, () => {
      const given = fromArray([0.5], [], "float64");
      const { state } = rule.update(grads, rule.init(params), params, { learningRate: given });
      dispose(state);
      expect(item(given)).toBe(0.5);
    });

    it(`${name} refuses a learning rate that is none`, () => {
      const state = rule.init(params);
      expect(() => rule.update(grads, state, params, { learningRate: Number.NaN })).toThrow(
        `${name}: learningRate is a finite number of at least 0, got NaN`,
      );
      expect(() =>
        rule.update(grads, state, params, { learningRate: fromArray([1, 2], [2], "float64") }),
      ).toThrow(`${name}: learningRate is a scalar, got shape [2]`);
    });
  }

  const withVelocity: [
    string,
    (mu: number) => Transform<{ velocity: TensorTree | null }, MomentumSetting>,
  ][] = [
    ["momentum", (mu) => momentum({ learningRate: 0.1, momentum: mu })],
    ["momentum", (mu) => momentum({ learningRate: 0.1, momentum: mu, nesterov: true })],
    ["nesterov2013", (mu) => nesterov2013({ learningRate: 0.1, momentum: mu })],
    ["rmsProp", (mu) => rmsProp({ learningRate: 0.1, momentum: mu })],
  ];
  for (const [name, made] of withVelocity)
    it(`${name} takes a momentum for one step, as a number or a scalar tensor`, () => {
      const [usual, other] = [made(0.75), made(0.25)];
      const { state } = usual.update(grads, usual.init(params), params, { momentum: 0.25 });
      const { state: same } = other.update(grads, other.init(params), params);
      expect(numbers(state.velocity)).toEqual(numbers(same.velocity));
      const expected = numbers(other.update(grads, same, params).updates);
      const given = fromArray([0.25], [], "float32");
      for (const momentum of [0.25, given])
        expect(numbers(usual.update(grads, state, params, { momentum }).updates)).toEqual(expected);
      expect(numbers(usual.update(grads, state, params).updates)).not.toEqual(expected);
      for (const [momentum, message] of [
        [1, "momentum is a number in [0, 1), got 1"],
        [fromArray([0, 0], [2], "float64"), "momentum is a scalar, got shape [2]"],
      ] as const)
        expect(() => usual.update(grads, state, params, { momentum })).toThrow(`${name}: ${message}`);
    });

  it("settings outside their ranges are refused", () => {
    expect(() => sgd({ learningRate: -1 })).toThrow(RangeError);
    expect(() => momentum({ learningRate: 0.1, momentum: 1 })).toThrow(
      "momentum is a number in [0, 1), got 1",
    );
    expect(() => nesterov2013({ learningRate: 0.1, momentum: 1 })).toThrow(
      "momentum is a number in [0, 1), got 1",
    );
    expect(() => nesterov2013({ learningRate: -1, momentum: 0 })).toThrow(RangeError);
    expect(() => adam({ beta2: 1 })).toThrow("beta2 is a number in [0, 1), got 1");
    expect(() => adam({ epsilon: -1 })).toThrow("adam: epsilon is a finite number of at least 0, got -1");
    expect(() => rmsProp({ decay: 1 })).toThrow("rmsProp: decay is a number in [0, 1), got 1");
    expect(() => rmsProp({ momentum: -0.1 })).toThrow("rmsProp: momentum is a number in [0, 1), got -0.1");
    expect(() => adaGrad({ initialSum: -1 })).toThrow("initialSum is a finite number of at least 0, got -1");
    expect(() => weightDecay(-1)).toThrow("weightDecay: rate is a finite number of at least 0, got -1");
    expect(() => adamW({ weightDecay: Number.NaN })).toThrow(
      "weightDecay is a finite number of at least 0, got NaN",
    );
    expect(() => averageParameters(adam(), { decay: 1 })).toThrow("decay is a number in [0, 1), got 1");
    expect(() => averageParameters(adam(), { from: 0.5 })).toThrow("an integer of at least 0, got 0.5");
  });
});

it("adam without decay of the mean corrects by nothing", () => {
  const params = fromArray([1], [1], "float64");
  const rule = adam({ learningRate: 0.5, beta1: 0, beta2: 0, epsilon: 0 });
  const { updates, state } = rule.update(fromArray([-3], [1], "float64"), rule.init(params), params);
  expect(numbers(updates)).toEqual([0.5]);
  expect(item(state.step)).toBe(1);
});
