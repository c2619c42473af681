import { describe, expect, it } from "vitest";
import {
  clipByGroupNorm,
  clipByJointNorm,
  clipByValue,
  compose,
  jointNorm,
  measured,
  momentum,
  sgd,
  type Transform,
} from "../../src/optim/index.js";
import { fromArray, leafEntries, zeros } from "../../src/tensor/index.js";
import { cosine, executor, item, norm, numbers, random } from "./trees.js";

type Float = "float32" | "float64";

/** Gradients of three parameters, elements of either sign around `scale`, some of them zero. */
function gradients(next: () => number, scale: number, dtype: Float) {
  const draw = (n: number) => Array.from({ length: n }, () => (next() < 0.1 ? 0 : (2 * next() - 1) * scale));
  return {
    layers: [{ U: fromArray(draw(12), [3, 4], dtype) }, { U: fromArray(draw(5), [5], dtype) }],
    c: fromArray(draw(1), [], dtype),
  };
}

describe("clipByJointNorm", () => {
  for (const dtype of ["float32", "float64"] as const)
    for (const scale of [1e-30, 1e-3, 1, 1e3, 1e30])
      for (const ratio of [1e-3, 0.5, 2, 1e3])
        it(`keeps the direction and bounds the norm: ${dtype}, gradients of ${scale}, threshold ${ratio} times that`, () => {
          const next = random(7);
          const epsilon = dtype === "float32" ? 2 ** -23 : 2 ** -52;
          for (let i = 0; i < 50; i++) {
            const grads = gradients(next, scale, dtype);
            const g = numbers(grads);
            const v = ratio * scale;
            const clip = clipByJointNorm(v);
            const { updates, state } = clip.update(grads, clip.init(grads), grads);
            const u = numbers(updates);
            expect(cosine(g, u)).toBeGreaterThan(1 - 4 * epsilon);
            expect(norm(u)).toBeLessThan((dtype === "float32" ? Math.fround(v) : v) * (1 + 4 * epsilon));
            expect(item(state.norm) / norm(g)).toBeCloseTo(1, 6);
            expect(item(state.normAfter) / norm(u)).toBeCloseTo(1, 6);
            if (norm(g) <= v) {
              expect(u).toEqual(g);
              expect(item(state.factor)).toBe(1);
            } else {
              expect(norm(u) / v).toBeCloseTo(1, 6);
              expect((item(state.factor) * norm(g)) / v).toBeCloseTo(1, 6);
            }
          }
        });

  it("takes the norm over all parameters, not each", () => {
    const grads = { w: fromArray([0, 3], [2], "float64"), b: fromArray([4], [1], "float64") };
    const clip = clipByJointNorm(1);
    const { updates, state } = clip.update(grads, clip.init(grads), grads);
    expect(numbers(updates).map((x) => +x.toFixed(12))).toEqual([0, 0.6, 0.8]);
    expect(item(state.norm)).toBe(5);
    expect(item(state.factor)).toBeCloseTo(0.2, 14);
  });

  it("leaves a zero gradient zero", () => {
    const grads = { w: zeros([3]), none: zeros([0, 2]), counts: zeros([2], "int32") };
    const clip = clipByJointNorm(1);
    const { updates, state } = clip.update(grads, clip.init(grads), grads);
    expect(numbers(updates)).toEqual([0, 0, 0, 0, 0]);
    expect([item(state.norm), item(state.factor)]).toEqual([0, 1]);
  });

  it("clips rightly where the norm itself exceeds float32", () => {
    const top = 3e38;
    const grads = { a: fromArray([top, top], [2]), b: fromArray([-top], []) };
    for (const v of [1e-6, 1, 1e38]) {
      const clip = clipByJointNorm(v);
      const { updates, state } = clip.update(grads, clip.init(grads), grads);
      expect(item(state.norm)).toBe(Number.POSITIVE_INFINITY);
      expect(norm(numbers(updates)) / v).toBeCloseTo(1, 6);
      expect(cosine(numbers(grads), numbers(updates))).toBeCloseTo(1, 6);
    }
  });

  it("has a norm for every tree", () => {
    expect(item(jointNorm({ a: fromArray([3], []), counts: fromArray([4], [1], "int32") }))).toBe(3);
    expect(item(jointNorm({}))).toBe(0);
    expect(item(jointNorm([fromArray([1, Number.NEGATIVE_INFINITY], [2])]))).toBe(Number.POSITIVE_INFINITY);
    expect(item(jointNorm([fromArray([Number.POSITIVE_INFINITY, Number.NaN], [2])]))).toBeNaN();
  });

  it("works on subnormal gradients", () => {
    const grads = fromArray([1e-44, -3e-44], [2]);
    expect(item(jointNorm(grads)) / norm(numbers(grads))).toBeCloseTo(1, 1);
    const clip = clipByJointNorm(1e-20);
    expect(numbers(clip.update(grads, clip.init(grads), grads).updates)).toEqual(numbers(grads));
  });

  it("passes on a gradient that is not finite, unchanged and in sight", () => {
    const clip = clipByJointNorm(1);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const grads = { a: fromArray([5, bad], [2]), b: fromArray([7], [1]) };
      const { updates, state } = clip.update(grads, clip.init(grads), grads);
      expect(numbers(updates)).toEqual([5, bad, 7]);
      expect(Number.isFinite(item(state.norm))).toBe(false);
      expect(item(state.factor)).toBe(1);
    }
  });

  it("serves trees of both float types", () => {
    const grads = { a: fromArray([3], [1], "float32"), b: fromArray([4], [1], "float64") };
    const clip = clipByJointNorm(0.5);
    const { updates, state } = clip.update(grads, clip.init(grads), grads);
    expect(updates.a.dtype).toBe("float32");
    expect(numbers(updates)[1]).toBeCloseTo(0.4, 15);
    expect(state.norm.dtype).toBe("float64");
  });

  it("with an infinite threshold only records the norm", () => {
    const grads = fromArray([3e20, 4e20], [2]);
    const clip = clipByJointNorm(Number.POSITIVE_INFINITY);
    const { updates, state } = clip.update(grads, clip.init(grads), grads);
    expect(numbers(updates)).toEqual(numbers(grads));
    expect(item(state.norm) / 5e20).toBeCloseTo(1, 6);
  });

  it("refuses a threshold that is not positive", () => {
    for (const v of [0, -1, Number.NaN])
      expect(() => clipByJointNorm(v)).toThrow(`threshold is a positive number, got ${v}`);
  });
});

