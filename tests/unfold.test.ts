import {
  adam,
  add,
  applyUpdates,
  type Concrete,
  chain,
  checkDerivatives,
  clipByJointNorm,
  compose,
  concat,
  crossEntropyMean,
  defaultExecutor,
  defineCell,
  div,
  exp,
  fromArray,
  gather,
  grad,
  graph,
  hessianVectorProduct,
  jvp,
  Key,
  leaves,
  less,
  log,
  lstm,
  matmul,
  mul,
  neg,
  normal,
  onCpu,
  type ParamSpec,
  reshape,
  type Shape,
  Structure,
  sigmoid,
  slice,
  stopGradient,
  sum,
  type Tensor,
  tanh,
  tensor,
  trees,
  unfold,
  type Value,
  valueAndGrad,
  where,
  zeros,
} from "longspan";
import { countProgram } from "longspan/engine";
import { describe, expect, test } from "vitest";

const spec = (...shape: number[]): ParamSpec => ({
  shape,
  initialise: (key, s: Shape, dtype): Tensor => mul(normal(key, s, dtype), 0.5),
});

/** a = b + W h + U x; h = tanh a; o = c + V h: (10.8) to (10.10), parameters stored [in, out]. */
const rnn = defineCell({
  name: "rnn",
  inputs: ({ input }: { input: number; hidden: number; output: number }) => ({ x: [input] }),
  state: ({ hidden }) => ({ h: [hidden] }),
  params: ({ input, hidden, output }) => ({
    U: spec(input, hidden),
    W: spec(hidden, hidden),
    b: spec(hidden),
    V: spec(hidden, output),
    c: spec(output),
  }),
  step({ x, h }, { U, W, b, V, c }) {
    const next = tanh(add(add(matmul(h, W), matmul(x, U)), b));
    return { state: { h: next }, output: add(matmul(next, V), c) };
  },
});

const values = (v: Value) => Array.from(onCpu(v).toArray());
const rows = (v: Value, list: readonly number[]) => {
  const width = v.size / v.shape[0]!;
  const all = values(v);
  return list.map((r) => all.slice(r * width, (r + 1) * width));
};
function close(a: Value, b: Value, tolerance: number) {
  const [p, q] = [values(a), values(b)];
  expect(p.length).toBe(q.length);
  p.forEach((x, i) => {
    expect(Math.abs(x - q[i]!)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(x)));
  });
}

