import {
  fromArray,
  linearAttention,
  linearRecurrentUnit,
  lstm,
  mingru,
  minlstm,
  normalInit,
  valueAndGradPerExample,
} from "longspan";
import {
  add,
  allOps,
  apply,
  type Backward,
  type CellGraph,
  chain,
  clipGradient,
  compileCell,
  compileStages,
  defaultExecutor,
  defineCell,
  Key,
  kinds,
  leaves,
  less,
  linearized,
  matmul,
  mul,
  normal,
  onCpu,
  outer,
  type Shape,
  sigmoid,
  slice,
  splitProducts,
  stopGradient,
  sub,
  sum,
  type Tensor,
  type Traceable,
  tanh,
  tensor,
  transposed,
  unfold,
  useExecutor,
  type Value,
  valueAndGrad,
  where,
} from "longspan/engine";
import { afterAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";

const sizes = { input: 3, hidden: 5 };
const cells = {
  mingru: mingru(sizes),
  minlstm: minlstm(sizes),
  linearRecurrentUnit: linearRecurrentUnit({ ...sizes, smallest: 0.3, largest: 0.99 }),
} as const;

const graphOf = (cell: { trace(dtype: "float64"): { graph: CellGraph } }) =>
  splitProducts(cell.trace("float64").graph);
const verdict = (cell: CellGraph) => compileStages(cell)[0]!.text.split("\n")[0]!;
/** The kinds of instructions in the loop, over chains. */
const loopOf = (cell: CellGraph) =>
  kinds(
    compileCell(
      cell,
      { arrivals: cell.inPorts.map(() => "single"), sinks: "single" },
      cell.sourceSlots.map(() => false),
      cell.sinkSlots.map(() => false),
    ).program.loop,
  );

/** A cell over x [4], and one slot s [4]. */
const over = (step: (x: Value, s: Value, w: Value) => Value) =>
  defineCell({
    name: "one",
    inputs: () => ({ x: [4] as Shape }),
    state: () => ({ s: [4] as Shape }),
    params: () => ({ w: normalInit(0.5, 4) }),
    step({ x, s }, { w }) {
      const next = step(x, s, w);
      return { state: { s: next }, output: next };
    },
  })(undefined);

describe("what is a scan", () => {
  for (const [name, cell] of Object.entries(cells))
    test(`${name}, its derivative and its transpose have nothing but scans in their loops`, () => {
      const own = graphOf(cell);
      const values = own.values.map(() => true);
      const { forward, tangent, residuals } = linearized(
        own,
        values,
        own.sourceSlots.map(() => false),
      );
      const back = transposed(
        tangent,
        residuals.length,
        tangent.outputs.map(() => true),
        tangent.sinkSlots.map(() => false),
      ).cell;
      // Of a second derivative: the gradient's own tangent.
      const second = linearized(
        back,
        back.values.map(() => true),
        back.sourceSlots.map(() => false),
      ).tangent;
      for (const one of [own, forward, tangent, back, second])
        expect(new Set(loopOf(one)), one.name).toEqual(new Set(["scan"]));
    });

  test("a leaky unit, with a parameter, a number or a gate for its rate", () => {
    const half = over((x, s) => add(mul(s, 0.5), x));
    expect(verdict(graphOf(half))).toBe("scans: s");
    expect(verdict(graphOf(over((x, s, w) => add(mul(sigmoid(w), s), x))))).toBe("scans: s");
    expect(verdict(graphOf(over((x, s) => add(s, mul(sigmoid(x), sub(x, s))))))).toBe("scans: s");
  });

  test("a state that is rearranged as it is: its factor is spread over its elements first", () => {
    const reshape = allOps.find((op) => op.name === "reshape")!;
    const half = over((x, s) => add(mul(apply(reshape, { shape: [4] }, s), 0.5), x));
    expect(verdict(graphOf(half))).toBe("scans: s");
  });

  test("a running sum, and a state whose gradient is clipped on its way", () => {
    expect(verdict(graphOf(over((x, s) => add(s, x))))).toBe("scans: s");
    expect(verdict(graphOf(over((x, s) => add(clipGradient(s, 1), x))))).toBe("scans: s");
  });

  const element = "of the state is not linear in it, element by element";
  for (const [what, cell, says] of [
    ["a gate that sees the state", over((x, s) => add(mul(sigmoid(add(x, s)), s), x)), "sigmoid"],
    ["a square", over((x, s) => add(mul(s, s), x)), "mul"],
    ["a squashed state", over((x, s) => tanh(add(mul(s, 0.5), x))), "tanh"],
    ["a state without its gradient", over((x, s) => add(mul(stopGradient(s), 0.5), x)), "stopGradient"],
    ["a choice between states", over((x, s) => where(less(x, 0), s, x)), "select"],
    ["a product that mixes units", over((x, s, w) => add(matmul(s, outer(w, w)), x)), "matmul"],
  ] as const)
    test(`${what} is a loop`, () => {
      expect(verdict(graphOf(cell))).toBe(`a loop: ${says} ${element}`);
    });

  test("an LSTM, sums of several states, and outer products are loops", () => {
    expect(verdict(graphOf(lstm(sizes)))).toBe(`a loop: matmul ${element}`);
    const { graph: leaky } = over((x, s) => add(mul(s, 0.5), x)).trace("float64");
    const [first] = compileStages(leaky, { arrivals: ["lists"], sinks: "lists" });
    expect(first!.text).toBe("a loop: a node reads the sum of several states");
    expect(verdict(graphOf(linearAttention({ input: 3, hidden: 8 })))).toBe(
      "a loop: what a scan reads would take more memory than the loop",
    );
  });
});

test("minLSTM: two closed gates share, with slopes that are finite", () => {
  const cell = minlstm({ input: 1, hidden: 1 });
  for (const [gates, keeps] of [
    [[-1000, -1000], 0.5],
    [[-100, -1], 0],
    [[-1, -100], 1],
    [[1000, 1000], 0.5],
  ] as const) {
    const params = { ...cell.init(Key.of(1)), b: tensor([...gates, 0]), U: tensor([[0, 0, 1]]) };
    const { value, grads } = valueAndGrad((p: Traceable<typeof params>) =>
      sum(unfold(cell, p, { x: tensor([[2]]) }, chain([1]), { initial: { h: tensor([[1]]) } }).output),
    )(params);
    expect(onCpu(value).item()).toBeCloseTo(keeps + (1 - keeps) * 2, 6);
    for (const g of leaves(grads)) expect(onCpu(g).toArray().every(Number.isFinite)).toBe(true);
  }
});

/** Largest difference between trees, each leaf relative to the larger of 1 and its largest entry. */
function distance(a: unknown, b: unknown): number {
  const other = leaves(b);
  return Math.max(
    ...leaves(a).map((v, i) => {
      const [p, q] = [v, other[i]!].map((each) => [...onCpu(each).toArray()]) as [number[], number[]];
      const size = p.reduce((m, x) => Math.max(m, Math.abs(x)), 1);
      return p.reduce((m, x, j) => Math.max(m, Math.abs(x - q[j]!) / size), 0);
    }),
  );
}

type AnyCell = (typeof cells)["mingru"];

/** Outputs, final states, and the gradients to inputs, parameters and initial states, of one way to run a cell over chains. */
function results(
  cell: AnyCell,
  lengths: readonly number[],
  dtype: "float32" | "float64",
  options: { loop?: "plain" | "compiled"; backward?: Backward } = {},
) {
  const structure = chain(lengths);
  const params = cell.init(Key.of(1), dtype);
  const x = structure.pack(normal(Key.of(2), [structure.nodes, 3], dtype));
  const initial = Object.fromEntries(
    Object.entries(cell.state).map(([name, shape], i) => [
      name,
      normal(Key.of(3 + i), [lengths.length, ...shape], dtype),
    ]),
  );
  const loss = (at: { params: typeof params; x: Value; initial: typeof initial }) => {
    const { output, final } = unfold(cell, at.params, { x: at.x }, structure, {
      initial: at.initial as never,
      ...options,
    });
    return [output, ...leaves(final)].reduce<Value>(
      (total, v, i) => add(total, sum(mul(tanh(v), normal(Key.of(9 + i), v.shape, dtype)))),
      sum(mul(output, 0)),
    );
  };
  const { output, final } = unfold(cell, params, { x }, structure, { initial: initial as never, ...options });
  const point = { params, x: x as Value, initial };
  return { output, final, grads: valueAndGrad(loss as never)(point as never).grads as unknown };
}

const lengths = [9, 1, 0, 30, 4, 17];
const before = defaultExecutor();
afterAll(() => useExecutor(before));

for (const { name: executor } of executorRows)
  describe.skipIf(missing(executor) !== undefined)(`on ${executor} ${missing(executor) ?? ""}`, () => {
    const on = <T>(f: () => T): T => {
      useExecutor(executorOf(executor));
      return f();
    };

    for (const [name, cell] of Object.entries(cells) as unknown as [string, AnyCell][]) {
      test(`${name}: the loop over nodes, in value and gradient, full, truncated and checkpointed`, () =>
        on(() => {
          const backwards: readonly Backward[] = [
            { kind: "full" },
            { kind: "truncated", every: 4 },
            { kind: "checkpointed", blocks: 3 },
          ];
          for (const backward of backwards) {
            const [ours, plain] = [
              results(cell, lengths, "float64", { backward }),
              results(cell, lengths, "float64", { loop: "plain", backward }),
            ];
            expect(distance(plain, ours), backward.kind).toBeLessThan(1e-13);
          }
          const [ours, plain] = [
            results(cell, lengths, "float32"),
            results(cell, lengths, "float32", { loop: "plain" }),
          ];
          expect(distance(plain, ours)).toBeLessThan(1e-5);
        }));

      test(`${name}: a sequence has the same bits alone, in a batch and step by step`, () =>
        on(() => {
          const params = cell.init(Key.of(1));
          const structure = chain(lengths);
          const x = normal(Key.of(2), [structure.nodes, 3]);
          const whole = onCpu(unfold(cell, params, { x }, structure).output).toArray();
          const rows = onCpu(x).toArray();
          for (const s of lengths.keys()) {
            const own = [...structure.rowsOf(s)];
            const of = (all: ArrayLike<number>, width: number) =>
              own.flatMap((r) => Array.from({ length: width }, (_, j) => all[r * width + j]!));
            const alone = fromRows(of(rows, 3), own.length, 3);
            const { output } = unfold(cell, params, { x: alone }, chain([own.length]));
            expect([...onCpu(output).toArray()]).toEqual(of(whole, 5));
            let state: unknown;
            const steps: number[] = [];
            for (let t = 0; t < own.length; t++) {
              const step = fromRows(of(rows, 3).slice(3 * t, 3 * t + 3), 1, 3);
              const { output, final } = unfold(
                cell,
                params,
                { x: step },
                chain([1]),
                state ? { initial: state as never } : {},
              );
              state = final;
              steps.push(...onCpu(output).toArray());
            }
            expect(steps).toEqual(of(whole, 5));
          }
        }));
    }

    test("gradients per example are those of each example alone", () =>
      on(() => {
        const cell = cells.mingru;
        const structure = chain([4, 2, 7]);
        const params = cell.init(Key.of(1), "float64");
        const x = normal(Key.of(2), [structure.nodes, 3], "float64");
        const losses = (p: Traceable<typeof params>) => sum(unfold(cell, p, { x }, structure).final.h, -1);
        const { grads } = valueAndGradPerExample(losses)(params);
        for (const e of [0, 1, 2])
          expect(
            distance(
              valueAndGrad((p: Traceable<typeof params>) => sum(slice(losses(p), 0, e, e + 1)))(params).grads,
              grads[e],
            ),
          ).toBeLessThan(1e-13);
      }));
  });

function fromRows(numbers: readonly number[], rows: number, columns: number): Tensor {
  return fromArray(Float32Array.from(numbers), [rows, columns]);
}