describe("clipByGroupNorm", () => {
  const layerOf = (path: string) => path.split("[")[0]!;

  for (const dtype of ["float32", "float64"] as const)
    it(`bounds the norm of each group and keeps its direction: ${dtype}`, () => {
      const next = random(11);
      const epsilon = dtype === "float32" ? 2 ** -23 : 2 ** -52;
      let least = 1;
      for (let i = 0; i < 200; i++) {
        const grads = gradients(next, 10 ** (8 * next() - 4), dtype);
        const v = 10 ** (4 * next() - 2);
        const clip = clipByGroupNorm(v, { group: layerOf });
        const { updates, state } = clip.update(grads, clip.init(grads), grads);
        expect(Object.keys(state.norm)).toEqual(["layers", "c"]);
        for (const [name, before, after] of [
          ["layers", grads.layers, updates.layers],
          ["c", grads.c, updates.c],
        ] as const) {
          const [g, u] = [numbers(before), numbers(after)];
          expect(norm(u)).toBeLessThan((dtype === "float32" ? Math.fround(v) : v) * (1 + 4 * epsilon));
          if (norm(g) === 0) continue;
          expect(cosine(g, u)).toBeGreaterThan(1 - 4 * epsilon);
          expect(item(state.norm[name]!) / norm(g)).toBeCloseTo(1, 6);
          expect(item(state.normAfter[name]!) / norm(u)).toBeCloseTo(1, 6);
          expect((item(state.factor[name]!) * norm(g)) / norm(u)).toBeCloseTo(1, 6);
        }
        const [g, u] = [numbers(grads), numbers(updates)];
        expect(g.reduce((s, x, j) => s + x * u[j]!, 0)).toBeGreaterThan(0);
        least = Math.min(least, cosine(g, u));
      }
      expect(least).toBeLessThan(0.9);
    });

  it("loses the direction: an example", () => {
    const grads = { a: fromArray([100], [1], "float64"), b: fromArray([1], [1], "float64") };
    const clip = clipByGroupNorm(1);
    const { updates, state } = clip.update(grads, clip.init(grads), grads);
    expect(numbers(updates)).toEqual([1, 1]);
    expect(cosine(numbers(grads), numbers(updates))).toBeCloseTo(101 / Math.sqrt(2 * 10001), 12);
    expect(item(state.factor.a!)).toBeCloseTo(0.01, 15);
    expect(item(state.factor.b!)).toBe(1);
  });

  it("each leaf is a group by its path, and names survive in the state's paths", () => {
    const grads = gradients(random(5), 1, "float64");
    const clip = clipByGroupNorm(0.1);
    const { state } = clip.update(grads, clip.init(grads), grads);
    const paths = leafEntries(state).map(([path]) => path);
    expect(paths.slice(0, 3)).toEqual(["norm.layers[0].U", "norm.layers[1].U", "norm.c"]);
    expect(leafEntries(clip.init(grads)).map(([path]) => path)).toEqual(paths);
  });

  it("one group of everything is the joint norm, bit for bit", () => {
    const grads = gradients(random(6), 1e3, "float32");
    const [one, joint] = [clipByGroupNorm(0.5, { group: () => "all" }), clipByJointNorm(0.5)];
    expect(numbers(one.update(grads, one.init(grads), grads))).toEqual(
      numbers(joint.update(grads, joint.init(grads), grads)),
    );
  });

  it("passes on a group that is not finite and clips the others", () => {
    const grads = { a: fromArray([5, Number.NaN], [2]), b: fromArray([7], [1]), c: zeros([2], "int32") };
    const clip = clipByGroupNorm(1);
    const { updates, state } = clip.update(grads, clip.init(grads), grads);
    expect(numbers(updates)).toEqual([5, Number.NaN, 1, 0, 0]);
    expect([item(state.norm.a!), item(state.factor.a!)]).toEqual([Number.NaN, 1]);
    expect(Object.keys(state.norm)).toEqual(["a", "b"]);
  });

  it("refuses a threshold that is not positive", () => {
    expect(() => clipByGroupNorm(0)).toThrow("clipByGroupNorm: threshold is a positive number, got 0");
  });
});