describe("lengths", () => {
  const lengths = [4, 0, 7, 1, 7];
  for (const dtype of ["float32", "float64"] as const) {
    for (const reverse of [false, true]) {
      test(`a batch of different lengths equals its members alone, bit for bit (${dtype}${reverse ? ", reversed" : ""})`, () => {
        const cell = lstm({ input: 3, hidden: 6 });
        const params = cell.init(Key.of(1), dtype);
        const total = lengths.reduce((p, n) => p + n, 0);
        const xs = normal(Key.of(2), [total, 3], dtype);
        const h0 = normal(Key.of(3), [lengths.length, 6], dtype);
        const s0 = normal(Key.of(4), [lengths.length, 6], dtype);
        const run = (structure: Structure, x: Value, h: Value, s: Value) => {
          const f = (p: { params: typeof params; x: Value; h: Value; s: Value }) => {
            const { output, final } = unfold(cell, p.params, { x: structure.pack(p.x) }, structure, {
              initial: { h: p.h, s: p.s },
            });
            const parts = [sum(mul(output, output)), sum(tanh(final.h)), sum(mul(final.s, final.s))];
            return parts.reduce((p, q) => add(p, q));
          };
          const point = { params, x, h, s } as Concrete<{
            params: typeof params;
            x: Value;
            h: Value;
            s: Value;
          }>;
          const { output, final } = unfold(cell, params, { x: structure.pack(x) }, structure, {
            initial: { h, s },
          });
          return { output: structure.unpack(output), final, grads: grad(f)(point) };
        };
        const batch = run(chain(lengths, { reverse }), xs, h0, s0);
        const summed = leaves(params).map((v) => new Float64Array(v.size));
        let start = 0;
        lengths.forEach((n, b) => {
          const alone = run(
            chain([n], { reverse }),
            slice(xs, 0, start, start + n),
            slice(h0, 0, b, b + 1),
            slice(s0, 0, b, b + 1),
          );
          const own = Array.from({ length: n }, (_, t) => start + t);
          expect(rows(batch.output, own)).toEqual(
            rows(
              alone.output,
              own.map((r) => r - start),
            ),
          );
          expect(rows(batch.final.h, [b])).toEqual(rows(alone.final.h, [0]));
          expect(rows(batch.final.s, [b])).toEqual(rows(alone.final.s, [0]));
          expect(rows(batch.grads.x, own)).toEqual(
            rows(
              alone.grads.x,
              own.map((r) => r - start),
            ),
          );
          expect(rows(batch.grads.h, [b])).toEqual(rows(alone.grads.h, [0]));
          expect(rows(batch.grads.s, [b])).toEqual(rows(alone.grads.s, [0]));
          leaves(alone.grads.params).forEach((v, i) => {
            values(v).forEach((x, j) => {
              summed[i]![j]! += x;
            });
          });
          start += n;
        });
        // Gradients of parameters are sums over all rows in another order: equal to rounding.
        leaves(batch.grads.params).forEach((v, i) => {
          values(v).forEach((x, j) => {
            expect(Math.abs(x - summed[i]![j]!)).toBeLessThan(
              (dtype === "float32" ? 2e-5 : 1e-13) * Math.max(1, Math.abs(x)),
            );
          });
        });
      });
    }
  }

  test("cell steps executed equal the sum of the lengths", () => {
    const cell = lstm({ input: 3, hidden: 4 });
    const params = cell.init(Key.of(1));
    const structure = chain([1000, ...new Array<number>(63).fill(10)]);
    const x = zeros([structure.nodes, 3]);
    const before = defaultExecutor().statistics.nodeRows;
    unfold(cell, params, { x }, structure);
    expect(defaultExecutor().statistics.nodeRows - before).toBe(1000 + 630);
    expect(structure.nodes).toBe(1630);
  });

  test("an all-empty batch, an empty list and a single step", () => {
    const cell = lstm({ input: 3, hidden: 4 });
    const params = cell.init(Key.of(1), "float64");
    const h = normal(Key.of(2), [2, 4], "float64");
    const empty = unfold(cell, params, { x: zeros([0, 3], "float64") }, chain([0, 0]), { initial: { h } });
    expect(empty.output.shape).toEqual([0, 4]);
    expect(values(empty.final.h)).toEqual(values(h));
    const g = grad((p: { params: typeof params; h: Value }) =>
      sum(
        mul(
          unfold(cell, p.params, { x: zeros([0, 3], "float64") }, chain([0, 0]), { initial: { h: p.h } })
            .final.h,
          2,
        ),
      ),
    )({ params, h: h as Tensor });
    expect(values(g.h)).toEqual(new Array(8).fill(2));
    expect(values(g.params.W).every((x) => x === 0)).toBe(true);
    expect(unfold(cell, params, { x: zeros([0, 3], "float64") }, chain([])).final.h.shape).toEqual([0, 4]);
    const one = unfold(cell, params, { x: tensor([[1, 2, 3]], "float64") }, chain([1]));
    expect(values(one.output)).toEqual(values(one.final.h));
  });
});

test("compiled, plain loop, and step by step with the state carried by hand agree to 1e-12", () => {
  const cell = lstm({ input: 3, hidden: 5 });
  const params = cell.init(Key.of(1), "float64");
  const T = 9;
  const x = normal(Key.of(2), [T, 3], "float64");
  const structure = chain([T]);
  const compiled = unfold(cell, params, { x }, structure);
  const plain = unfold(cell, params, { x }, structure, { loop: "plain" });
  let state: { h?: Value; s?: Value } = {};
  const outputs: Value[] = [];
  for (let t = 0; t < T; t++) {
    const step = unfold(cell, params, { x: slice(x, 0, t, t + 1) }, chain([1]), { initial: state });
    outputs.push(step.output);
    state = step.final;
  }
  close(compiled.output, plain.output, 1e-12);
  close(compiled.output, concat(outputs, 0), 1e-12);
  close(compiled.final.s, state.s!, 1e-12);
});

