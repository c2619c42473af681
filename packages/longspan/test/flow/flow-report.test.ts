import {
  add,
  type Cell,
  chain,
  defaultExecutor,
  defineCell,
  flowReport,
  fromArray,
  glorot,
  gru,
  gruResetAfter,
  identity,
  Key,
  log,
  lstm,
  lyapunovExponents,
  mapTree,
  matmul,
  mul,
  normal,
  onCpu,
  recurrent,
  rnn,
  sigmoid,
  slice,
  square,
  stacked,
  sub,
  sum,
  type Tensor,
  type Traceable,
  tensor,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { settled } from "../../../../tests/settled.js";
import { advise } from "../../src/flow/advice.js";
import { keepGate } from "../../src/flow/keep-gate.js";

const list = (v: unknown) => Array.from(onCpu(v as Value).toArray());

/** h(t) = W h(t-1) + U x(t). */
const linearCell = defineCell({
  name: "linear",
  inputs: ({ size }: { size: number }) => ({ x: [size] }),
  state: ({ size }) => ({ h: [size] }),
  params: ({ size }) => ({ W: glorot(size, size), U: identity(size) }),
  step({ x, h }, { W, U }) {
    const next = add(matmul(h, W), matmul(x, U));
    return { state: { h: next }, output: next };
  },
});

/** A matrix with the eigenvalues .9 and .6 exp(+-i), of no symmetry. */
const turned = [
  0.9,
  0.4,
  -0.2,
  0,
  0.6 * Math.cos(1),
  -0.6 * Math.sin(1),
  0,
  0.6 * Math.sin(1),
  0.6 * Math.cos(1),
];

describe("flowReport", () => {
  test("linear net: the gradient's slope is the log of the spectral radius, at lags whose gradient is 1e-30 too", async () => {
    const cell = linearCell({ size: 3 });
    const params = {
      ...cell.init(Key.of(1)),
      W: fromArray(
        turned.map((v) => v * 0.7),
        [3, 3],
      ),
    };
    const steps = 150;
    const x = normal(Key.of(2), [steps, 3]);
    const { layers } = await flowReport(
      (p: Traceable<typeof params>) => sum(unfold(cell, p, { x }, chain([steps])).final.h),
      params,
    );
    const [layer] = layers;
    const { lags, jacobians, exponents, verdict } = layer!;
    const slope = (Math.log(lags[140]!.norm) - Math.log(lags[60]!.norm)) / 80;
    expect(Math.abs(slope / Math.log(0.63) - 1)).toBeLessThan(0.02);
    expect(lags[140]!.norm).toBeLessThan(1e-27);
    // W is applied from the right: the Jacobian is its transpose, of the same eigenvalues.
    for (const j of jacobians) expect(Math.abs(j.spectralRadius - 0.63)).toBeLessThan(1e-6);
    expect(Math.abs(exponents[0]! - Math.log(0.63))).toBeLessThan(0.01);
    expect(verdict.kind).toBe("vanishing");
    expect(verdict.horizon).toBe(lags.filter((l) => l.norm >= lags[1]!.norm * 1e-3).at(-1)!.lag);
    expect(verdict.words).toMatch(/nothing beyond about \d+ steps is being learned/);
  });

  test("the parts of dL/dW by lag add up to it where they point one way, and each is that of its copy of W", async () => {
    const cell = rnn({ input: 2, hidden: 3 });
    const params = cell.init(Key.of(1), "float64");
    const x = normal(Key.of(2), [5, 2], "float64");
    const f = (p: Traceable<typeof params>) => sum(square(unfold(cell, p, { x }, chain([5])).final.h));
    const { layers } = await flowReport(f, params);
    const { weights } = layers[0]!;
    expect(weights.at).toEqual([0, 1, 2, 3, 4]);
    // By hand: dL/dW(t) = h(t-1) ((dL/dh(t)) (1 - h(t)^2)).
    const { states } = unfold(cell, params, { x }, chain([5]), { states: true });
    const h = [[0, 0, 0], ...[0, 1, 2, 3, 4].map((t) => list(slice(states!.h, 0, t, t + 1)))];
    const W = list(params.W);
    let d = h[5]!.map((v) => 2 * v);
    for (let lag = 0; lag < 5; lag++) {
      const t = 5 - lag;
      const pre = d.map((v, i) => v * (1 - h[t]![i]! ** 2));
      const size = Math.hypot(...h[t - 1]!.flatMap((a) => pre.map((b) => a * b)));
      expect(Math.abs(weights.norms.W![lag]! - size)).toBeLessThan(1e-10);
      expect(Math.abs(layers[0]!.lags[lag]!.norm - Math.hypot(...d))).toBeLessThan(1e-10);
      d = [0, 1, 2].map((i) => pre.reduce((p, v, j) => p + v * W[i * 3 + j]!, 0));
    }
  });

  test("an identity recurrence lets the gradient through; a large one blows it up; both are said", async () => {
    const cell = linearCell({ size: 2 });
    const x = normal(Key.of(2), [60, 2], "float64");
    const report = async (w: number) => {
      const W = fromArray([w, 0, 0, w], [2, 2], "float64");
      const params = { ...cell.init(Key.of(1), "float64"), W };
      return (
        await flowReport(
          (p: Traceable<typeof params>) => sum(unfold(cell, p, { x }, chain([60])).final.h),
          params,
        )
      ).layers[0]!;
    };
    const even = await report(1);
    expect(even.verdict.kind).toBe("flowing");
    expect(even.verdict.horizon).toBe(59);
    const large = await report(1.3);
    expect(large.verdict.kind).toBe("exploding");
    expect(Math.abs(large.verdict.factorPerStep! - 1.3)).toBeLessThan(1e-9);
    expect(Math.abs(large.jacobians[0]!.singularValues[0]! - 1.3)).toBeLessThan(1e-12);
  });

  describe("advice knows the cell", () => {
    const sizes = { input: 2, hidden: 3 };
    const steps = 60;
    /** The parameters are zero, but for the biases, which are 1 for the first gate, 2 for the second and so on, times `scale`. */
    const layerOf = async (cell: Cell, scale = 1) => {
      const zero = mapTree(cell.init(Key.of(1), "float64") as object, (t) =>
        zeros((t as Tensor).shape, "float64"),
      ) as Record<string, Value>;
      const gates = zero.b!.shape[0]! / sizes.hidden;
      const b = Array.from(
        { length: gates * sizes.hidden },
        (_, k) => scale * (1 + Math.floor(k / sizes.hidden)),
      );
      const params = { ...zero, b: fromArray(b, [b.length], "float64") };
      const x = normal(Key.of(2), [steps, 2], "float64");
      const loss = (p: unknown) => {
        const { final } = unfold(cell, p as never, { x } as never, chain([steps]));
        return Object.values(final as Record<string, Value>)
          .map((v) => sum(v))
          .reduce((u, v) => add(u, v));
      };
      return (await flowReport(loss as never, params as never)).layers[0]!;
    };
    const sigmoidOf = (z: number) => 1 / (1 + Math.exp(-z));

    test.each([
      ["lstm", lstm(sizes)],
      ["peepholeLstm", lstm({ ...sizes, peepholes: true })],
      ["coupledLstm", lstm({ ...sizes, coupled: true })],
      ["projectedLstm", lstm({ ...sizes, projection: 2 })],
      ["gru", gru(sizes)],
      ["gruResetAfter", gruResetAfter(sizes)],
    ])("%s: the gate that keeps the state is found by what it does", async (_, cell) => {
      const { keeps, verdict } = await layerOf(cell as unknown as Cell);
      expect(keeps).toBeCloseTo(sigmoidOf(1), 12);
      expect(verdict.kind).toBe("vanishing");
      expect(verdict.advice).toBe(
        "the gate that keeps the state is at 0.73 on average: start its bias higher (forgetBias of an lstm), or try the flow regulariser (flowPenalty)",
      );
    });

    test("an open gate is not what makes a gradient vanish", async () => {
      const cell = lstm({ ...sizes, forgetBias: 4 }) as unknown as Cell;
      const open = await layerOf(cell, 4);
      expect(open.keeps).toBeCloseTo(sigmoidOf(4), 12);
      expect([open.verdict.kind, open.verdict.advice]).toEqual(["flowing", null]);
      expect(advise("vanishing", { keeps: 0.98, radius: 0.99 })).toBe(
        "try the flow regulariser (flowPenalty)",
      );
    });

    test("a cell without such a gate is told of gated ones, and its radius where that is small", async () => {
      expect((await layerOf(rnn(sizes) as unknown as Cell)).keeps).toBeNull();
      const cell = linearCell({ size: 2 });
      const x = normal(Key.of(2), [60, 2], "float64");
      const adviceAt = async (w: number) => {
        const params = {
          ...cell.init(Key.of(1), "float64"),
          W: fromArray([w, 0, 0, w], [2, 2], "float64"),
        };
        const loss = (p: Traceable<typeof params>) => sum(unfold(cell, p, { x }, chain([60])).final.h);
        return (await flowReport(loss, params)).layers[0]!.verdict.advice;
      };
      expect(await adviceAt(0.5)).toBe(
        "try a gated cell (lstm, gru), or the flow regulariser (flowPenalty), or recurrent weights of a greater spectral radius (that of dh(t)/dh(t-1) is 0.5)",
      );
      expect(await adviceAt(1)).toBeNull();
      expect(await adviceAt(1.3)).toMatch(/^try clipping by the joint norm/);
      expect(advise("vanishing", { keeps: null, radius: 1 })).toBe(
        "try a gated cell (lstm, gru), or the flow regulariser (flowPenalty)",
      );
    });

    test("a gate that does not multiply a state that is kept is none of these", () => {
      // h is multiplied by the gate r, but only on its way into a product.
      const reset = defineCell({
        name: "reset",
        inputs: ({ size }: { size: number }) => ({ x: [size] }),
        state: ({ size }) => ({ h: [size] }),
        params: ({ size }) => ({ W: glorot(size, size) }),
        step({ x, h }, { W }) {
          const next = add(x, matmul(mul(sigmoid(x), h), W));
          return { state: { h: next }, output: next };
        },
      });
      expect(keepGate(reset({ size: 2 }) as unknown as Cell)).toBeNull();
      expect(keepGate(gru(sizes) as unknown as Cell)).toBe(0);
    });
  });

  test("two layers of an LSTM over sequences of different lengths: norms by step are those of probes", async () => {
    const net = stacked([recurrent(lstm({ input: 2, hidden: 3 })), recurrent(lstm({ input: 3, hidden: 2 }))]);
    const params = net.init(Key.of(1), "float64");
    const structure = chain([4, 7]);
    const x = normal(Key.of(2), [11, 2], "float64");
    const { layers, loss } = await flowReport(
      (p: Traceable<typeof params>) => sum(square(net.apply(p, x, structure).final[1].h)),
      params,
    );
    expect(layers.map((l) => [l.layer, l.cell, l.stateSize, l.norms.map((n) => n.length)])).toEqual([
      [0, "lstm", 6, [4, 7]],
      [1, "lstm", 4, [4, 7]],
    ]);
    expect(loss).toBeCloseTo(list(sum(square(net.apply(params, x, structure).final[1].h)))[0]!, 14);
    // The last state of the upper layer has the loss alone: |2 h|; s is a coordinate of its own and has nothing.
    const h = list(net.apply(params, x, structure).final[1].h);
    expect(layers[1]!.norms[0]!.at(-1)).toBeCloseTo(2 * Math.hypot(h[0]!, h[1]!), 13);
    expect(layers[1]!.norms[1]!.at(-1)).toBeCloseTo(2 * Math.hypot(h[2]!, h[3]!), 13);
    // Five gates and squashings per step of a layer; shares of all values.
    expect(layers[0]!.saturation.map((s) => s.name)).toEqual([
      "sigmoid 1",
      "sigmoid 2",
      "tanh 1",
      "tanh 2",
      "sigmoid 3",
    ]);
    for (const s of layers[0]!.saturation) expect(s.histogram.reduce((a, b) => a + b)).toBe(33);
  });

  test("what is not finite is named: its step, sequence and layer", async () => {
    const cell = rnn({ input: 2, hidden: 3 });
    const structure = chain([4, 6]);
    const params = cell.init(Key.of(1));
    const f = (x: Value) => (p: Traceable<typeof params>) => sum(unfold(cell, p, { x }, structure).final.h);
    const rows = Array.from({ length: 20 }, (_, i) => Math.sin(i));
    const spoilt = [...rows];
    const row = structure.rowsOf(1)[3]!;
    spoilt[row * 2] = Number.NaN;
    const { layers } = await flowReport(f(fromArray(spoilt, [10, 2])), params);
    expect(layers[0]!.nonFinite).toEqual({ what: "input", sequence: 1, step: 3 });
    expect(layers[0]!.verdict.kind).toBe("not finite");
    expect(layers[0]!.verdict.words).toContain(
      "the input of step 3 (from 0) of sequence 1 (from 0) is not finite",
    );

    const logs = defineCell({
      name: "logs",
      inputs: () => ({ x: [1] }),
      state: () => ({ h: [1] }),
      params: () => ({ w: identity(1) }),
      step: ({ x, h }, { w }) => {
        const next = log(add(matmul(h, w), x));
        return { state: { h: next }, output: next };
      },
    })({});
    const own = logs.init(Key.of(1));
    // ln 1 = 0, ln(0 + e) = 1, ln(1 - 3) is NaN.
    const seen = await flowReport(
      (p: Traceable<typeof own>) =>
        sum(unfold(logs, p, { x: tensor([[1], [Math.E], [-3], [1]]) }, chain([4])).final.h),
      own,
    );
    expect(seen.layers[0]!.nonFinite).toEqual({ what: "state", sequence: 0, step: 2 });
  });

  test("a cell that draws has norms, and no Jacobians of steps that would draw anew", async () => {
    const noisy = defineCell({
      name: "noisy",
      inputs: () => ({ x: [2] }),
      state: () => ({ h: [2] }),
      params: () => ({ W: glorot(2, 2) }),
      step: ({ x, h }, { W }, { uniform }) => {
        const next = add(add(matmul(h, W), x), uniform([2]));
        return { state: { h: next }, output: next };
      },
    })({});
    const params = { W: fromArray([1, 0, 0, 1], [2, 2]) };
    const { layers } = await flowReport(
      (p: Traceable<typeof params>) =>
        sum(unfold(noisy, p, { x: normal(Key.of(2), [9, 2]) }, chain([9]), { key: Key.of(3) }).final.h),
      params,
    );
    expect(layers[0]!.lags.map((l) => l.norm)).toEqual(new Array(9).fill(Math.SQRT2));
    expect([layers[0]!.jacobians, layers[0]!.exponents, layers[0]!.weights.at]).toEqual([[], [], []]);
  });

  test("a loss without a recurrent layer, and one that ignores its layer", async () => {
    const cell = rnn({ input: 2, hidden: 3 });
    const params = cell.init(Key.of(1));
    await expect(flowReport((p: Traceable<typeof params>) => sum(p.W), params)).rejects.toThrow(
      "nothing to report on",
    );
    const { layers } = await flowReport((p: Traceable<typeof params>) => {
      unfold(cell, p, { x: normal(Key.of(2), [9, 2]) }, chain([9]));
      return sum(p.W);
    }, params);
    expect(layers[0]!.verdict.kind).toBe("none");
  });
});

describe("lyapunovExponents", () => {
  test("the Henon map as a cell has the exponents 0.419 and -1.623", async () => {
    const henon = defineCell({
      name: "henon",
      inputs: () => ({}),
      state: () => ({ a: [1], b: [1] }),
      params: () => ({}),
      step: ({ a, b }) => ({
        state: { a: add(sub(1, mul(square(a), 1.4)), b), b: mul(a, 0.3) },
        output: a,
      }),
    })({});
    const initial = { a: tensor([[0.1]]), b: tensor([[0.1]]) };
    const found = await lyapunovExponents(henon, {}, {}, chain([20000]), { initial });
    expect(Math.abs(found[0]! / 0.419 - 1)).toBeLessThan(0.01);
    expect(Math.abs(found[1]! / -1.623 - 1)).toBeLessThan(0.01);
    // The map's Jacobian has the determinant -0.3 everywhere.
    expect(found[0]! + found[1]!).toBeCloseTo(Math.log(0.3), 10);
  });

  test("a state too large for its Jacobians to be formed: the exponents of a linear net are the logs of its eigenvalues", async () => {
    const size = 65;
    const cell = linearCell({ size });
    const W = new Float64Array(size * size);
    for (let i = 0; i < size; i++) W[i * size + i] = i === 7 ? 0.9 : i === 3 ? -0.5 : 0.1;
    const params = { ...cell.init(Key.of(1), "float64"), W: fromArray(W, [size, size], "float64") };
    const x = normal(Key.of(2), [60, size], "float64");
    const found = await lyapunovExponents(cell, params, { x }, chain([60]), { count: 2, settle: 30 });
    expect(Math.abs(found[0]! - Math.log(0.9))).toBeLessThan(1e-6);
    expect(Math.abs(found[1]! - Math.log(0.5))).toBeLessThan(1e-6);
  });

  test("leaves nothing behind, and the caller's tensors as they were", async () => {
    for (const dtype of ["float32", "float64"] as const) {
      const cell = rnn({ input: 2, hidden: 3 });
      const params = cell.init(Key.of(1), dtype);
      const x = normal(Key.of(2), [8, 2], dtype);
      const look = async () => {
        await lyapunovExponents(cell, params, { x }, chain([8]));
        await flowReport(
          (p: Traceable<typeof params>) => sum(unfold(cell, p, { x }, chain([8])).final.h),
          params,
        );
        return defaultExecutor().statistics.bytesInUse;
      };
      await settled();
      const before = await look();
      expect(await look()).toBe(before);
      expect(list(x)).toHaveLength(16);
      expect(list(params.W)).toHaveLength(9);
    }
  });

  test("of several sequences they are the mean over their steps", async () => {
    const cell = rnn({ input: 2, hidden: 3 });
    const params = cell.init(Key.of(1), "float64");
    const x = normal(Key.of(2), [10, 2], "float64");
    const options = { count: 1, settle: 0 };
    const structure = chain([7, 3]);
    const [both] = await lyapunovExponents(cell, params, { x: structure.pack(x) }, structure, options);
    const alone = async (from: number, to: number) =>
      (await lyapunovExponents(cell, params, { x: slice(x, 0, from, to) }, chain([to - from]), options))[0]!;
    expect(both).toBeCloseTo(0.7 * (await alone(0, 7)) + 0.3 * (await alone(7, 10)), 12);
  });

  test("refuses more exponents than numbers in the state, and less than two steps", async () => {
    const cell = rnn({ input: 2, hidden: 3 });
    const params = cell.init(Key.of(1));
    const x = normal(Key.of(2), [8, 2]);
    await expect(lyapunovExponents(cell, params, { x }, chain([8]), { count: 4 })).rejects.toThrow(
      "from 1 to 3, got 4",
    );
    const each = chain(new Array<number>(8).fill(1));
    await expect(lyapunovExponents(cell, params, { x }, each)).rejects.toThrow(
      "lyapunovExponents: expected a chain of at least two steps, or trees with a path of at least two edges, got 8 sequences of 8 nodes in all, the longest path of 1",
    );
  });
});
