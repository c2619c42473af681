import { glorot, IndexError } from "longspan";
import {
  add,
  applyAll,
  type CellGraph,
  cast,
  chain,
  concat,
  defaultExecutor,
  defineCell,
  fromArray,
  gather,
  grad,
  hessianVectorProduct,
  indexSum,
  indexTensor,
  Key,
  mapTree,
  matmul,
  mul,
  normal,
  onCpu,
  type Scope,
  type Structure,
  StructureError,
  scope,
  setArgmax,
  setAt,
  setCount,
  setLogSumExp,
  setMax,
  setMean,
  setPlaces,
  setSoftmax,
  setSum,
  square,
  sub,
  sum,
  sumToOp,
  Trace,
  tanh,
  trees,
  type UnfoldAttrs,
  unfold,
  unfoldOp,
  useExecutor,
  type Value,
  type Var,
  valueAndGradPerExample,
  withAmbient,
  zeros,
} from "longspan/engine";
import { describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";
import { distance } from "./random-cells/compare.js";

const [features, hidden] = [3, 2];

/** score = tanh(m W + q) per member, from a query per sequence; total = the sum of the scores of a sequence's members. */
function scores(): CellGraph {
  const trace = new Trace(1);
  const value = (name: string, shape: number[], of: Scope) => ({
    name,
    variable: trace.variable({ shape, dtype: "float64" }, of),
  });
  const [W, m, q] = [
    value("W", [features, hidden], "one"),
    value("m", [features], "member0"),
    value("q", [hidden], "sequence"),
  ];
  const [score, total] = withAmbient(trace, () => {
    const each = tanh(add(matmul(m.variable, W.variable), q.variable));
    return [each, applyAll(sumToOp, { from: "member0", to: "sequence" }, [each])[0]!];
  });
  return {
    name: "scores",
    inPorts: [{ name: "in", slots: [] }],
    outPorts: [{ name: "out", slots: [] }],
    sourceSlots: [],
    sinkSlots: [],
    values: [W, m, q],
    stateIn: [[]],
    edge: null,
    equations: trace.equations,
    stateOut: [[]],
    outputs: [
      { name: "score", value: score!, scope: "member0" },
      { name: "total", value: total!, scope: "sequence" },
    ],
  };
}

const cell = scores();
const sizes = [2, 0, 3, 1];
const structures: Record<string, Structure> = {
  chains: chain([3, 1, 0, 2]).withSets({ set: sizes }),
  trees: trees([
    { children: [[1], []] },
    { children: [[]] },
    { children: [[]] },
    { children: [[]] },
  ]).withSets({ set: sizes }),
};
const memberOf = Int32Array.of(0, 0, 2, 2, 2, 3);

type Point = { W: Value; m: Value; q: Value };

function compiled(structure: Structure): (p: Point) => readonly Value[] {
  const attrs: UnfoldAttrs = { cell, structure, initials: [], finals: [], backward: { kind: "full" } };
  return ({ W, m, q }) => applyAll(unfoldOp, attrs, [W, m, q]);
}

/** The same in ordinary ops. */
function plain({ W, m, q }: Point): readonly Value[] {
  const score = tanh(add(matmul(m, W), gather(q, indexTensor(memberOf))));
  return [score, indexSum(score, indexTensor(memberOf), sizes.length)];
}

const point = (): Point => ({
  W: normal(Key.of(1), [features, hidden], "float64"),
  m: normal(Key.of(2), [memberOf.length, features], "float64"),
  q: normal(Key.of(3), [sizes.length, hidden], "float64"),
});

const loss =
  (f: (p: Point) => readonly Value[]) =>
  (p: Point): Value => {
    const [score, total] = f(p) as [Value, Value];
    return add(sum(mul(square(score), score)), sum(square(total)));
  };

describe.each(executorRows)("rows per member of the set of a sequence, on $name", ({ name }) => {
  test.skipIf(missing(name)).each(Object.entries(structures))(
    "%s: values, gradient, Hessian-vector product and gradients per sequence",
    (_, structure) => {
      const before = defaultExecutor();
      try {
        useExecutor(executorOf(name));
        scope(() => {
          const p = point();
          expect(distance(plain(p), compiled(structure)(p)).error).toBeLessThan(1e-12);
          let i = 0;
          const direction = mapTree(p, (v: Value) => normal(Key.of(4).fold(i++), v.shape, v.dtype));
          const derivatives = [plain, compiled(structure)].map((f) => ({
            gradient: grad(loss(f))(p as never),
            product: hessianVectorProduct(loss(f))(p as never, direction as never),
          }));
          expect(distance(derivatives[0], derivatives[1]).error).toBeLessThan(1e-12);
          const perSequence = [plain, compiled(structure)].map((f) =>
            valueAndGradPerExample((q: Point) => sum(square(f(q)[1]!), 1))(p as never),
          );
          expect(distance(perSequence[0], perSequence[1]).error).toBeLessThan(1e-12);
        });
      } finally {
        useExecutor(before);
      }
    },
  );
});

test("a value per member of one set and one per member of another have no rows in common", () => {
  const trace = new Trace(1);
  const [a, b] = (["member0", "member1"] as const).map((of) =>
    trace.variable({ shape: [2], dtype: "float32" }, of),
  );
  expect(() => add(a!, b!)).toThrow(
    "an op of a value per member0 and a value per member1: no rows belong to both; sum one of them over its rows first",
  );
});

test("a value per node and a value per member make one per pair", () => {
  const trace = new Trace(1);
  const [m, h, e] = (["member2", "node", "edge"] as const).map((of) =>
    trace.variable({ shape: [2], dtype: "float32" }, of),
  );
  expect((add(m!, h!) as Var).scope).toBe("pair2");
  expect(() => add(m!, e!)).toThrow("no rows belong to both");
});

describe("sets of a structure", () => {
  test("sizes are checked", () => {
    expect(() => chain([2, 1]).withSets({ source: [1] })).toThrow(StructureError);
    expect(() => chain([2, 1]).withSets({ source: [1] })).toThrow(
      "Structure.withSets: sets.source is given for 1 sequences, the structure has 2: a set has a size for each sequence",
    );
    expect(() => chain([2, 1]).withSets({ source: [1, -1] })).toThrow(
      "Structure.withSets: sets.source[1] is an integer of at least 0, got -1",
    );
    expect(() => chain([1]).withSets({ a: [1], b: [1], c: [1], d: [1], e: [1] })).toThrow(
      "5 sets (a, b, c, d, e); a sequence carries at most 4",
    );
    expect(() => chain([1]).pairs("source")).toThrow('the structure carries no set "source"');
  });

  test("more pairs than rows can be counted are refused", () => {
    const structure = chain([70_000]).withSets({ source: [70_000] });
    expect(() => structure.pairs("source")).toThrow(StructureError);
    expect(() => structure.pairs("source")).toThrow(
      'the set "source" makes 4900000000 pairs of a node and a member, and at most 2147483647 can be counted',
    );
  });

  test("pairs stand side by side by node, in the order of the members; the transposed structure has the same", () => {
    const structure = chain([1, 2, 0]).withSets({ source: [3, 2, 1] });
    // Rows: step 0 of sequence 1, step 0 of sequence 0, step 1 of sequence 1.
    expect(Array.from(structure.parts.sequenceOf)).toEqual([1, 0, 1]);
    const { begin, node, member } = structure.pairs("source");
    expect(Array.from(begin)).toEqual([0, 2, 5, 7]);
    expect(Array.from(node)).toEqual([0, 0, 1, 1, 1, 2, 2]);
    expect(Array.from(member)).toEqual([3, 4, 0, 1, 2, 3, 4]);
    expect(structure.transposed().pairs("source")).toBe(structure.pairs("source"));
  });

  test("the nodes of another structure as members: values come in its rows", () => {
    const sources = chain([1, 3]);
    const structure = chain([2, 1]).withSets({ source: sources });
    const cell = defineCell({
      name: "copies",
      inputs: () => ({ x: [1] }),
      sets: () => ({ source: { k: [1] } }),
      state: () => ({}),
      params: () => ({}),
      step: ({ x, source }) => ({ state: {}, output: mul(source.k, add(mul(x, 0), 1)) }),
    })(undefined);
    // Sequence 0 has the member 10, sequence 1 has 20, 21 and 22.
    const k = sources.pack(fromArray([10, 20, 21, 22], [4, 1]));
    const { output } = unfold(cell, {}, { x: zeros([3, 1]), source: { k } }, structure);
    const { begin } = structure.pairs("source");
    const rows = onCpu(output as Value).toArray();
    const perNode = Array.from(structure.parts.sequenceOf, (s, n) => [s, rows.slice(begin[n], begin[n + 1])]);
    expect(perNode.map(([s, list]) => [s, Array.from(list as Float32Array)])).toEqual(
      perNode.map(([s]) => [s, s === 0 ? [10] : [20, 21, 22]]),
    );
  });

  test("a cell takes its own sets by name, in any order; one that is missing is named", () => {
    const cell = defineCell({
      name: "two",
      inputs: () => ({ x: [1] }),
      sets: () => ({ first: { a: [1] }, second: { b: [1] } }),
      state: () => ({}),
      params: () => ({}),
      step: ({ x, first, second }) => ({ state: {}, output: add(x, sub(setSum(first.a), setSum(second.b))) }),
    })(undefined);
    const inputs = {
      x: zeros([1, 1]),
      first: { a: fromArray([1, 2], [2, 1]) },
      second: { b: fromArray([10], [1, 1]) },
    };
    for (const sets of [
      { first: [2], second: [1] },
      { second: [1], other: [7], first: [2] },
    ]) {
      const { output } = unfold(cell, {}, inputs, chain([1]).withSets(sets));
      expect(onCpu(output as Value).toArray()).toEqual(Float32Array.of(3 - 10));
    }
    expect(() => unfold(cell, {}, inputs, chain([1]).withSets({ first: [2] }))).toThrow(
      'unfold two: the cell reads the set "second", the structure carries first: give it structure.withSets({ second: sizes })',
    );
    expect(() =>
      unfold(cell, {}, { ...inputs, second: {} } as never, chain([1]).withSets({ first: [2], second: [1] })),
    ).toThrow('input "second.b" is missing');
    expect(() => unfold(cell, {}, inputs, chain([1]).withSets({ first: [3], second: [1] }))).toThrow(
      "first.a should be float32 [3, 1], got float32 [2, 1]",
    );
  });
});

/** What reductions give of sets of 0, 1 and 3 members. */
describe.each(executorRows)("reductions over sets of 0, 1 and 3 members, on $name", ({ name }) => {
  test.skipIf(missing(name)).each(["float32", "float64"] as const)("%s", (dtype) => {
    const before = defaultExecutor();
    try {
      useExecutor(executorOf(name));
      const cell = defineCell({
        name: `reductions${dtype}`,
        inputs: () => ({ x: [] as number[] }),
        sets: () => ({ source: { v: [2] } }),
        state: () => ({}),
        params: () => ({}),
        step({ x, source }) {
          const v = add(source.v, mul(x, 0));
          return {
            state: {},
            output: {
              sum: setSum(v),
              mean: setMean(v),
              max: setMax(v),
              argmax: setArgmax(v),
              logSumExp: setLogSumExp(v),
              softmax: setSoftmax(v),
              count: setCount(v),
              places: add(setPlaces(v), mul(cast(x, "int32"), 0)),
              shared: setSum(source.v),
            },
          };
        },
      })(undefined);
      const structure = chain([1, 1, 1]).withSets({ source: [0, 1, 3] });
      const v = fromArray([5, -5, 1, 2, 3, 2, 3, 1000], [4, 2], dtype);
      const { output } = unfold(cell, {}, { x: zeros([3], dtype), source: { v } }, structure);
      const read = (t: Value) => Array.from(onCpu(t).toArray());
      const o = output as Record<string, Value>;
      expect(read(o.sum!)).toEqual([0, 0, 5, -5, 7, 1004]);
      expect(read(o.mean!).map((x) => Math.fround(x))).toEqual(
        [0, 0, 5, -5, 7 / 3, 1004 / 3].map(Math.fround),
      );
      expect(read(o.max!)).toEqual([-Infinity, -Infinity, 5, -5, 3, 1000]);
      expect(read(o.argmax!)).toEqual([-1, -1, 0, 0, 1, 2]);
      expect(read(o.count!)).toEqual([0, 1, 3]);
      expect(read(o.places!)).toEqual([0, 0, 1, 2]);
      expect(read(o.shared!)).toEqual([0, 0, 5, -5, 7, 1004]);
      const lse = read(o.logSumExp!);
      expect(lse.slice(0, 2)).toEqual([-Infinity, -Infinity]);
      expect(lse.slice(2, 4)).toEqual([5, -5]);
      expect(lse[4]).toBeCloseTo(Math.log(Math.E + 2 * Math.exp(3)), 5);
      expect(lse[5]).toBe(1000);
      const weights = read(o.softmax!);
      expect(weights.slice(0, 2)).toEqual([1, 1]);
      const total = Math.E + 2 * Math.exp(3);
      expect(weights[2]).toBeCloseTo(Math.E / total, 6);
      expect(weights.slice(3)).toEqual([0, weights[4], expect.closeTo(0, 12), weights[4], 1].slice(0, 5));
    } finally {
      useExecutor(before);
    }
  });
});

test("a member is picked by its place; a place that the set does not have is an error, any place of an empty set too", () => {
  const cell = defineCell({
    name: "picks",
    inputs: () => ({ at: { shape: [], dtype: "int32" as const } }),
    sets: () => ({ source: { v: [1] } }),
    state: () => ({}),
    params: () => ({}),
    step: ({ at, source }) => ({ state: {}, output: setAt(source.v, at) }),
  })(undefined);
  const pick = (at: number[], sizes: number[]) => {
    const rows = sizes.reduce((p, n) => p + n, 0);
    const v = fromArray(
      Float32Array.from({ length: rows }, (_, i) => 10 * i),
      [rows, 1],
    );
    const structure = chain(at.map(() => 1)).withSets({ source: sizes });
    const inputs = { at: fromArray(at, [at.length], "int32"), source: { v } };
    return Array.from(onCpu(unfold(cell, {}, inputs, structure).output as Value).toArray());
  };
  expect(pick([1, 0, 2], [2, 1, 3])).toEqual([10, 20, 50]);
  for (const executor of executorRows) {
    if (missing(executor.name)) continue;
    const before = defaultExecutor();
    try {
      useExecutor(executorOf(executor.name));
      expect(() => pick([0, 1], [2, 1])).toThrow(IndexError);
      expect(() => pick([0, -1], [2, 1])).toThrow(IndexError);
      expect(() => pick([0], [0])).toThrow(IndexError);
    } finally {
      useExecutor(before);
    }
  }
});

test("functions over sets say where they belong", () => {
  expect(() => setSum(zeros([2]))).toThrow(
    'setSum: there are sets inside the step of a cell only; a cell declares them under "sets"',
  );
  const cell = defineCell({
    name: "shared",
    inputs: () => ({ x: [2] }),
    sets: () => ({ source: { v: [2] } }),
    state: () => ({}),
    params: () => ({}),
    step: ({ x }) => ({ state: {}, output: setMax(x) }),
  })(undefined);
  expect(() => cell.trace("float32")).toThrow(
    "cell shared: setMax of a value that is the same for all members of a set",
  );
});

test("a batch is its members alone, bit by bit, on the reference executor", () => {
  const before = defaultExecutor();
  try {
    useExecutor(executorOf("reference"));
    const cell = defineCell({
      name: "attends",
      inputs: () => ({ x: [2] }),
      sets: () => ({ source: { k: [3] } }),
      state: () => ({ h: [3] }),
      params: () => ({ W: glorot(3, 3), U: glorot(2, 3) }),
      step({ x, h, source }, { W, U }) {
        const weights = setSoftmax(sum(mul(tanh(add(matmul(h, W), source.k)), 0.7)));
        const next = tanh(add(matmul(x, U), setSum(mul(weights, source.k))));
        return { state: { h: next }, output: { next, weights } };
      },
    })(undefined);
    const [lengths, sizes] = [
      [3, 0, 4, 1, 2],
      [2, 3, 0, 1, 5],
    ] as const;
    const [params, xs, ks] = [
      cell.init(Key.of(1)),
      lengths.map((n, i) => normal(Key.of(2).fold(i), [n, 2])),
      sizes.map((n, i) => normal(Key.of(3).fold(i), [n, 3])),
    ];
    const run = (which: readonly number[]) => {
      const structure = chain(which.map((i) => lengths[i]!)).withSets({
        source: which.map((i) => sizes[i]!),
      });
      const x = structure.pack(
        concat(
          which.map((i) => xs[i]!),
          0,
        ),
      );
      const { output } = unfold(
        cell,
        params,
        {
          x,
          source: {
            k: concat(
              which.map((i) => ks[i]!),
              0,
            ),
          },
        },
        structure,
      );
      const { next, weights } = output as { next: Value; weights: Value };
      const { begin } = structure.pairs("source");
      const [h, w] = [onCpu(next).toArray(), onCpu(weights).toArray()];
      return which.map((_, s) =>
        structure
          .rowsOf(s)
          .map((r) => [Array.from(h.slice(3 * r, 3 * r + 3)), Array.from(w.slice(begin[r], begin[r + 1]))]),
      );
    };
    const batch = run([0, 1, 2, 3, 4]);
    lengths.forEach((_, i) => {
      expect(run([i])[0]).toEqual(batch[i]);
    });
  } finally {
    useExecutor(before);
  }
});