test("the chapter's closed-form gradients (10.17) to (10.28) equal ours to 1e-12", () => {
  const [I, H, O, T] = [3, 5, 4, 6];
  const cell = rnn({ input: I, hidden: H, output: O });
  const params = cell.init(Key.of(1), "float64");
  const xs = normal(Key.of(2), [T, I], "float64");
  const targets = [1, 3, 0, 2, 2, 1];
  // L = - sum over t of log softmax(o(t)) at y(t), (10.12) to (10.14).
  const hot = fromArray(
    targets.flatMap((y) => Array.from({ length: O }, (_, k) => (k === y ? 1 : 0))),
    [T, O],
    "float64",
  );
  const loss = (p: typeof params) => {
    const { output } = unfold(cell, p, { x: xs }, chain([T]));
    const z = exp(output);
    const probability = div(z, reshape(sum(z, 1), [T, 1]));
    return sum(mul(hot, neg(log(probability))));
  };
  const g = grad(loss)(params);

  // Forward and backward by the equations, in plain numbers.
  const M = (v: Value, r: number, c: number) =>
    Array.from({ length: r }, (_, i) => values(v).slice(i * c, (i + 1) * c));
  const [U, W, V] = [M(params.U, I, H), M(params.W, H, H), M(params.V, H, O)];
  const [b, c] = [values(params.b), values(params.c)];
  const x = M(xs, T, I);
  const h: number[][] = [];
  const yhat: number[][] = [];
  for (let t = 0; t < T; t++) {
    const previous = h[t - 1] ?? new Array<number>(H).fill(0);
    h.push(
      b.map((bj, j) =>
        Math.tanh(
          bj +
            previous.reduce((p, v, i) => p + v * W[i]![j]!, 0) +
            x[t]!.reduce((p, v, i) => p + v * U[i]![j]!, 0),
        ),
      ),
    );
    const o = c.map((ck, k) => ck + h[t]!.reduce((p, v, i) => p + v * V[i]![k]!, 0));
    const total = o.reduce((p, v) => p + Math.exp(v), 0);
    yhat.push(o.map((v) => Math.exp(v) / total));
  }
  const dO = yhat.map((row, t) => row.map((v, k) => v - (targets[t] === k ? 1 : 0))); // (10.18)
  const dH: number[][] = [];
  for (let t = T - 1; t >= 0; t--) {
    const fromOutput = h[t]!.map((_, i) => dO[t]!.reduce((p, v, k) => p + V[i]![k]! * v, 0)); // (10.19), V transposed
    const next = dH[t + 1];
    dH[t] = fromOutput.map(
      (v, i) => (next ? v + next.reduce((p, d, j) => p + W[i]![j]! * d * (1 - h[t + 1]![j]! ** 2), 0) : v), // (10.21)
    );
  }
  // Probes see the same: at the writes dL/dh(t) by every path, at the reads what comes back through the recurrence alone.
  const lossOf = (output: Value) => {
    const z = exp(output);
    return sum(mul(hot, neg(log(div(z, reshape(sum(z, 1), [T, 1]))))));
  };
  const flow = grad((p: { writes: Value; reads: Value }) =>
    lossOf(
      unfold(cell, params, { x: xs }, chain([T]), {
        probes: { writes: { h: p.writes }, reads: { h: p.reads } },
      }).output,
    ),
  )({ writes: zeros([T, H], "float64"), reads: zeros([T, H], "float64") });
  for (let t = 0; t < T; t++) {
    rows(flow.writes, [t])[0]!.forEach((v, i) => {
      expect(Math.abs(v - dH[t]![i]!)).toBeLessThan(1e-12);
    });
    if (t > 0)
      rows(flow.reads, [t])[0]!.forEach((v, i) => {
        const recurrent = dH[t]!.reduce((p, d, j) => p + W[i]![j]! * d * (1 - h[t]![j]! ** 2), 0);
        expect(Math.abs(v - recurrent)).toBeLessThan(1e-12);
      });
  }
  const dA = dH.map((row, t) => row.map((v, j) => v * (1 - h[t]![j]! ** 2)));
  const expected: Record<string, number[]> = {
    c: c.map((_, k) => dO.reduce((p, row) => p + row[k]!, 0)), // (10.22)
    b: b.map((_, j) => dA.reduce((p, row) => p + row[j]!, 0)), // (10.23)
    V: V.flatMap((row, i) => row.map((_, k) => dO.reduce((p, d, t) => p + h[t]![i]! * d[k]!, 0))), // (10.24)
    W: W.flatMap((row, i) => row.map((_, j) => dA.reduce((p, d, t) => p + (h[t - 1]?.[i] ?? 0) * d[j]!, 0))), // (10.26)
    U: U.flatMap((row, i) => row.map((_, j) => dA.reduce((p, d, t) => p + x[t]![i]! * d[j]!, 0))), // (10.28)
  };
  for (const [name, list] of Object.entries(expected)) {
    const ours = values((g as unknown as Record<string, Value>)[name]!);
    list.forEach((v, i) => {
      expect(Math.abs(ours[i]! - v)).toBeLessThan(1e-12 * Math.max(1, Math.abs(v)));
    });
  }
});

