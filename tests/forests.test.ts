import {
  type AnyCell,
  castTree,
  chain,
  checkDerivatives,
  graph,
  Key,
  leaves,
  mul,
  normal,
  onCpu,
  rnn,
  type Structure,
  scope,
  slice,
  square,
  sum,
  type Tensor,
  trees,
  unfold,
  useExecutor,
  type Value,
  valueAndGrad,
  valueAndGradPerExample,
} from "longspan";
import { defaultExecutor } from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";
import { libraryCells } from "./library-cells.js";

const before = defaultExecutor();
afterAll(() => useExecutor(before));

const [input, hidden] = [3, 4];
const leaf = { children: [[]] };
const empty = { children: [] };
const parent = { children: [[2, 1], [], []] };
const numbers = (v: Value) => Array.from(onCpu(v).toArray());
const row = (v: Value, r: number) => numbers(v).slice(r * hidden, (r + 1) * hidden);
const zeros = new Array<number>(hidden).fill(0);

/** Equal to rounding: kernels add in an order that depends on the number of rows. */
const near = (one: readonly number[], other: readonly number[]) => {
  expect(one.length).toBe(other.length);
  one.forEach((v, i) => {
    expect(v).toBeCloseTo(other[i]!, 14);
  });
};

/** A cell of each form: states along edges as they are, through an edge step, and through ports. */
const cells = [
  ["rnn", rnn({ input, hidden }) as AnyCell] as const,
  ...libraryCells("trees", { input, hidden }),
];

for (const { name } of executorRows) {
  const reason = missing(name);
  describe.skipIf(reason !== undefined)(`forests on ${name}${reason ? `: skipped, ${reason}` : ""}`, () => {
    beforeAll(() => useExecutor(executorOf(name)));

    describe.each(cells)("%s", (_, cell) => {
      const { ports } = cell;
      const forest = trees([leaf, empty, parent, empty, leaf], ports.length > 0 ? { ports } : {});
      const init = () => scope(() => cell.init(Key.of(1), "float64"));
      type Params = ReturnType<typeof init>;
      const run = (p: Params, x: Value, structure: Structure, loop: "compiled" | "plain" = "compiled") =>
        unfold(cell, p as never, { x }, structure, { loop }).final.h!;
      const inputs = (n: number) => scope(() => castTree(normal(Key.of(2), [n, input]), "float64")) as Tensor;

      test("one row per tree: that of its root, zeros for an empty tree", () => {
        const [params, x] = [init(), inputs(forest.nodes)];
        for (const loop of ["compiled", "plain"] as const) {
          const final = run(params, x, forest, loop);
          expect(final.shape).toEqual([5, hidden]);
          const alone = (tree: typeof leaf, places: [number, number]) => {
            const structure = trees([tree], ports.length > 0 ? { ports } : {});
            return numbers(run(params, structure.pack(slice(forest.unpack(x), 0, ...places)), structure));
          };
          near(row(final, 0), alone(leaf, [0, 1]));
          expect(row(final, 1)).toEqual(zeros);
          near(row(final, 2), alone(parent as never, [1, 4]));
          expect(row(final, 3)).toEqual(zeros);
          near(row(final, 4), alone(leaf, [4, 5]));
        }
      });

      test("derivatives, first and second, and those of each tree", () => {
        const [params, x] = [init(), inputs(forest.nodes)];
        const weights = scope(() => castTree(normal(Key.of(3), [5, hidden]), "float64")) as Tensor;
        const losses = (p: Params) => sum(mul(square(run(p, x, forest)), weights), 1);
        const { first, second } = checkDerivatives((p: Params) => sum(losses(p)), params as never, {
          second: true,
        });
        expect(first).toBeLessThan(1e-7);
        expect(second).toBeLessThan(1e-7);
        const { grads } = valueAndGradPerExample(losses)(params as never);
        expect(grads.length).toBe(5);
        for (const none of [grads[1], grads[3]])
          for (const g of leaves(none)) expect(numbers(g).every((v) => v === 0)).toBe(true);
        const whole = valueAndGrad((p: Params) => sum(losses(p)))(params as never).grads;
        const totals = leaves(whole).map(numbers);
        const sums = grads.map((g) => leaves(g).map(numbers));
        totals.forEach((total, l) => {
          total.forEach((v, i) => {
            expect(sums.reduce((s, g) => s + g[l]![i]!, 0)).toBeCloseTo(v, 12);
          });
        });
      });

      test("a forest of nothing but empty trees", () => {
        const params = init();
        const bare = trees([empty, empty], ports.length > 0 ? { ports } : {});
        expect([bare.nodes, bare.sequences, bare.levels]).toEqual([0, 2, 0]);
        expect(numbers(run(params, inputs(0), bare))).toEqual([...zeros, ...zeros]);
        const { grads } = valueAndGrad((p: Params) => sum(run(p, inputs(0), bare)))(params as never);
        for (const g of leaves(grads)) expect(numbers(g).every((v) => v === 0)).toBe(true);
      });
    });
  });
}

describe("what is no tree", () => {
  beforeAll(() => useExecutor(before));
  test("several roots are refused, by the tree's number and the roots'", () => {
    const message =
      "tree 1: nodes 0 and 2 are children of no node; a tree has one root, whose state is the tree's row of final. Make them children of one node or trees of their own; graph() takes several final nodes, a row for each";
    expect(() => trees([leaf, { children: [[1], [], []] }])).toThrow(message);
    expect(() => trees([{ children: [[], [], [], []] }])).toThrow("tree 0: nodes 0, 1, 2 and 3 are children");
    const many = { children: Array.from({ length: 40 }, () => []) };
    expect(() => trees([many])).toThrow("tree 0: nodes 0, 1, 2, 3, 4 and 35 more are children of no node");
  });
  test("no root: a cycle, by the tree's number", () => {
    expect(() => trees([leaf, { children: [[1], [0]] }])).toThrow("tree 1 has a cycle: ");
    expect(() => trees([leaf, { children: [[], [2], [1]] }])).toThrow("tree 1 has a cycle: ");
    expect(() => trees([{ children: [[3]] }])).toThrow("tree 0: an edge names node 3; the nodes are 0..0");
  });
  test("graphs have a row for each final node, graph after graph; a graph without nodes has none", () => {
    const three = graph([
      { nodes: 2, edges: [] },
      { nodes: 0, edges: [] },
      { nodes: 1, edges: [] },
    ]);
    expect([three.sequences, three.parts.sinks]).toEqual([3, 3]);
    expect(chain([0, 2]).parts.sinks).toBe(2);
  });
});
