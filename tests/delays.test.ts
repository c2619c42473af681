import {
  add,
  type Backward,
  chain,
  checkDerivatives,
  concat,
  constantInit,
  defineCell,
  grad,
  Key,
  lstm,
  matmul,
  mul,
  normal,
  onCpu,
  orthogonal,
  recurrent,
  reshape,
  type Shape,
  type Structure,
  slice,
  sum,
  tanh,
  tensor,
  trees,
  unfold,
  type Value,
  valueAndGrad,
  valueAndGradPerExample,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";

// Edges of a chain that are longer than one step (section 10.9.1).

const [I, H] = [2, 3];
const numbers = (v: Value) => Array.from(onCpu(v).toArray());
const normals = (seed: number, ...shape: number[]) => normal(Key.of(seed), shape, "float64");
const near = (a: Value, b: Value) => {
  expect(a.shape).toEqual(b.shape);
  const [p, q] = [numbers(a), numbers(b)];
  for (const [i, v] of p.entries()) expect(Math.abs(v - q[i]!)).toBeLessThan(1e-12);
};

/** h(t) = tanh(x(t) U + h(t-1) N + h(t-3) F) */
const skipping = defineCell({
  name: "skipping",
  ports: ["near", "far"],
  inputs: () => ({ x: [I] as Shape }),
  state: () => ({ h: [H] as Shape }),
  params: () => ({ U: orthogonal(I, H), N: orthogonal(H, H), F: orthogonal(H, H) }),
  step({ x, near, far }, { U, N, F }) {
    const h = tanh(add(matmul(x, U), add(matmul(near.h, N), matmul(far.h, F))));
    return { state: { h }, output: h };
  },
})(undefined);
const delays = { near: 1, far: 3 };
const params = skipping.init(Key.of(1), "float64");
type Params = typeof params;

/** The same by hand, one sequence: rows of x, and the states of the three steps before, the oldest first. */
function byHand(p: Params, x: Value, before: Value): { outputs: Value; last: Value } {
  const states = [0, 1, 2].map((k) => slice(before, 0, k, k + 1));
  for (let t = 0; t < x.shape[0]!; t++) {
    const read = add(matmul(states.at(-1)!, p.N), matmul(states.at(-3)!, p.F));
    states.push(tanh(add(matmul(slice(x, 0, t, t + 1), p.U), read)));
  }
  return { outputs: concat(states.slice(states.length > 3 ? 3 : 0), 0), last: concat(states.slice(-3), 0) };
}

const lengths = [5, 0, 2, 8];
const x = normals(2, 15, I);
const before = normals(3, 12, H);
const starts = [0, 5, 5, 7];
const ofSequence = (b: number) => ({
  x: slice(x, 0, starts[b]!, starts[b]! + lengths[b]!),
  before: slice(before, 0, 3 * b, 3 * b + 3),
});

test("a ragged batch equals each sequence by hand, from the states of the steps before and to those of the last steps", () => {
  const structure = chain(lengths, { delays });
  expect([structure.parts.sources, structure.parts.sinks, structure.levels]).toEqual([12, 12, 8]);
  for (const loop of ["compiled", "plain"] as const) {
    const { output, final } = unfold(skipping, params, { x: structure.pack(x) }, structure, {
      initial: { h: before },
      loop,
    });
    const laid = structure.unpack(output);
    lengths.forEach((n, b) => {
      const own = ofSequence(b);
      const { outputs, last } = byHand(params, own.x, own.before);
      if (n > 0) near(slice(laid, 0, starts[b]!, starts[b]! + n), outputs);
      near(slice(final.h, 0, 3 * b, 3 * b + 3), last);
    });
  }
});

test("steps before the first are zeros by default, or what the cell starts from, at each of them", () => {
  const counting = defineCell({
    name: "counting",
    ports: ["near", "far"],
    inputs: () => ({}),
    state: () => ({ n: [] as Shape }),
    start: () => ({ n: 100 }),
    params: () => ({}),
    step: ({ near, far }) => ({ state: { n: add(near.n, mul(far.n, 10)) }, output: near.n }),
  })(undefined);
  const structure = chain([2], { delays });
  expect(numbers(unfold(counting, {}, {}, structure).final.n)).toEqual([100, 1100, 2100]);
  const zero = unfold(counting, {}, {}, structure, { initial: { n: tensor([0, 0, 1]) } });
  expect(numbers(zero.final.n)).toEqual([1, 1, 1]);
});

test("a sequence in parts, each begun with the final states of the one before, is the whole", () => {
  const whole = unfold(skipping, params, { x: normals(4, 9, I) }, chain([9], { delays }));
  let state = zeros([3, H], "float64") as Value;
  const outputs: Value[] = [];
  for (const [begin, end] of [
    [0, 4],
    [4, 5],
    [5, 5],
    [5, 7],
    [7, 9],
  ] as const) {
    const part = chain([end - begin], { delays });
    const { output, final } = unfold(skipping, params, { x: slice(normals(4, 9, I), 0, begin, end) }, part, {
      initial: { h: state },
    });
    outputs.push(output);
    state = final.h;
  }
  near(concat(outputs, 0), whole.output);
  near(state, whole.final.h);
});

test("a reversed chain reads the steps that come later", () => {
  const turn = (v: Value) =>
    concat(
      Array.from({ length: v.shape[0]! }, (_, t) => slice(v, 0, v.shape[0]! - 1 - t, v.shape[0]! - t)),
      0,
    );
  const structure = chain(lengths, { delays, reverse: true });
  const { output, final } = unfold(skipping, params, { x: structure.pack(x) }, structure, {
    initial: { h: before },
  });
  const laid = structure.unpack(output);
  lengths.forEach((n, b) => {
    if (n === 0) return;
    const own = ofSequence(b);
    const { outputs, last } = byHand(params, turn(own.x), own.before);
    near(slice(laid, 0, starts[b]!, starts[b]! + n), turn(outputs));
    near(slice(final.h, 0, 3 * b, 3 * b + 3), last);
  });
});

test("without edges of one step, as many steps as the shortest delay run side by side", () => {
  const structure = chain([10, 3], { delays: { in: [3, 4] } });
  expect(structure.levels).toBe(4);
  expect(chain([10, 3], { delays: { in: [3, 4] }, reverse: true }).levels).toBe(4);
  const cell = lstm({ input: I, hidden: H });
  const p = cell.init(Key.of(1), "float64");
  for (const reverse of [false, true]) {
    const over = chain([10, 3, 0], { delays: { in: [3, 4] }, reverse });
    const run = (loop: "plain" | "compiled") =>
      valueAndGrad((q: typeof p) =>
        sum(mul(unfold(cell, q, { x: normals(5, 13, I) }, over, { loop }).output, 2)),
      )(p);
    const [fast, plain] = [run("compiled"), run("plain")];
    near(fast.value, plain.value);
    near(fast.grads.W, plain.grads.W);
  }
  // Three interleaved chains of every third step.
  const apart = unfold(cell, p, { x: normals(5, 9, I) }, chain([9], { delays: { in: 3 } })).output;
  const every = (k: number, v: Value) =>
    concat(
      [0, 1, 2].map((i) => slice(v, 0, 3 * i + k, 3 * i + k + 1)),
      0,
    );
  for (const k of [0, 1, 2])
    near(every(k, apart), unfold(cell, p, { x: every(k, normals(5, 9, I)) }, chain([3])).output);
});

describe("derivatives", () => {
  const point = { params, before };
  const lossOf =
    (structure: Structure, options: { loop?: "plain"; backward?: Backward } = {}) =>
    (p: typeof point) => {
      const { output, final } = unfold(skipping, p.params, { x: structure.pack(x) }, structure, {
        ...options,
        initial: { h: p.before },
      });
      return add(sum(mul(mul(output, output), normals(6, 15, H))), sum(mul(final.h, normals(7, 12, H))));
    };

  test.each([false, true])("first and second, reversed: %s", (reverse) => {
    const { first, second } = checkDerivatives(lossOf(chain(lengths, { delays, reverse })), point, {
      second: true,
    });
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-7);
  });

  test("compiled equals the plain loop, in full and truncated", () => {
    const structure = chain(lengths, { delays });
    for (const backward of [{ kind: "full" }, { kind: "truncated", every: 2 }] as const) {
      const fast = grad(lossOf(structure, { backward }))(point);
      const plain = grad(lossOf(structure, { backward, loop: "plain" }))(point);
      near(fast.before, plain.before);
      for (const name of ["U", "N", "F"] as const) near(fast.params[name], plain.params[name]);
    }
  });

  test("truncation cuts every edge that goes past a multiple, the long ones too", () => {
    const structure = chain([8], { delays });
    const last = (xs: Value, backward: Backward) =>
      sum(slice(unfold(skipping, params, { x: xs }, structure, { backward }).output, 0, 7, 8));
    const g = grad((xs: Value) => last(xs, { kind: "truncated", every: 4 }))(normals(8, 8, I));
    const sizes = Array.from({ length: 8 }, (_, t) => numbers(slice(g, 0, t, t + 1)).some((v) => v !== 0));
    expect(sizes).toEqual([false, false, false, false, true, true, true, true]);
  });

  test("per example they are those of each sequence", () => {
    const structure = chain(lengths, { delays });
    const losses = (p: typeof point) => {
      const { output, final } = unfold(skipping, p.params, { x: structure.pack(x) }, structure, {
        initial: { h: p.before },
      });
      return add(
        sum(structure.sumPerSequence(mul(output, output)), 1),
        sum(reshape(mul(final.h, final.h), [4, 3 * H]), 1),
      );
    };
    const { grads } = valueAndGradPerExample(losses)(point);
    lengths.forEach((n, b) => {
      const own = ofSequence(b);
      const alone = chain([n], { delays });
      const g = grad((p: Params) => {
        const { output, final } = unfold(skipping, p, { x: own.x }, alone, { initial: { h: own.before } });
        return add(sum(mul(output, output)), sum(mul(final.h, final.h)));
      })(params);
      for (const name of ["U", "N", "F"] as const) near(grads[b]!.params[name], g[name]);
    });
  });
});