describe("truncated back-propagation", () => {
  const cell = lstm({ input: 2, hidden: 4 });
  const params = cell.init(Key.of(1), "float64");
  const lengths = [7, 3, 0, 5];
  const total = 15;
  const x = normal(Key.of(2), [total, 2], "float64");
  const h = normal(Key.of(3), [4, 4], "float64");
  interface Point {
    params: typeof params;
    x: Value;
    h: Value;
  }
  const point = { params, x, h } as unknown as Concrete<Point>;
  for (const reverse of [false, true])
    for (const every of [1, 2, 3, 100])
      test(`truncated(${every})${reverse ? " on a reversed chain" : ""} is the gradient of the loss with those reads frozen`, () => {
        const structure = chain(lengths, { reverse });
        const loss = (mode: "truncated" | "frozen" | "plain") => (p: Point) => {
          // The reference reading: each sequence cut into pieces by hand, its state frozen in between.
          if (mode === "frozen") {
            let all: Value | undefined;
            let start = 0;
            lengths.forEach((n, b) => {
              let state: { h: Value; s?: Value } = { h: slice(p.h, 0, b, b + 1) };
              const times = Array.from({ length: n }, (_, t) => (reverse ? n - 1 - t : t));
              times.forEach((t, clock) => {
                if (clock > 0 && clock % every === 0)
                  state = { h: stopGradient(state.h), s: stopGradient(state.s!) };
                const r = unfold(cell, p.params, { x: slice(p.x, 0, start + t, start + t + 1) }, chain([1]), {
                  initial: state,
                });
                const term = sum(tanh(mul(r.output, r.output)));
                all = all === undefined ? term : add(all, term);
                state = r.final;
              });
              all = all === undefined ? sum(mul(state.h, 0.3)) : add(all, sum(mul(state.h, 0.3)));
              start += n;
            });
            return all!;
          }
          const r = unfold(cell, p.params, { x: structure.pack(p.x) }, structure, {
            initial: { h: p.h },
            backward: { kind: "truncated", every },
            loop: mode === "plain" ? "plain" : "compiled",
          });
          return add(sum(tanh(mul(r.output, r.output))), sum(mul(r.final.h, 0.3)));
        };
        const frozen = grad(loss("frozen"))(point);
        for (const mode of ["truncated", "plain"] as const) {
          const ours = grad(loss(mode))(point);
          leaves(ours).forEach((v, i) => {
            close(v, leaves(frozen)[i]!, 1e-12);
          });
        }
        const direction = { params, x: mul(x, 0.5), h: mul(h, -1) } as unknown as Concrete<Point>;
        const second = hessianVectorProduct(loss("truncated"))(point, direction);
        leaves(hessianVectorProduct(loss("frozen"))(point, direction)).forEach((v, i) => {
          close(leaves(second)[i]!, v, 1e-11);
        });
      });
  test("it changes the gradient, and the full gradient agrees with differences", () => {
    const f = (kind: "full" | "truncated") => (p: Point) => {
      const structure = chain(lengths);
      const backward = kind === "full" ? ({ kind } as const) : ({ kind, every: 2 } as const);
      return sum(
        tanh(
          unfold(cell, p.params, { x: structure.pack(p.x) }, structure, { initial: { h: p.h }, backward })
            .output,
        ),
      );
    };
    expect(values(grad(f("full"))(point).params.W)).not.toEqual(values(grad(f("truncated"))(point).params.W));
    const check = checkDerivatives(f("full"), point, { second: true });
    expect(check.first).toBeLessThan(1e-6);
    expect(check.second).toBeLessThan(1e-6);
  });
  test("cells with an edge step: only the edges left carry derivatives", () => {
    const gated = defineCell({
      name: "gated",
      inputs: () => ({ x: [2] }),
      state: () => ({ h: [2] }),
      params: () => ({ W: spec(2, 2) }),
      edge: ({ x: input, h: from }, { W }) => ({ h: mul(sigmoid(add(matmul(from, W), input)), from) }),
      step({ x: input, h: sent }, { W }) {
        const next = tanh(add(matmul(sent, W), input));
        return { state: { h: next }, output: next };
      },
    })(undefined as never);
    const own = gated.init(Key.of(3), "float64");
    const f = (loop: "plain" | "compiled") => (p: { own: typeof own; x: Value }) =>
      sum(
        tanh(
          unfold(gated, p.own, { x: p.x }, chain(lengths), {
            loop,
            backward: { kind: "truncated", every: 2 },
          }).output,
        ),
      );
    const at = { own, x: x as Tensor };
    const [a, b] = [grad(f("plain"))(at), grad(f("compiled"))(at)];
    leaves(a).forEach((v, i) => {
      close(leaves(b)[i]!, v, 1e-12);
    });
    const [c, d] = [hessianVectorProduct(f("plain"))(at, at), hessianVectorProduct(f("compiled"))(at, at)];
    leaves(c).forEach((v, i) => {
      close(leaves(d)[i]!, v, 1e-11);
    });
  });
  test("trees have no clock", () => {
    const f = () =>
      grad((p: typeof params) =>
        sum(
          unfold(cell, p, { x: zeros([2, 2], "float64") }, trees([{ children: [[1], []] }]), {
            backward: { kind: "truncated", every: 2 },
          }).output,
        ),
      )(params);
    expect(f).toThrow(
      "truncated back-propagation counts steps, and this structure has no clock: chains and grids have one, and graphs that are given one; trees have none",
    );
  });
});

