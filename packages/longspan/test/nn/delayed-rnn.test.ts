import {
  add,
  chain,
  checkDerivatives,
  defineCell,
  delayedRnn,
  flowReport,
  Key,
  matmul,
  mul,
  normal,
  onCpu,
  recurrent,
  slice,
  spectralRadius,
  sum,
  type Tensor,
  tensor,
  type Value,
} from "longspan";
import { describe, expect, it } from "vitest";
import { difference, normals, numbers, product, randomLike, rows } from "./plain.js";

const groups = [
  { units: 3, delays: [1, 4] },
  { units: 2, delays: 4 },
  { units: 1, delays: [7] },
];
const layer = delayedRnn({ input: 2, groups });
const lengths = [12, 3, 0, 9];
const nodes = 24;
const structure = chain(lengths);
const params = randomLike(layer.init(Key.of(1), "float64"), Key.of(2), 0.4);
const x = normals(Key.of(3), nodes, 2);

describe("delayedRnn", () => {
  it("is its equations: each group reads its own delays, of all units", () => {
    const { output, final } = layer.apply(params, x, structure);
    const { U, b, W } = { U: rows(params.U), b: numbers(params.b), W: params.W };
    const [near, far, farthest] = [rows(W.d1!), rows(W.d4!), rows(W.d7!)];
    const xs = rows(structure.unpack(x));
    const zero = new Array<number>(6).fill(0);
    let at = 0;
    const expected = lengths.flatMap((length) => {
      const h: number[][] = [];
      const before = (t: number, d: number) => h[t - d] ?? zero;
      for (let t = 0; t < length; t++) {
        const own = xs[at++]!;
        h.push(
          Array.from({ length: 6 }, (_, j) => {
            let a = b[j]! + product(own, U, j);
            if (j < 3) a += product(before(t, 1), near, j);
            if (j < 5) a += product(before(t, 4), far, j);
            else a += product(before(t, 7), farthest, 0);
            return Math.tanh(a);
          }),
        );
      }
      return h.flat();
    });
    expect(difference(numbers(structure.unpack(output)), expected)).toBeLessThan(1e-15);
    expect(final.h.shape).toEqual([4, 7, 6]);
    expect(difference(numbers(final.h).slice(36, 42), expected.slice(66, 72))).toBeLessThan(1e-15);
  });

  it("starts with matrices that together keep lengths", () => {
    const { W } = layer.init(Key.of(1), "float64");
    const norms = (of: Value) => {
      const columns = rows(of)[0]!.map((_, j) => Math.hypot(...rows(of).map((row) => row[j]!)));
      return columns.map((n) => Math.round(n * 1e12) / 1e12);
    };
    expect(norms(W.d1!)).toEqual([0.5, 0.5, 0.5]);
    expect(norms(W.d4!)).toEqual([0.5, 0.5, 0.5, 1, 1]);
    expect(norms(W.d7!)).toEqual([1]);
  });

  it("has right derivatives of both orders, ragged", () => {
    const point = { params, x, initial: { h: normals(Key.of(4), 4, 7, 6) } };
    const loss = (p: typeof point): Value => {
      const { output, final } = layer.apply(p.params, p.x, structure, { initial: p.initial });
      return add(sum(mul(mul(output, output), normals(Key.of(5), nodes, 6))), sum(final.h));
    };
    const { first, second } = checkDerivatives(loss, point, { second: true });
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-7);
  });

  it("runs as many steps side by side as its shortest delay has, and streams them one by one", () => {
    expect(chain([20], { delays: { d5: 5 } }).levels).toBe(20 / 5);
    const far = delayedRnn({ input: 2, groups: [{ units: 4, delays: 5 }] });
    const own = far.init(Key.of(1));
    const inputs = rows(normals(Key.of(6), 20, 2));
    const whole = rows(far.apply(own, tensor(inputs), chain([20])).output);
    const stream = far.stream(own);
    for (const [t, row] of inputs.entries())
      expect(difference(stream.step(row), whole[t]!)).toBeLessThan(1e-6);
    stream.dispose();
  });

  it("says what it cannot take", () => {
    const make = (of: unknown) => () => delayedRnn({ input: 2, groups: of as never });
    expect(make([])).toThrow("delayedRnn: groups is a list of groups { units, delays }, at least one, got");
    expect(make([{ units: 2, delays: [] }])).toThrow("delayedRnn: groups[0].delays is a list of delays");
    expect(make([{ units: 2, delays: 0 }])).toThrow(
      new RangeError("delayedRnn: groups[0].delays is a positive integer, got 0"),
    );
    expect(make([{ units: 2, delays: [1, 3, 1] }])).toThrow(
      new TypeError("delayedRnn: groups[0].delays has 1 twice; each delay has one matrix"),
    );
    expect(make([{ units: 2, delays: 1, period: 3 }])).toThrow(
      new TypeError("delayedRnn: groups[0]: there is no setting period; the settings are units, delays"),
    );
  });
});

