import {
  add,
  chain,
  checkDerivatives,
  defineCell,
  flowReport,
  gru,
  Key,
  leaky,
  leakyRnn,
  lstm,
  mul,
  normal,
  ones,
  rnn,
  sum,
  type Tensor,
  tensor,
  timeConstantInit,
  timeConstantsOf,
  unfold,
  type Value,
  valueAndGrad,
} from "longspan";
import { describe, expect, it } from "vitest";
import { difference, normals, numbers, randomLike } from "./plain.js";

/** A cell without memory: what it makes of its state is its input. */
const latest = (size: number) =>
  defineCell({
    name: "latest",
    inputs: () => ({ x: [size] }),
    state: () => ({ v: [size] }),
    params: () => ({}),
    step: ({ x }) => ({ state: { v: x }, output: x }),
  })(undefined);

/** The same, its output that slot of the state. */
const slotIsOutput = defineCell({
  name: "slotIsOutput",
  inputs: () => ({ x: [1] }),
  state: () => ({ v: [1] }),
  params: () => ({}),
  step({ x }) {
    const v = mul(x, 1);
    return { state: { v }, output: v };
  },
})(undefined);

describe("leaky", () => {
  const cell = leaky(latest(2), { timeConstants: [2, 10] });
  const alphas = [Math.exp(-1 / 2), Math.exp(-1 / 10)];
  const length = 30;
  const x = normals(Key.of(1), length, 2);
  const params = cell.init(Key.of(2), "float64");

  it("gives the exponential average of what the cell makes", () => {
    // The output of `latest` is no slot but its input: the state leaks.
    const { final } = unfold(cell, params, { x }, chain([length]));
    const flat = numbers(x);
    const expected = alphas.map((alpha, i) => {
      let total = 0;
      for (let t = 0; t < length; t++) total += (1 - alpha) * alpha ** (length - 1 - t) * flat[2 * t + i]!;
      return total;
    });
    expect(difference(numbers(final.v), expected)).toBeLessThan(1e-14);
  });

  it("has the gradient alpha^(T - t) (1 - alpha) with respect to what came T - t steps before", () => {
    const last = (at: Value) => sum(unfold(cell, params, { x: at }, chain([length])).final.v);
    const flat = numbers(valueAndGrad(last)(x).grads);
    const expected = Array.from({ length: 2 * length }, (_, at) => {
      const alpha = alphas[at % 2]!;
      return (1 - alpha) * alpha ** (length - 1 - Math.floor(at / 2));
    });
    expect(difference(flat, expected)).toBeLessThan(1e-14);
  });

  it("answers to a step within one time constant by 1 - 1/e", () => {
    const steady = unfold(cell, params, { x: ones([10, 2], "float64") }, chain([10])).final.v;
    expect(numbers(steady)[1]).toBeCloseTo(1 - Math.exp(-1), 14);
  });

  it("around rnn is leakyRnn", () => {
    const inner = leaky(rnn({ input: 3, hidden: 4 }), { timeConstants: [3, 40] });
    const whole = leakyRnn({ input: 3, hidden: 4, timeConstants: [3, 40] });
    const own = randomLike(whole.init(Key.of(1), "float64"), Key.of(2));
    const { a, ...others } = own;
    const structure = chain([5, 0, 3]);
    const x = normals(Key.of(3), 8, 3);
    const initial = { h: normals(Key.of(4), 3, 4) };
    const [one, other] = [
      unfold(inner, { cell: others, a: { h: a } }, { x }, structure, { initial }),
      unfold(whole, own, { x }, structure, { initial }),
    ];
    expect(numbers(one.output)).toEqual(numbers(other.output));
    expect(numbers(one.final.h)).toEqual(numbers(other.final.h));
  });

  it("leaks the slots that are named, and hands on the leaked one", () => {
    const inner = lstm({ input: 3, hidden: 4 });
    const outer = leaky(inner, { slots: ["h"], timeConstants: 5 });
    const own = outer.init(Key.of(1), "float64");
    expect(Object.keys(own.a)).toEqual(["h"]);
    const x = normals(Key.of(2), 1, 3);
    const alone = unfold(inner, own.cell, { x }, chain([1]));
    const leaking = unfold(outer, own, { x }, chain([1]));
    expect(numbers(leaking.final.s)).toEqual(numbers(alone.final.s));
    const share = 1 - Math.exp(-1 / 5);
    const expected = numbers(alone.output).map((h) => share * h);
    expect(difference(numbers(leaking.output), expected)).toBeLessThan(1e-15);
    expect(numbers(leaking.final.h)).toEqual(numbers(leaking.output));
  });

  it("starts where the cell starts, and reads what it reads", () => {
    const inner = defineCell({
      name: "inner",
      inputs: () => ({ x: [2] }),
      sequenceInputs: () => ({ z: [2] }),
      sharedInputs: () => ({ w: [2] }),
      state: () => ({ h: [2] }),
      start: () => ({ h: 8 }),
      params: () => ({}),
      step({ x, z, w, h }) {
        const next = add(add(x, z), add(w, mul(h, 0)));
        return { state: { h: next }, output: mul(next, 2), sums: { h: next } };
      },
    })(undefined);
    const outer = leaky(inner, { timeConstants: 1 / Math.LN2 }); // alpha = 1/2
    const inputs = { x: ones([1, 2], "float64"), z: ones([1, 2], "float64"), w: ones([2], "float64") };
    const { output, final, sums } = unfold(outer, outer.init(Key.of(1), "float64"), inputs, chain([1]));
    expect(difference(numbers(final.h), [5.5, 5.5])).toBeLessThan(1e-15);
    expect(numbers(output)).toEqual([6, 6]);
    expect(numbers((sums as { h: Value }).h)).toEqual([3, 3]);
  });

  it("has right derivatives of both orders around any cell, ragged", () => {
    const outer = leaky(gru({ input: 3, hidden: 4 }));
    const structure = chain([5, 2, 0, 4]);
    const point = {
      params: randomLike(outer.init(Key.of(1), "float64"), Key.of(2)),
      x: normals(Key.of(3), 11, 3),
      h: normals(Key.of(4), 4, 4),
    };
    const loss = (p: typeof point): Value => {
      const { output, final } = unfold(outer, p.params, { x: p.x }, structure, { initial: { h: p.h } });
      return add(sum(mul(mul(output, output), normals(Key.of(5), 11, 4))), sum(final.h));
    };
    const { first, second } = checkDerivatives(loss, point, { second: true });
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-7);
    const plain = unfold(outer, point.params, { x: point.x }, structure, { loop: "plain" });
    const fast = unfold(outer, point.params, { x: point.x }, structure);
    expect(difference(numbers(fast.output), numbers(plain.output))).toBeLessThan(1e-13);
  });

  it("says what it cannot take", () => {
    const inner = gru({ input: 3, hidden: 4 });
    expect(() => leaky(5 as never)).toThrow(
      new TypeError("leaky: cell is a cell, such as gru({ input, hidden }), got 5"),
    );
    expect(() => leaky(inner, { slots: ["s"] })).toThrow(
      new TypeError('leaky: slots names "s", which the state of gru does not have; it has h'),
    );
    expect(() => leaky(inner, { timeConstants: [1, 2, 3] })).toThrow(
      "leaky: timeConstants has 3 entries for 4 units of the slot h; it has one for each unit, or for each of some groups of equal size",
    );
    const forTrees = defineCell({
      name: "forTrees",
      ports: ["left", "right"],
      inputs: () => ({ x: [1] }),
      state: () => ({ h: [1] }),
      params: () => ({}),
      step: ({ left, right, x }) => ({ state: { h: add(left.h, right.h) }, output: x }),
    })(undefined);
    expect(() => leaky(forTrees)).toThrow(
      new TypeError(
        "leaky: cell forTrees is made for trees or graphs (it has ports), whose nodes have no one state before their own; it takes cells for chains",
      ),
    );
  });
});