describe("gradient surgery", () => {
  const cell = rnn({ input: 2, hidden: 3, output: 2 });
  const params = cell.init(Key.of(5), "float64");
  const x = normal(Key.of(6), [6, 2], "float64");
  test("clipState clips what flows back through each read of the state", () => {
    // With a limit that nothing reaches the gradient is unchanged; with a tiny one nothing passes.
    const g = (clipState?: number) =>
      grad((p: typeof params) =>
        sum(unfold(cell, p, { x }, chain([6]), clipState === undefined ? {} : { clipState }).output),
      )(params);
    close(g(1e9).W, g().W, 1e-15);
    const cut = grad((p: typeof params) =>
      sum(unfold(cell, p, { x }, chain([6]), { backward: { kind: "truncated", every: 1 } }).output),
    )(params);
    close(g(1e-300).W, cut.W, 1e-15);
    expect(values(g(0.1).W)).not.toEqual(values(g().W));
  });
});

test("clipping in the recurrence has the second derivatives of the plain loop, in either order of modes", () => {
  const cell = rnn({ input: 2, hidden: 3, output: 2 });
  const params = cell.init(Key.of(5), "float64");
  const x = normal(Key.of(6), [6, 2], "float64") as Tensor;
  const direction = normal(Key.of(7), [6, 2], "float64") as Tensor;
  const f = (loop: "plain" | "compiled") => (v: Value) =>
    sum(tanh(mul(unfold(cell, params, { x: v }, chain([3, 0, 2, 1]), { clipState: 0.2, loop }).output, 3)));
  const reverseOverForward = (loop: "plain" | "compiled") =>
    grad((v: Value) => jvp(f(loop))(v as Tensor, direction).tangent)(x);
  const reverseOverReverse = (loop: "plain" | "compiled") =>
    grad((v: Value) => {
      const g = grad(f(loop))(v as Tensor);
      return sum(mul(g, g));
    })(x);
  close(reverseOverForward("compiled"), reverseOverForward("plain"), 1e-12);
  close(reverseOverReverse("compiled"), reverseOverReverse("plain"), 1e-12);
});