// The slopes of 10.9.1: |dh(T)/dh(t)| of a linear net, h(t) = x(t) + A h(t-1) + B h(t-d), by what flowReport measures.
describe("the norm of dh(T)/dh(t)", () => {
  const n = 6;
  const linear = (ports: readonly string[]) =>
    defineCell({
      name: "linear",
      ports,
      inputs: () => ({ x: [n] }),
      state: () => ({ h: [n] }),
      params: () =>
        Object.fromEntries(ports.map((port) => [port, { shape: [n, n], initialise: () => matrix(1, 0.9) }])),
      step({ x, ...read }, weights) {
        const states = read as unknown as Readonly<Record<string, { readonly h: Value }>>;
        const h = ports.reduce((sum, port) => add(sum, matmul(states[port]!.h, weights[port]!)), x as Value);
        return { state: { h }, output: h };
      },
    })(undefined);

  /** A random matrix of this spectral radius. */
  const matrix = (seed: number, radius: number): Tensor => {
    const raw = normal(Key.of(seed), [n, n], "float64");
    return mul(raw, radius / spectralRadius(onCpu(raw).toArray(), n)) as Tensor;
  };

  /** The slope of ln |dL/dh(t)| against tau = T - t, L a product of h(T) with random numbers. @param every lags that are looked at */
  const slope = async (delays: Readonly<Record<string, number>>, weights: object, every: number) => {
    const T = 600;
    const layer = recurrent(linear(Object.keys(delays)), { delays });
    const report = await flowReport(
      (p) => {
        const { output } = layer.apply(p as never, normals(Key.of(8), T, n), chain([T]));
        return sum(mul(slice(output, 0, T - 1, T), normals(Key.of(9), 1, n)));
      },
      weights,
      { jacobians: 0, exponents: 0, weights: false },
    );
    const points = Array.from(report.layers[0]!.norms[0]!, (norm, t) => [T - 1 - t, Math.log(norm)] as const);
    return slopeOf(points.filter(([tau]) => tau >= 100 && tau % every === 0));
  };

  const slopeOf = (points: readonly (readonly [number, number])[]) => {
    const mean = (of: (p: readonly [number, number]) => number) =>
      points.reduce((total, p) => total + of(p), 0) / points.length;
    const [mx, my] = [mean(([x]) => x), mean(([, y]) => y)];
    return mean(([x, y]) => (x - mx) * (y - my)) / mean(([x]) => (x - mx) ** 2);
  };

  for (const [radius, seed] of [
    [0.9, 1],
    [1.05, 2],
  ] as const) {
    it(`falls by ln ${radius} per step with delay 1`, async () => {
      const measured = await slope({ near: 1 }, { near: matrix(seed, radius) }, 1);
      expect(measured / Math.log(radius)).toBeGreaterThan(0.98);
      expect(measured / Math.log(radius)).toBeLessThan(1.02);
    });

    for (const d of [4, 10])
      it(`falls by ln ${radius} per ${d} steps with delay ${d} alone: by tau / d`, async () => {
        const measured = await slope({ far: d }, { far: matrix(seed, radius) }, d);
        expect((measured * d) / Math.log(radius)).toBeGreaterThan(0.98);
        expect((measured * d) / Math.log(radius)).toBeLessThan(1.02);
      });
  }

  it("with both follows the larger of the two, the spectral radius of the net as a chain of the last d steps", async () => {
    for (const [near, far] of [
      [0.5, 0.8],
      [0.9, 0.3],
      [1.02, 0.5],
    ] as const) {
      const d = 8;
      const [A, B] = [matrix(3, near), matrix(4, far)];
      // The state of the last d steps: [h(t), ..., h(t-d+1)] from the one before, one matrix.
      const size = n * d;
      const whole = new Float64Array(size * size);
      const put = (from: number, to: number, M: readonly (readonly number[])[]) => {
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) whole[(n * from + i) * size + n * to + j]! += M[i]![j]!;
      };
      put(0, 0, rows(A));
      put(d - 1, 0, rows(B));
      const one = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
      for (let k = 1; k < d; k++) put(k - 1, k, one);
      const expected = Math.log(spectralRadius(whole, size));
      const measured = await slope({ near: 1, far: d }, { near: A, far: B }, 1);
      expect(measured / expected).toBeGreaterThan(0.98);
      expect(measured / expected).toBeLessThan(1.02);
      // Slower than the short path alone.
      expect(measured).toBeGreaterThan(Math.log(near) - 0.01);
    }
  });
});
