import {
  add,
  chain,
  defineCell,
  div,
  type FlowPenaltyOptions,
  flowPenalty,
  fromArray,
  grad,
  jvp,
  Key,
  leaves,
  lstm,
  mapTree,
  mapTrees,
  mul,
  normal,
  onCpu,
  reshape,
  rnn,
  type Shapes,
  slice,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Traceable,
  tanh,
  type UnfoldOptions,
  unfold,
  uniformInit,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { type AnyCell, type AnyParams, cells, outputSize } from "./cells.js";

const lengths = [6, 2, 0, 5];
const total = 13;
const structure = chain(lengths);
const x = normal(Key.of(2), [total, 2], "float64");
const target = normal(Key.of(3), [total, 3], "float64");
const named = (name: string) => cells.find((cell) => cell.name === name)!;
const lossFrom = (cell: AnyCell, output: Value) =>
  sum(square(add(output, slice(target, 1, 0, outputSize(cell)))));
const list = (v: unknown) => Array.from(onCpu(v as Value).toArray());
const item = (v: unknown) => list(v)[0]!;
const count = (shape: readonly number[]) => shape.reduce((a, n) => a * n, 1);

/**
 * The difference of two numbers, relative to the second unless that is 0. The Omega of a cell whose state passes through a step unchanged, such
 * as linear attention, is 0.
 */
const apart = (ours: number, expected: number) => Math.abs(ours - expected) / (Math.abs(expected) || 1);

/** A loss at every step. */
function lossOf(cell: AnyCell) {
  return (params: AnyParams) => {
    const { output } = unfold(cell, params as never, { x }, structure);
    return { loss: lossFrom(cell, output), aux: null };
  };
}

function paramsOf(cell: AnyCell, seed = 1) {
  return cell.init(Key.of(seed), "float64") as Record<string, Tensor>;
}

/** A direction in parameter space, and the point moved along it. */
function moved(params: Record<string, Tensor>, direction: Record<string, Tensor>, by: number) {
  return mapTrees(params, [direction], ([p, v]) => add(p!, mul(v!, by))) as Record<string, Tensor>;
}

function directionFor(params: Record<string, Tensor>) {
  let i = 50;
  return mapTree(params, (p) => normal(Key.of(i++), p.shape, "float64")) as Record<string, Tensor>;
}

function slopeOf(grads: Record<string, Tensor>, direction: Record<string, Tensor>) {
  const along = leaves(direction);
  return leaves(grads).reduce((s, g, i) => s + item(sum(mul(g, along[i]!))), 0);
}

/** dL/dstate(t) by probes, as plain constants. */
function flowsOf(cell: AnyCell, params: Record<string, Tensor>) {
  const at = Object.fromEntries(
    Object.entries(cell.state).map(([name, shape]) => [name, zeros([total, ...shape], "float64")]),
  );
  return grad((writes: Record<string, Value>) => {
    const { output } = unfold(cell, params as never, { x }, structure, { probes: { writes } });
    return lossFrom(cell, output);
  })(at as never) as Record<string, Tensor>;
}

/** Omega in plain numbers from cotangents and what became of them a step before. */
function omegaFrom(
  d: Record<string, Value>,
  m: Record<string, Value>,
  norms: "plain" | "squared",
  sequences = lengths.length,
): number {
  let omega = 0;
  for (let row = 0; row < total; row++) {
    const size = (values: Record<string, Value>) =>
      Object.values(values).reduce(
        (s, v) =>
          s +
          list(v)
            .slice((row * v.size) / total, ((row + 1) * v.size) / total)
            .reduce((p, y) => p + y * y, 0),
        0,
      );
    const ratio = size(m) / size(d);
    omega += ((norms === "plain" ? Math.sqrt(ratio) : ratio) - 1) ** 2;
  }
  return omega / sequences;
}

/** What flows back through each step with the parameters given and the cotangents fixed. */
function pulledBack(cell: AnyCell, params: Record<string, Tensor>, of: Record<string, Tensor>) {
  return unfold(cell, params as never, { x }, structure, { pullback: { of } }).pullback as Record<
    string,
    Value
  >;
}

describe("pulling back through one step", () => {
  for (const cell of cells)
    test(`${cell.name}: equals the step's Jacobian, column by column`, () => {
      const params = paramsOf(cell);
      const slots = Object.entries(cell.state);
      const of = Object.fromEntries(
        slots.map(([name, shape], i) => [name, normal(Key.of(20 + i), [1, ...shape], "float64")]),
      );
      const initial = Object.fromEntries(
        slots.map(([name, shape], i) => [name, normal(Key.of(30 + i), [1, ...shape], "float64")]),
      );
      const one = { x: normal(Key.of(40), [1, 2], "float64") };
      const m = unfold(cell, params as never, one, chain([1]), { initial, pullback: { of } }).pullback!;
      const step = (state: Record<string, Value>) =>
        unfold(cell, params as never, one, chain([1]), { initial: state }).final;
      for (const [name, shape] of slots)
        for (let j = 0; j < count(shape); j++) {
          const e = Object.fromEntries(
            slots.map(([n, own]) => [
              n,
              fromArray(
                Array.from({ length: count(own) }, (_, i) => (n === name && i === j ? 1 : 0)),
                [1, ...own],
                "float64",
              ),
            ]),
          );
          const { tangent } = jvp(step as never)(initial as never, e as never) as {
            tangent: Record<string, Value>;
          };
          const expected = slots.reduce((s, [n]) => s + item(sum(mul(tangent[n]!, of[n]!))), 0);
          // Numbers of the sLSTM go up to 2^16 here, and their last bit is 7e-12.
          expect(Math.abs(list(m[name])[j]! - expected)).toBeLessThan(
            1e-12 * Math.max(1, cell.name === "slstm" ? Math.abs(expected) : 1),
          );
        }
    });

  test("times dL/dstate(t) it is what arrives at step t - 1 from the recurrence, in every slot", () => {
    for (const cell of cells) {
      const params = paramsOf(cell);
      const d = flowsOf(cell, params);
      const m = pulledBack(cell, params, d);
      const reads = grad((p: Record<string, Value>) => {
        const { output } = unfold(cell, params as never, { x }, structure, { probes: { reads: p } });
        return lossFrom(cell, output);
      })(mapTrees(d, [], ([v]) => zeros(v!.shape, "float64")) as never) as Record<string, Tensor>;
      for (const name of Object.keys(d))
        list(m[name]).forEach((v, i) => {
          expect(Math.abs(v - list(reads[name])[i]!)).toBeLessThan(1e-12);
        });
    }
  });
});

describe("the flow penalty", () => {
  for (const cell of cells) {
    const params = paramsOf(cell);
    const direction = directionFor(params);
    const penalised = (options: FlowPenaltyOptions) => (p: AnyParams) =>
      flowPenalty(lossOf(cell) as never, p as never, options).omega;
    const gradient = (options: FlowPenaltyOptions) =>
      grad(penalised(options) as never)(params as never) as Record<string, Tensor>;

    test(`${cell.name}: its value is that of (10.52), counted and formed by hand`, () => {
      const d = flowsOf(cell, params);
      const m = pulledBack(cell, params, d);
      for (const norms of ["plain", "squared"] as const) {
        const { omega, counted, skipped } = flowPenalty(lossOf(cell) as never, params as never, { norms });
        expect(apart(item(omega), omegaFrom(d, m, norms))).toBeLessThan(1e-12);
        expect([item(counted), item(skipped)]).toEqual([total, 0]);
      }
    });

    for (const norms of ["plain", "squared"] as const) {
      test(`${cell.name}: exact, ${norms}, is the derivative of Omega`, () => {
        const ours = slopeOf(gradient({ gradient: "exact", norms }), direction);
        const at = (by: number) => item(penalised({ norms })(moved(params, direction, by) as never));
        const h = 1e-5;
        const measured = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
        expect(apart(ours, measured)).toBeLessThan(1e-6);
      });

      test(`${cell.name}: book, ${norms}, is the derivative with dL/dh(t) frozen`, () => {
        const ours = slopeOf(gradient({ gradient: "book", norms }), direction);
        const d = flowsOf(cell, params);
        const at = (by: number) => omegaFrom(d, pulledBack(cell, moved(params, direction, by), d), norms);
        const h = 1e-5;
        const measured = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
        expect(apart(ours, measured)).toBeLessThan(1e-6);
      });
    }
  }

  /** States before and after each step, by slot. */
  function statesOf(cell: AnyCell, params: Record<string, Tensor>) {
    const { states } = unfold(cell, params as never, { x }, structure, { states: true });
    return states as Record<string, Value>;
  }

  test("paper, rnn: only W learns, and by the derivative of the surrogate with h and d constant", () => {
    const cell = named("rnn");
    const params = paramsOf(cell);
    const grads = grad(
      ((p: AnyParams) =>
        flowPenalty(lossOf(cell) as never, p as never, { gradient: "paper" }).omega) as never,
    )(params as never) as Record<string, Tensor>;
    for (const [name, g] of Object.entries(grads))
      if (name !== "W") expect(list(g).every((v) => v === 0)).toBe(true);
    const d = list(flowsOf(cell, params).h);
    const h = list(statesOf(cell, params).h);
    const n = 3;
    const W = list(params.W);
    const surrogate = (w: readonly number[]) => {
      let omega = 0;
      for (let row = 0; row < total; row++) {
        let [m2, d2] = [0, 0];
        for (let i = 0; i < n; i++) {
          let m = 0;
          for (let j = 0; j < n; j++) m += d[row * n + j]! * (1 - h[row * n + j]! ** 2) * w[i * n + j]!;
          m2 += m * m;
          d2 += d[row * n + i]! ** 2;
        }
        omega += (m2 / d2 - 1) ** 2;
      }
      return omega / lengths.length;
    };
    for (let k = 0; k < W.length; k++) {
      const at = (by: number) => surrogate(W.map((w, i) => (i === k ? w + by : w)));
      const measured = (at(1e-5) - at(-1e-5)) / 2e-5;
      expect(Math.abs(list(grads.W)[k]! - measured)).toBeLessThan(1e-6 * Math.max(1, Math.abs(measured)));
    }
  });

  test("paper, lstm: W learns through all four gates, by the surrogate with the values constant", () => {
    const cell = named("lstm");
    const params = paramsOf(cell);
    const grads = grad(
      ((p: AnyParams) =>
        flowPenalty(lossOf(cell) as never, p as never, { gradient: "paper" }).omega) as never,
    )(params as never) as Record<string, Tensor>;
    for (const name of ["U", "b"]) expect(list(grads[name]).every((v) => v === 0)).toBe(true);
    const flows = flowsOf(cell, params);
    const [dh, ds] = [list(flows.h), list(flows.s)];
    const states = statesOf(cell, params);
    const n = 3;
    const [U, W, b] = [list(params.U), list(params.W), list(params.b)];
    const sigma = (v: number) => 1 / (1 + Math.exp(-v));
    // Steps one by one, in each sequence's own order.
    const surrogate = (w: readonly number[]) => {
      let omega = 0;
      lengths.forEach((length, sequence) => {
        const rows = structure.rowsOf(sequence);
        for (let t = 0; t < length; t++) {
          const row = rows[t]!;
          const before = (name: string) =>
            t === 0 ? [0, 0, 0] : list(states[name]).slice(rows[t - 1]! * n, (rows[t - 1]! + 1) * n);
          const [h0, s0] = [before("h"), before("s")];
          const pre = b.map(
            (v, k) =>
              v +
              [0, 1].reduce((p, i) => p + list(x)[row * 2 + i]! * U[i * 12 + k]!, 0) +
              h0.reduce((p, y, i) => p + y * W[i * 12 + k]!, 0),
          );
          const dPre = new Array<number>(12).fill(0);
          const ms: number[] = [];
          for (let i = 0; i < n; i++) {
            const [f, g, u, q] = [
              sigma(pre[i]!),
              sigma(pre[n + i]!),
              Math.tanh(pre[2 * n + i]!),
              sigma(pre[3 * n + i]!),
            ];
            const s = f * s0[i]! + g * u;
            const e = ds[row * n + i]! + dh[row * n + i]! * q * (1 - Math.tanh(s) ** 2);
            dPre[i] = e * s0[i]! * f * (1 - f);
            dPre[n + i] = e * u * g * (1 - g);
            dPre[2 * n + i] = e * g * (1 - u * u);
            dPre[3 * n + i] = dh[row * n + i]! * Math.tanh(s) * q * (1 - q);
            ms.push(e * f);
          }
          const mh = h0.map((_, i) => dPre.reduce((p, v, k) => p + v * w[i * 12 + k]!, 0));
          const size = (v: readonly number[]) => v.reduce((p, y) => p + y * y, 0);
          const d = [...dh.slice(row * n, (row + 1) * n), ...ds.slice(row * n, (row + 1) * n)];
          omega += (size([...mh, ...ms]) / size(d) - 1) ** 2;
        }
      });
      return omega / lengths.length;
    };
    for (let k = 0; k < W.length; k++) {
      const at = (by: number) => surrogate(W.map((w, i) => (i === k ? w + by : w)));
      const measured = (at(1e-5) - at(-1e-5)) / 2e-5;
      expect(Math.abs(list(grads.W)[k]! - measured)).toBeLessThan(1e-6 * Math.max(1, Math.abs(measured)));
    }
  });

  test("paper: a parameter learns where it multiplies a state, not where it makes a value of the step", () => {
    for (const [formed, learns] of [
      ["(p x) h", false],
      ["p (x h)", true],
    ] as const) {
      const cell = defineCell({
        name: formed,
        inputs: () => ({ x: [3] }),
        state: () => ({ h: [3] }),
        params: () => ({ p: uniformInit(1, 3) }),
        step({ x, h }, { p }) {
          const next = tanh(add(x, formed === "(p x) h" ? mul(mul(p, x), h) : mul(p, mul(x, h))));
          return { state: { h: next }, output: next };
        },
      })(undefined as never);
      const params = cell.init(Key.of(1), "float64");
      const rows = normal(Key.of(2), [total, 3], "float64");
      const f = (p: Traceable<typeof params>) => {
        const { output } = unfold(cell, p, { x: rows }, structure);
        return { loss: sum(square(add(output, target))), aux: null };
      };
      const slope = grad((p: Traceable<typeof params>) => flowPenalty(f, p, { gradient: "paper" }).omega)(
        params,
      );
      expect(list(slope.p).some((v) => v !== 0)).toBe(learns);
    }
  });

  const treatments: readonly (readonly [string, UnfoldOptions<Shapes>])[] = [
    ["clipped", { clipState: 0.02 }],
    ["truncated", { backward: { kind: "truncated", every: 2 } }],
    ["checkpointed", { backward: { kind: "checkpointed", blocks: 2 } }],
    ["clipped and truncated", { clipState: 0.02, backward: { kind: "truncated", every: 2 } }],
  ];
  for (const [name, treatment] of treatments)
    test(`${name} layers: the ratios do not see it, the derivatives of the loss and of Omega flow back by it`, () => {
      for (const cell of cells) {
        const params = paramsOf(cell);
        const d = flowsOf(cell, params);
        const f = (p: AnyParams) => {
          const { output } = unfold(cell, p as never, { x }, structure, treatment as never);
          return { loss: lossFrom(cell, output), aux: null };
        };
        const squared = (slots: Record<string, Value>) =>
          Object.values(slots)
            .map((v) => sum(square(reshape(v, [total, -1])), 1))
            .reduce((a, b) => add(a, b));
        const surrogate = (p: AnyParams) => {
          const options = { ...treatment, pullback: { of: d } };
          const { pullback } = unfold(cell, p as never, { x }, structure, options as never);
          const ratio = sqrt(div(squared(pullback as never), squared(d)));
          return div(sum(square(sub(ratio, 1))), lengths.length);
        };
        const ours = (p: AnyParams) => flowPenalty(f as never, p as never);
        expect(apart(item(ours(params as never).omega), item(surrogate(params as never)))).toBeLessThan(
          1e-12,
        );
        const pairs = [
          [(p: AnyParams) => ours(p).omega, surrogate],
          [(p: AnyParams) => ours(p).loss, (p: AnyParams) => f(p).loss],
        ] as const;
        for (const [mine, reference] of pairs) {
          const [got, expected] = [mine, reference].map((of) => leaves(grad(of as never)(params as never)));
          const sizes = expected!.map((slope) => Math.max(...list(slope).map(Math.abs)));
          const whole = Math.max(...sizes);
          for (const [k, slope] of expected!.entries()) {
            const numbers = list(slope);
            // The angles of a linear recurrent unit change no ratio: their slope is 0, but for the rounding of some hundred terms as large as
            // the others, which is at most 1e-13 of them.
            const scale = sizes[k]! > 1e-13 * whole ? sizes[k]! : 1e-2 * whole;
            list(got![k]).forEach((v, i) => {
              expect(Math.abs(v - numbers[i]!)).toBeLessThanOrEqual(1e-11 * scale);
            });
          }
        }
      }
    });

  test("the loss runs once; a loop in ordinary ops is looked at in its compiled form", () => {
    const cell = rnn({ input: 2, hidden: 3 });
    const params = cell.init(Key.of(1), "float64");
    let runs = 0;
    const f = (loop: "plain" | "compiled") => (p: Traceable<typeof params>) => {
      runs += 1;
      return { loss: sum(square(unfold(cell, p, { x }, structure, { loop }).output)), aux: null };
    };
    const omegas = (["plain", "compiled"] as const).map((loop) => item(flowPenalty(f(loop), params).omega));
    expect(runs).toBe(2);
    expect(omegas[0]).toBe(omegas[1]);
  });

  test("probes of the loss keep their gradients", () => {
    const cell = lstm({ input: 2, hidden: 3 });
    const params = cell.init(Key.of(1), "float64");
    const loss = (writes: { h: Value }) =>
      sum(square(unfold(cell, params, { x }, structure, { probes: { writes } }).output));
    const at = { h: normal(Key.of(9), [total, 3], "float64") };
    const watched = grad(
      (writes: typeof at) => flowPenalty(() => ({ loss: loss(writes), aux: null }), params).loss,
    )(at);
    expect(list(watched.h)).toEqual(list(grad(loss)(at).h));
  });

  test("terms without a gradient are left out and counted; a sum over no layer is an error", () => {
    const cell = rnn({ input: 2, hidden: 3 });
    const params = cell.init(Key.of(1), "float64");
    // Only the first sequence's last state matters.
    const f = (p: Traceable<typeof params>) => {
      const { final } = unfold(cell, p, { x }, structure);
      return { loss: sum(mul(square(final.h), fromArray([1, 0, 0, 0], [4, 1], "float64"))), aux: null };
    };
    const { omega, counted, skipped } = flowPenalty(f, params);
    expect([item(counted), item(skipped)]).toEqual([6, 7]);
    expect(item(omega)).toBeGreaterThan(0);
    const slope = grad((p: Traceable<typeof params>) => flowPenalty(f, p, { gradient: "exact" }).omega)(
      params,
    );
    expect(list(slope.W).every(Number.isFinite)).toBe(true);
    expect(() =>
      flowPenalty((p: Traceable<typeof params>) => ({ loss: sum(p.W), aux: null }), params),
    ).toThrow("nothing to regularise");
    expect(() => flowPenalty(f, params, { gradient: "approximate" as never })).toThrow(
      'gradient is one of exact, book, paper, got "approximate"',
    );
  });

  test("in float32, gradients far below the square root of the smallest number count as others do", () => {
    const cell = rnn({ input: 2, hidden: 3 });
    const params = cell.init(Key.of(1));
    const rows = normal(Key.of(2), [12, 2]);
    const f = (scale: number) => (p: Traceable<typeof params>) => {
      const { final } = unfold(cell, p, { x: rows }, chain([12]));
      return { loss: mul(sum(final.h), scale), aux: null };
    };
    const [one, tiny] = [flowPenalty(f(1), params), flowPenalty(f(1e-28), params)];
    expect(item(tiny.counted)).toBe(12);
    expect(Math.abs(item(tiny.omega) / item(one.omega) - 1)).toBeLessThan(1e-5);
  });

  test("the slots that make up h(t) can be named", () => {
    const cell = lstm({ input: 2, hidden: 3 });
    const params = cell.init(Key.of(1), "float64");
    const f = lossOf(cell as unknown as AnyCell);
    const d = flowsOf(cell as unknown as AnyCell, params as never);
    const m = pulledBack(cell as unknown as AnyCell, params as never, { h: d.h! });
    const { omega } = flowPenalty(f as never, params as never, { slots: ["h"] });
    expect(Math.abs(item(omega) / omegaFrom({ h: d.h! }, { h: m.h! }, "plain") - 1)).toBeLessThan(1e-12);
  });
});
