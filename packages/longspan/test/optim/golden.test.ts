import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  adam,
  applyUpdates,
  clipByJointNorm,
  compose,
  momentum,
  sgd,
  skipNonFinite,
  type Transform,
} from "../../src/optim/index.js";
import { fromArray, type Tensor } from "../../src/tensor/index.js";
import { dispose, item, numbers } from "./trees.js";

interface Golden {
  config: {
    lr: number;
    momentum?: number;
    nesterov?: boolean;
    betas?: [number, number];
    eps?: number;
    steps: number[];
  };
  inputs: Record<"a" | "b" | "x_0", { data: number[] }>;
  outputs: { x: { data: number[] } };
}

function golden(name: string): Golden {
  const file = new URL(`../../../../tests/golden/optim_${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Golden;
}

/** dL/dx of 0.5 sum(a (x - b)^2) + sum(cos x) */
function gradient({ inputs: { a, b } }: Golden, x: readonly number[]): number[] {
  return x.map((v, i) => a.data[i]! * (v - b.data[i]!) - Math.sin(v));
}

/** The points after `config.steps` steps, one row each. The vector is split over two leaves. */
function trajectory<S>(g: Golden, optimiser: Transform<S>, dtype: "float64" | "float32"): number[] {
  const tree = (v: readonly number[]) => ({
    first: fromArray([v[0]!], [], dtype),
    rest: [fromArray(v.slice(1), [3, 1], dtype)],
  });
  let params = tree(g.inputs.x_0.data);
  let state = optimiser.init(params);
  const rows: number[] = [];
  for (let step = 1; step <= Math.max(...g.config.steps); step++) {
    const grads = tree(gradient(g, numbers(params)));
    const next = optimiser.update(grads, state, params);
    const moved = applyUpdates(params, next.updates);
    dispose([grads, state, params, next.updates]);
    params = moved;
    state = next.state;
    if (g.config.steps.includes(step)) rows.push(...numbers(params));
  }
  return rows;
}

function optimiserOf({ config }: Golden): Transform<{ learningRate: Tensor }> {
  const { lr: learningRate, betas, eps, momentum: mu, nesterov } = config;
  if (betas) return adam({ learningRate, beta1: betas[0], beta2: betas[1], epsilon: eps! });
  return mu ? momentum({ learningRate, momentum: mu, nesterov: nesterov! }) : sgd({ learningRate });
}

describe("trajectories of PyTorch", () => {
  for (const name of ["sgd", "sgd_momentum", "sgd_nesterov", "adam"]) {
    const g = golden(name);
    for (const [dtype, tolerance] of [
      ["float64", 1e-10],
      ["float32", 2e-5],
    ] as const) {
      it(`${name}, 100 steps, ${dtype}`, () => {
        const rows = trajectory(g, optimiserOf(g), dtype);
        expect(rows.length).toBe(g.outputs.x.data.length);
        rows.forEach((x, i) => {
          expect(Math.abs(x - g.outputs.x.data[i]!), `element ${i}`).toBeLessThan(tolerance);
        });
      });
    }
    it(`${name} inside guards that do not act takes the same steps, bit for bit`, () => {
      const guarded = skipNonFinite(compose(clipByJointNorm(1e6), optimiserOf(g)));
      expect(trajectory(g, guarded, "float64")).toEqual(trajectory(g, optimiserOf(g), "float64"));
    });
  }
});

describe("the learning rate of a step", () => {
  const params = { w: fromArray([1, 2], [2], "float64") };
  const grads = { w: fromArray([1, -1], [2], "float64") };
  const rules: [string, Transform<{ learningRate: Tensor }>][] = [
    ["sgd", sgd({ learningRate: 0.1 })],
    ["momentum", momentum({ learningRate: 0.1, momentum: 0.9 })],
    ["adam", adam({ learningRate: 0.1 })],
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
        `${name}: the learning rate is a finite number of at least 0, got NaN`,
      );
      expect(() =>
        rule.update(grads, state, params, { learningRate: fromArray([1, 2], [2], "float64") }),
      ).toThrow(`${name}: the learning rate is a scalar, got shape [2]`);
    });
  }

  it("settings outside their ranges are refused", () => {
    expect(() => sgd({ learningRate: -1 })).toThrow(RangeError);
    expect(() => momentum({ learningRate: 0.1, momentum: 1 })).toThrow("lies in [0, 1), got 1");
    expect(() => adam({ beta2: 1 })).toThrow("beta2 lies in [0, 1), got 1");
    expect(() => adam({ epsilon: -1 })).toThrow("epsilon");
  });
});

it("adam without decay of the mean corrects by nothing", () => {
  const params = fromArray([1], [1], "float64");
  const rule = adam({ learningRate: 0.5, beta1: 0, beta2: 0, epsilon: 0 });
  const { updates, state } = rule.update(fromArray([-3], [1], "float64"), rule.init(params), params);
  expect(numbers(updates)).toEqual([0.5]);
  expect(item(state.step)).toBe(1);
});