test("constants that JSON cannot tell apart stay apart, in a cell and between cells", () => {
  const bound = (limit: number) =>
    defineCell({
      name: "bound",
      inputs: () => ({ x: [1] }),
      state: () => ({}),
      params: () => ({}),
      step: ({ x }) => ({
        state: {},
        output: { one: add(x, limit), zero: div(x, mul(x, 0)), minus: div(x, mul(x, -0)) },
      }),
    })(undefined as never);
  const x = tensor([[1]]);
  for (const limit of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
    const { output } = unfold(bound(limit), {}, { x }, chain([1]));
    expect(values(output.one)).toEqual([limit]);
    expect([...values(output.zero), ...values(output.minus)]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
  }
});

describe("sums over nodes and shared inputs", () => {
  const counting = defineCell({
    name: "counting",
    inputs: () => ({ x: [1] }),
    sharedInputs: () => ({ scale: [] }),
    state: () => ({ h: [1] }),
    params: () => ({}),
    step({ x, h, scale }) {
      const next = add(mul(h, 0.5), x);
      return { state: { h: next }, output: next, sums: { loss: sum(mul(mul(next, next), scale)) } };
    },
  })(undefined as never);
  const structure = chain([2, 0, 3]);
  const x = structure.pack(tensor([[1], [2], [3], [4], [5]], "float64"));
  test("are kept per sequence, and a loss inside the cell has the gradient of the loss outside", () => {
    const inside = (p: { x: Value; scale: Value }) => unfold(counting, {}, p, structure).sums.loss;
    const point = { x: x as Tensor, scale: tensor(3, "float64") };
    // h: 1, 2.5; 3, 5.5, 7.75
    expect(values(inside(point))).toEqual([3 * (1 + 6.25), 0, 3 * (9 + 30.25 + 60.0625)]);
    const outside = (p: { x: Value; scale: Value }) => {
      const { output } = unfold(counting, {}, p, structure);
      return sum(mul(mul(output, output), p.scale));
    };
    const [a, b] = [grad((p: typeof point) => sum(inside(p)))(point), grad(outside)(point)];
    close(a.x, b.x, 1e-14);
    close(a.scale, b.scale, 1e-14);
  });
  test("a changed shared input compiles nothing", () => {
    const run = (scale: number) =>
      unfold(counting, {}, { x, scale: tensor(scale, "float64") }, structure).sums.loss;
    run(1);
    const before = defaultExecutor().statistics.compiled;
    expect(values(run(2))[0]).toBe(2 * 7.25);
    expect(defaultExecutor().statistics.compiled).toBe(before);
  });
});

describe("random draws", () => {
  const noisy = defineCell({
    name: "noisy",
    inputs: () => ({ x: [3] }),
    state: () => ({ h: [4] }),
    params: () => ({ U: spec(3, 4), W: spec(4, 4) }),
    step({ x, h }, { U, W }, context) {
      const kept = where(less(context.uniform([4]), 0.6), div(h, 0.6), 0);
      const tied = where(less(context.uniform([3], { per: "sequence" }), 0.6), div(x, 0.6), 0);
      const next = tanh(add(matmul(tied, U), matmul(kept, W)));
      return {
        state: { h: next },
        output: { next, drawn: context.uniform([2]), shared: context.uniform([2], { per: "sequence" }) },
      };
    },
  })(undefined as never);
  const params = noisy.init(Key.of(1), "float64");
  test("depend on the key, the sequence and the node, never on the row: a member alone draws the same", () => {
    const lengths = [2, 5, 3];
    const structure = chain(lengths);
    const x = normal(Key.of(2), [10, 3], "float64");
    const key = Key.of(9);
    const all = unfold(noisy, params, { x: structure.pack(x) }, structure, { key });
    const alone = unfold(noisy, params, { x: slice(x, 0, 2, 7) }, chain([5], { examples: [1] }), { key });
    const own = [2, 3, 4, 5, 6];
    const mine = [0, 1, 2, 3, 4];
    for (const name of ["next", "drawn", "shared"] as const)
      expect(rows(structure.unpack(all.output[name]), own)).toEqual(rows(alone.output[name], mine));
    const shared = rows(alone.output.shared, mine);
    for (const row of shared) expect(row).toEqual(shared[0]);
    expect(rows(alone.output.drawn, [0])).not.toEqual(rows(alone.output.drawn, [1]));
    const other = unfold(noisy, params, { x: slice(x, 0, 2, 7) }, chain([5], { examples: [1] }), {
      key: Key.of(10),
    });
    expect(values(other.output.drawn)).not.toEqual(values(alone.output.drawn));
  });
  test("a missing key is an error", () => {
    expect(() => unfold(noisy, params, { x: zeros([1, 3], "float64") }, chain([1]))).toThrow(
      "unfold noisy: the cell draws random numbers; give a key",
    );
  });
});

test("a Hessian-vector product costs at most 6 gradients, counted in floating-point operations", () => {
  const cell = lstm({ input: 16, hidden: 32 });
  const params = cell.init(Key.of(1));
  const structure = chain([20, 20, 20, 20]);
  const x = normal(Key.of(2), [80, 16]);
  const executor = defaultExecutor();
  let flops = 0;
  const run = executor.run.bind(executor);
  executor.run = (executable, schedule, bindings) => {
    flops += countProgram(executable.program, schedule).flops;
    run(executable, schedule, bindings);
  };
  try {
    const loss = (p: typeof params) => sum(tanh(unfold(cell, p, { x }, structure).output));
    grad(loss)(params);
    const gradient = flops;
    flops = 0;
    hessianVectorProduct(loss)(params, params);
    expect(flops / gradient).toBeLessThan(6);
  } finally {
    executor.run = run;
  }
});

describe("errors name what the user wrote", () => {
  const cell = lstm({ input: 3, hidden: 4 });
  const params = cell.init(Key.of(1));
  const x = zeros([3, 3]);
  test("a parameter of the wrong shape", () => {
    const wrong = { ...params, W: zeros([4, 12]) };
    expect(() => unfold(cell, wrong, { x }, chain([3]))).toThrow(
      "unfold lstm: W should be float32 [4, 16], got float32 [4, 12]",
    );
  });
  test("a parameter of another type", () => {
    const wrong = { ...params, W: zeros([4, 16], "float64") };
    expect(() => unfold(cell, wrong, { x }, chain([3]))).toThrow(
      "unfold lstm: W should be float32 [4, 16], got float64 [4, 16]",
    );
  });
  test("an input that the cell does not have, and one that is missing", () => {
    expect(() => unfold(cell, params, { x, y: x } as never, chain([3]))).toThrow(
      'unfold lstm: "y" is not an input of the cell (inputs: x)',
    );
    expect(() => unfold(cell, params, {} as never, chain([3]))).toThrow('unfold lstm: input "x" is missing');
  });
  test("a missing parameter", () => {
    const { W, ...rest } = params;
    expect(W.shape).toEqual([4, 16]);
    expect(() => unfold(cell, rest as never, { x }, chain([3]))).toThrow(
      'unfold lstm: parameter "W" is missing',
    );
  });
  test("an input with too few rows", () => {
    expect(() => unfold(cell, params, { x }, chain([4]))).toThrow(
      "unfold lstm: x should be float32 [4, 3], got float32 [3, 3]",
    );
  });
  test("an initial state of the wrong shape, and one that is no slot", () => {
    expect(() => unfold(cell, params, { x }, chain([3]), { initial: { h: zeros([2, 4]) } })).toThrow(
      "unfold lstm: initial h should be float32 [1, 4], got float32 [2, 4]",
    );
    const initial = { c: zeros([1, 4]) } as never;
    expect(() => unfold(cell, params, { x }, chain([3]), { initial })).toThrow(
      'initial state "c" is not a slot of the cell (slots: h, s)',
    );
  });
  const broken = (step: (v: { x: Value; h: Value }) => { state: never; output: Value }) =>
    defineCell({
      name: "broken",
      inputs: () => ({ x: [3] }),
      state: () => ({ h: [3] }),
      params: () => ({}),
      step,
    })(undefined as never);
  const run = (step: Parameters<typeof broken>[0]) => () => unfold(broken(step), {}, { x }, chain([3]));
  test("a new state of another shape names the slot", () => {
    expect(run(({ x: v }) => ({ state: { h: slice(v, 0, 0, 2) } as never, output: v }))).toThrow(
      'cell broken: slot "h" of the new state is float32 [2], expected float32 [3] as declared',
    );
  });
  test("an extra and a missing slot", () => {
    expect(run(({ x: v, h }) => ({ state: { h, extra: v } as never, output: v }))).toThrow(
      'cell broken: the new state has a slot "extra" that is not declared (declared: h)',
    );
    expect(run(({ x: v }) => ({ state: {} as never, output: v }))).toThrow(
      'cell broken: the new state lacks the slot "h"',
    );
  });
  test("a captured tensor", () => {
    const outside = zeros([3]);
    expect(run(({ x: v, h }) => ({ state: { h: add(h, outside) } as never, output: v }))).toThrow(
      "cell broken: the step captures a tensor from outside (float32 [3], used in add); a step may use only its operands: pass it as a parameter or an input",
    );
  });
  test("a cycle names its nodes", () => {
    const edges = [
      { from: 0, to: 1 },
      { from: 1, to: 2 },
      { from: 2, to: 3 },
      { from: 3, to: 1 },
    ];
    expect(() => graph([{ nodes: 4, edges }])).toThrow(
      /graph 0 has a cycle: (1 -> 2 -> 3 -> 1|2 -> 3 -> 1 -> 2|3 -> 1 -> 2 -> 3); a structure must be acyclic/,
    );
  });
  test("arguments of another kind", () => {
    expect(() => unfold(cell, params, { x }, [3] as never)).toThrow(
      "unfold lstm: structure is a structure, made by chain(), grid(), trees() or graph(), got [3]",
    );
    expect(() => unfold(cell, params, undefined as never, chain([3]))).toThrow(
      "inputs is missing; it is a record of values by name",
    );
    expect(() => unfold(cell, params, { x }, chain([3]), { loop: "fast" as never })).toThrow(
      'loop is one of compiled, plain, got "fast"',
    );
    expect(() => unfold(cell, params, { x }, chain([3]), { backward: { kind: "trunc" } as never })).toThrow(
      'got "trunc"',
    );
  });
  test("finals that are no nodes", () => {
    expect(() => graph([{ nodes: 1, edges: [], finals: [1] }])).toThrow(
      "graph 0: finals name node 1; the nodes are 0..0",
    );
  });
  test("truncation where there is no clock, on the way forward already", () => {
    const tree = trees([{ children: [[1], []] }]);
    const backward = { kind: "truncated", every: 2 } as const;
    expect(() => unfold(cell, params, { x: zeros([2, 3]) }, tree, { backward })).toThrow(
      "truncated back-propagation counts steps, and this structure has no clock: chains and grids have one",
    );
  });
  test("ports that do not match", () => {
    expect(() =>
      unfold(cell, params, { x }, trees([{ children: [[1, 2], [], []] }], { ports: ["left", "right"] })),
    ).toThrow("unfold lstm: the cell reads the ports [in], the structure has [left, right]");
  });
  test("a cell inside a cell's step", () => {
    const inner = rnn({ input: 3, hidden: 3, output: 3 });
    const p = inner.init(Key.of(1));
    expect(
      run(({ x: v, h }) => ({
        state: { h: unfold(inner, p, { x: v }, chain([1])).output } as never,
        output: h,
      })),
    ).toThrow(/cell broken: the step (uses unfold, which runs over whole structures|captures a tensor)/);
  });
  test("initial states where nothing starts", () => {
    const tree = trees([{ children: [[1], []] }]);
    expect(() => unfold(cell, params, { x: zeros([2, 3]) }, tree, { initial: { h: zeros([1, 4]) } })).toThrow(
      "unfold lstm: initial states over a structure without sources",
    );
  });
  test("but no sequences have no initial states to refuse", () => {
    const none = { h: zeros([0, 4]) };
    expect(unfold(cell, params, { x: zeros([0, 3]) }, chain([]), { initial: none }).final.h.shape).toEqual([
      0, 4,
    ]);
  });
  test("probes of what is no slot, and of the wrong shape", () => {
    const probes = { writes: { c: zeros([3, 4]) } } as never;
    expect(() => unfold(cell, params, { x }, chain([3]), { probes })).toThrow(
      'probe "c" is not a slot of the cell (slots: h, s)',
    );
    const short = { writes: { h: zeros([2, 4]) } };
    expect(() => unfold(cell, params, { x }, chain([3]), { probes: short })).toThrow(
      "unfold lstm: probe.write.h should be float32 [3, 4], got float32 [2, 4]",
    );
  });
  test("structures made by hand are checked", () => {
    const { parts } = chain([2, 1]);
    const edges = { ...parts.edges, to: Int32Array.of(0, 1, 9, -1, -2) };
    expect(() => new Structure({ ...parts, edges })).toThrow(
      "structure: edge 2 enters row 9, which does not exist",
    );
    expect(() => new Structure({ ...parts, levelEnd: Int32Array.of(2, 2) })).toThrow(
      "structure: row 2 is in no level",
    );
  });
  test("lengths that are none", () => {
    expect(() => chain([2, -1])).toThrow("chain: lengths[1] is -1; lengths are non-negative integers");
  });
});

test("programs are compiled once per cell, not per length", () => {
  const cell = lstm({ input: 2, hidden: 3 });
  const params = cell.init(Key.of(1));
  const step = (n: number) =>
    valueAndGrad((p: typeof params) => sum(unfold(cell, p, { x: zeros([n, 2]) }, chain([n])).output))(params);
  step(3);
  const before = defaultExecutor().statistics.compiled;
  for (const n of [4, 9, 1, 30]) step(n);
  expect(defaultExecutor().statistics.compiled).toBe(before);
});

test("a whole training step over batches of changing lengths compiles nothing after the first", () => {
  const cell = lstm({ input: 4, hidden: 5 });
  let params = { table: normal(Key.of(1), [7, 4]), cell: cell.init(Key.of(2)), V: normal(Key.of(3), [5, 7]) };
  const optimiser = compose(clipByJointNorm(1), adam({ learningRate: 0.01 }));
  let state = optimiser.init(params);
  const step = (lengths: number[]) => {
    const structure = chain(lengths);
    const ids = fromArray(
      Array.from({ length: structure.nodes }, (_, i) => (i * 5) % 7),
      [structure.nodes],
      "int32",
    );
    const { grads } = valueAndGrad((p: typeof params) => {
      const { output } = unfold(cell, p.cell, { x: gather(p.table, ids) }, structure);
      return crossEntropyMean(matmul(output, p.V), ids);
    })(params);
    const update = optimiser.update(grads, state, params);
    state = update.state;
    params = applyUpdates(params, update.updates);
  };
  step([3, 5]);
  step([4]);
  const before = defaultExecutor().statistics.compiled;
  for (const lengths of [[1], [7, 2, 2], [9, 9], [1, 1, 1, 30]]) step(lengths);
  expect(defaultExecutor().statistics.compiled).toBe(before);
});

test("a reversed chain may have more steps than a call has arguments", () => {
  const structure = chain([200_000, 100_000], { reverse: true });
  const { from, to } = structure.parts.edges;
  // The first step of the longer sequence reads its second one, two rows further on.
  expect([from[0], to[0], structure.nodes]).toEqual([2, 0, 300_000]);
});
