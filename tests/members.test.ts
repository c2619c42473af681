import {
  add,
  applyAll,
  type CellGraph,
  chain,
  defaultExecutor,
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
  type Scope,
  type Structure,
  StructureError,
  scope,
  square,
  sum,
  sumToOp,
  Trace,
  tanh,
  trees,
  type UnfoldAttrs,
  unfoldOp,
  useExecutor,
  type Value,
  valueAndGradPerExample,
  withAmbient,
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

test("members and nodes have no rows in common yet: an op of the two is refused", () => {
  const trace = new Trace(1);
  const [m, h] = (["member0", "node"] as const).map((of) =>
    trace.variable({ shape: [2], dtype: "float32" }, of),
  );
  expect(() => add(m!, h!)).toThrow(
    "an op of a value per member and a value per node: no rows belong to both; sum one of them over its rows first",
  );
});

test("a member belongs to one sequence; sizes are checked", () => {
  expect(() => chain([2, 1]).withMembers([1])).toThrow(StructureError);
  expect(() => chain([2, 1]).withMembers([1])).toThrow("1 sizes of sets for 2 sequences");
  expect(() => chain([2, 1]).withMembers([1, -1])).toThrow(
    "Structure.withMembers: sizes[1] is an integer of at least 0, got -1",
  );
  expect(chain([2, 1]).withMembers([1, 2]).transposed().members).toBe(3);
});