describe("measured", () => {
  it("tells the norms before and after any transform", () => {
    const grads = { a: fromArray([3, 0.5], [2], "float64"), b: fromArray([-4], [], "float64") };
    const clip = measured(clipByValue(1));
    const { updates, state } = clip.update(grads, clip.init(grads), grads);
    expect(numbers(updates)).toEqual([1, 0.5, -1]);
    expect(item(state.norm)).toBeCloseTo(Math.hypot(3, 0.5, 4), 14);
    expect(item(state.normAfter)).toBe(1.5);
    expect(item(state.factor)).toBeCloseTo(1.5 / Math.hypot(3, 0.5, 4), 14);
  });

  it("has a factor at every scale, and 1 for a zero gradient", () => {
    const huge = fromArray([3e38, 3e38, 3e38], [3]);
    const large = measured(clipByValue(1));
    const { state } = large.update(huge, large.init(huge), huge);
    expect(item(state.norm)).toBe(Number.POSITIVE_INFINITY);
    expect(item(state.factor) * 3e38).toBeCloseTo(1, 6);
    const zero = zeros([3]);
    expect(item(large.update(zero, large.init(zero), zero).state.factor)).toBe(1);
  });

  it("does not work out a norm twice", () => {
    const grads = fromArray(
      Array.from({ length: 50 }, (_, i) => i),
      [50],
    );
    const runs = (t: Transform<unknown>) => {
      const state = t.init(grads);
      const before = executor.statistics.executions;
      t.update(grads, state, grads);
      return executor.statistics.executions - before;
    };
    const [clip, rule] = [clipByJointNorm(1), sgd({ learningRate: 1 })];
    const once = runs(clip);
    // A rule hands on no norm: two are needed around it, and around the clipping one more than its own.
    const work = (runs(measured(rule)) - runs(rule)) / 2;
    expect(runs(measured(clip)) - once).toBeLessThan(1.5 * work);
    // What is known of the gradient does not hold for what a transform before made of it.
    const later = measured(compose(clipByValue(2), clip));
    const [, state] = later.update(grads, later.init(grads), grads).state.inner;
    expect(item(state.norm)).toBeCloseTo(norm(numbers(grads).map((x) => Math.min(x, 2))), 5);
  });
});