describe("time constants", () => {
  const read = (of: Parameters<typeof timeConstantInit>[1], units = 4) => {
    const spec = timeConstantInit(units, of);
    return numbers(timeConstantsOf(spec.initialise(Key.of(7), spec.shape, "float64")));
  };

  it("are one for all units, one for each, or one for each group", () => {
    expect(difference(read(6), [6, 6, 6, 6])).toBeLessThan(1e-12);
    expect(difference(read([0.5, 2, 30, 1e6]), [0.5, 2, 30, 1e6])).toBeLessThan(1e-9);
    expect(difference(read([2, 30]), [2, 2, 30, 30])).toBeLessThan(1e-12);
  });

  it("are drawn between the ends, by the key, the logarithm uniform", () => {
    const drawn = read({ from: 1, to: 100 }, 4000);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(1 - 1e-12);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(100 + 1e-9);
    const below = drawn.filter((t) => t < 10).length / drawn.length;
    expect(Math.abs(below - 0.5)).toBeLessThan(0.03);
    expect(read({ from: 1, to: 100 }, 4000)).toEqual(drawn);
    expect(difference(read({ from: 3, to: 3 }), [3, 3, 3, 3])).toBeLessThan(1e-12);
  });

  it("learned have a gradient, fixed ones none", () => {
    const structure = chain([6, 3]);
    const x = normal(Key.of(1), [9, 3], "float64");
    const gradOf = (learned: boolean) => {
      const cell = leakyRnn({ input: 3, hidden: 2, timeConstants: 4, learned });
      const params = cell.init(Key.of(2), "float64");
      const loss = (p: typeof params) => sum(unfold(cell, p, { x }, structure).output);
      const { grads } = valueAndGrad(loss)(params);
      return { a: numbers(grads.a), W: numbers(grads.W) };
    };
    expect(gradOf(false).a).toEqual([0, 0]);
    expect(gradOf(false).W).toEqual(gradOf(true).W);
    expect(gradOf(true).a.every((g) => Math.abs(g) > 1e-3)).toBe(true);
  });

  it("are those that flowReport finds, and no gate that is driven anywhere", async () => {
    const cell = leakyRnn({ input: 3, hidden: 3, timeConstants: [2, 10, 50] });
    const x = normals(Key.of(1), 30, 3);
    const report = await flowReport(
      (params) => sum(unfold(cell, params, { x }, chain([30])).final.h),
      cell.init(Key.of(2), "float64"),
    );
    const { keeps, saturation, selfLoops } = report.layers[0]!;
    expect(keeps).toBeNull();
    expect(saturation.map(({ name }) => name)).toEqual(["tanh 1"]);
    expect(selfLoops.map(({ slot }) => slot)).toEqual(["h"]);
    expect(difference(selfLoops[0]!.perUnit, [2, 10, 50])).toBeLessThan(1e-12);
  });

  it("learned by gradient descent, find the constant of an average", () => {
    // The target is the average of the input with the constant 12; the unit starts with 3.
    const structure = chain([80]);
    const x = normals(Key.of(1), 80, 1);
    const average = leaky(slotIsOutput, { timeConstants: 3 });
    const averages = (a: Value) => unfold(average, { cell: {}, a: { v: a } }, { x }, structure).output;
    const wanted = averages(timeConstantInit(1, 12).initialise(Key.of(1), [1], "float64"));
    let a: Tensor = timeConstantInit(1, 3).initialise(Key.of(1), [1], "float64");
    const loss = (p: { a: Value }) => {
      const difference = add(averages(p.a), mul(wanted, -1));
      return sum(mul(difference, difference));
    };
    for (let step = 0; step < 200; step++) {
      const { grads } = valueAndGrad(loss)({ a });
      a = tensor([numbers(a)[0]! - 0.2 * numbers(grads.a)[0]!], "float64");
    }
    expect(numbers(timeConstantsOf(a))[0]).toBeCloseTo(12, 3);
  });

  it("are refused where they are none", () => {
    const make = (timeConstants: unknown) => () =>
      leakyRnn({ input: 3, hidden: 4, timeConstants: timeConstants as never });
    expect(make(0)).toThrow(new RangeError("leakyRnn: timeConstants is a finite positive number, got 0"));
    expect(make([1, -2])).toThrow(
      new RangeError("leakyRnn: timeConstants[1] is a finite positive number, got -2"),
    );
    expect(make({ from: 3, to: 2 })).toThrow(
      "leakyRnn: timeConstants is a record { from, to } of positive numbers, from not above to, got",
    );
    expect(make("slow")).toThrow(
      'leakyRnn: timeConstants is a positive number of steps, a list of them, or a record { from, to }, got "slow"',
    );
    expect(make([1, 2, 3])).toThrow(
      "leakyRnn: timeConstants has 3 entries for 4 units; it has one for each unit, or for each of some groups of equal size",
    );
  });
});
