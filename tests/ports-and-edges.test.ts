import { glorot } from "longspan";
import {
  add,
  defaultExecutor,
  defineCell,
  grad,
  graph,
  hessianVectorProduct,
  Key,
  mapTree,
  matmul,
  mul,
  normal,
  scope,
  sigmoid,
  square,
  sum,
  tanh,
  trees,
  unfold,
  useExecutor,
  type Value,
} from "longspan/engine";
import { describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";
import { distance } from "./random-cells/compare.js";

/** Two in-ports and an edge step: the transposed cell has two out-ports, and its edge step reads the one that its edge leaves by. */
const cell = defineCell({
  name: "gatedBranches",
  inputs: () => ({ x: [3] }),
  state: () => ({ h: [3], c: [2] }),
  ports: ["left", "right"],
  params: () => ({ W: glorot(3, 3), V: glorot(3, 3), E: glorot(3, 3), C: glorot(2, 3) }),
  edge: ({ x, h, c }, { E }) => ({ h: mul(h, sigmoid(add(x, matmul(h, E)))), c: tanh(c) }),
  step({ x, left, right }, { W, V, C }) {
    const next = tanh(add(add(x, matmul(left.h, W)), add(matmul(right.h, V), matmul(left.c, C))));
    return { state: { h: next, c: mul(left.c, right.c) }, output: add(next, matmul(right.c, C)) };
  },
})(undefined);

const structures = {
  trees: trees(
    [{ children: [[1, 2], [3, 4], [], [], []] }, { children: [[1], [2], []] }, { children: [[]] }],
    { ports: ["left", "right"] },
  ),
  "a graph with several edges into one port": graph(
    [
      {
        nodes: 4,
        edges: [
          { from: 0, to: 2, port: "left" },
          { from: 1, to: 2, port: "left" },
          { from: 1, to: 3, port: "right" },
          { from: 2, to: 3, port: "left" },
          { from: 0, to: 3, port: "right" },
        ],
      },
    ],
    { ports: ["left", "right"] },
  ),
};

describe.each(executorRows)("several in-ports and an edge step on $name", ({ name }) => {
  const why = missing(name);
  for (const [what, structure] of Object.entries(structures))
    test.skipIf(why)(`${what}: gradient and Hessian-vector product are the plain loop's`, () => {
      const before = defaultExecutor();
      try {
        useExecutor(executorOf(name));
        scope(() => {
          const point = {
            params: cell.init(Key.of(1), "float64"),
            x: normal(Key.of(2), [structure.nodes, 3], "float64"),
          };
          let i = 0;
          const direction = mapTree(point, (v: Value) => normal(Key.of(3).fold(i++), v.shape, v.dtype));
          const results = (["plain", "compiled"] as const).map((loop) => {
            const loss = (p: typeof point) => {
              const { output, final } = unfold(cell, p.params, { x: p.x }, structure, { loop });
              return add(sum(square(output)), sum(mul(final.c, final.c)));
            };
            return {
              gradient: grad(loss)(point as never),
              product: hessianVectorProduct(loss)(point as never, direction as never),
            };
          });
          expect(distance(results[0], results[1]).error).toBeLessThan(1e-12);
        });
      } finally {
        useExecutor(before);
      }
    });
});