describe("clipByValue", () => {
  it("clips each element on its own", () => {
    const grads = { a: fromArray([-3, -1, -0.5, 0], [4]), b: fromArray([0.25, 1, 1.5, 1e38], [2, 2]) };
    const { updates } = clipByValue(1).update(grads, {}, grads);
    expect(numbers(updates)).toEqual([-1, -1, -0.5, 0, 0.25, 1, 1, 1]);
  });

  it("gives a descent direction for every gradient but zero", () => {
    const next = random(3);
    for (let i = 0; i < 500; i++) {
      const grads = gradients(next, 10 ** (20 * next() - 10), "float64");
      const g = numbers(grads);
      const u = numbers(clipByValue(10 ** (6 * next() - 3)).update(grads, {}, grads).updates);
      expect(g.reduce((s, x, j) => s + x * u[j]!, 0)).toBeGreaterThan(0);
    }
  });

  it("does not hide a NaN", () => {
    const grads = fromArray([Number.NaN, Number.POSITIVE_INFINITY], [2]);
    expect(numbers(clipByValue(2).update(grads, {}, grads).updates)).toEqual([Number.NaN, 2]);
  });
});

describe("chain", () => {
  const params = fromArray([0, 0], [2], "float64");
  const grads = fromArray([30, 40], [2], "float64");

  it("applies in order: a clip before the rule bounds what the rule sees, one after it bounds the step", () => {
    const orders: Transform<unknown>[] = [
      compose(clipByJointNorm(1), sgd({ learningRate: 0.1 })),
      compose(sgd({ learningRate: 0.1 }), clipByJointNorm(1)),
    ];
    const norms = orders.map((t) => norm(numbers(t.update(grads, t.init(params), params).updates)));
    expect(norms[0]).toBeCloseTo(0.1, 12);
    expect(norms[1]).toBeCloseTo(1, 12);
  });

  it("hands each state back to its own transform", () => {
    const rule = compose(clipByValue(5), momentum({ learningRate: 1, momentum: 0.5 }), clipByJointNorm(100));
    const first = rule.update(grads, rule.init(params), params);
    const second = rule.update(grads, first.state, params);
    const [, velocity, clip] = second.state;
    expect(numbers(velocity.velocity)).toEqual([7.5, 7.5]);
    expect(item(clip.norm)).toBeCloseTo(Math.hypot(7.5, 7.5), 12);
    expect(numbers(second.updates)).toEqual([-7.5, -7.5]);
  });

  it("refuses to be empty", () => {
    expect(() => compose()).toThrow("compose: expected at least one transform");
  });
});