test("the derivative across tau steps has a factor per edge of the shortest path: tau / d of them", () => {
  const scaled = defineCell({
    name: "scaled",
    inputs: () => ({ x: [] as Shape }),
    state: () => ({ h: [] as Shape }),
    params: () => ({ w: constantInit(0.5) }),
    step({ x, h }, { w }) {
      const next = add(x, mul(w, h));
      return { state: { h: next }, output: next };
    },
  })(undefined);
  const reach = (d: number) => {
    const structure = chain([31], { delays: { in: d } });
    const last = (xs: Value) =>
      slice(unfold(scaled, scaled.init(Key.of(1), "float64"), { x: xs }, structure).output, 0, 30, 31);
    return numbers(grad((xs: Value) => sum(last(xs)))(zeros([31], "float64")))[0]!;
  };
  for (const d of [1, 2, 5, 10]) expect(reach(d)).toBe(0.5 ** (30 / d));
});

describe("as a layer", () => {
  const layer = recurrent(skipping, { delays });
  const p = layer.init(Key.of(1), "float64");
  const xs = normals(9, 7, I);

  test("over a chain as it is; its state is that of the last steps", () => {
    const { output, final } = layer.apply(p, xs, chain([7]));
    const plain = unfold(skipping, p, { x: xs }, chain([7], { delays }));
    near(output, plain.output);
    expect(final.h.shape).toEqual([1, 3, H]);
    near(reshape(final.h, [3, H]), plain.final.h);
    const more = layer.apply(p, xs, chain([7]), { initial: final });
    near(
      more.output,
      unfold(skipping, p, { x: xs }, chain([7], { delays }), { initial: plain.final }).output,
    );
    const other = recurrent(skipping, { delays, reverse: true }).apply(p, xs, chain([7]));
    near(other.output, unfold(skipping, p, { x: xs }, chain([7], { delays, reverse: true })).output);
  });

  test("a stream keeps the last states, and gives the numbers of the whole", () => {
    const whole = layer.apply(p, xs, chain([7])).output;
    const stream = layer.stream(p as never);
    const outputs = Array.from({ length: 7 }, (_, t) =>
      Array.from(stream.step(numbers(slice(xs, 0, t, t + 1)))),
    );
    expect(outputs.flat()).toEqual(numbers(whole));
    stream.reset();
    expect(Array.from(stream.step(numbers(slice(xs, 0, 0, 1))))).toEqual(outputs[0]);
    // Rows are chosen with all their states.
    stream.select([0, 0]);
    const two = Array.from(stream.step([...numbers(slice(xs, 0, 1, 2)), ...numbers(slice(xs, 0, 1, 2))]));
    expect(two).toEqual([...outputs[1]!, ...outputs[1]!]);
    stream.dispose();
  });

  test("initial states of another shape are refused, and what is no chain", () => {
    expect(() => layer.apply(p, xs, chain([7]), { initial: { h: zeros([1, H], "float64") } })).toThrow(
      "recurrent skipping: initial.h is [1, 3], expected [1, 3, 3]: with delays up to 3 a sequence starts from the states of so many steps, the oldest first",
    );
    const tree = trees([{ children: [[1, 2, 3, 4, 5, 6], [], [], [], [], [], []] }]);
    expect(() => layer.apply(p, xs, tree)).toThrow("delays are those of a chain, made by chain(lengths)");
  });
});

test("what is no delay is refused", () => {
  const attempt = (wrong: unknown) => () => chain([3], { delays: wrong as never });
  expect(attempt({ near: 0 })).toThrow("chain: delays.near is 0; a delay is a number of steps, at least 1");
  expect(attempt({ near: [] })).toThrow("chain: delays.near is []; a delay is a number of steps");
  expect(attempt({ near: [1, 1.5] })).toThrow("chain: delays.near is 1.5; a delay is a number of steps");
  expect(attempt({})).toThrow("chain: delays is a record of delays by port");
});
