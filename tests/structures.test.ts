import {
  add,
  balancedTree,
  defineCell,
  grad,
  mul,
  onCpu,
  slice,
  sum,
  trees,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { expect, test } from "vitest";

// Structures by their shapes and by answers that are known.

test.each([
  [1, 2],
  [2, 2],
  [7, 2],
  [64, 2],
  [65, 2],
  [1000, 2],
  [27, 3],
  [28, 3],
  [100, 5],
])("a balanced tree over %d steps with up to %d children is as low as can be", (length, arity) => {
  const tree = balancedTree(length, arity);
  const structure = trees([tree]);
  // The least height that holds so many leaves.
  let height = 0;
  while (arity ** height < length) height += 1;
  expect(structure.levels - 1).toBe(height);
  tree.children.forEach((list, node) => {
    expect(list.length).toBeLessThanOrEqual(arity);
    if (node < length) expect(list).toEqual([]);
    else expect(list.length).toBeGreaterThan(1);
  });
  // Leaves from left to right are the steps in order.
  const leaves = (node: number): number[] =>
    tree.children[node]!.length === 0 ? [node] : tree.children[node]!.flatMap(leaves);
  expect(leaves(tree.children.length - 1)).toEqual(Array.from({ length }, (_, i) => i));
});

test("trees over nothing, and small ones by their children", () => {
  expect(balancedTree(0)).toEqual({ children: [] });
  expect(balancedTree(1).children).toEqual([[]]);
  expect(balancedTree(4).children).toEqual([[], [], [], [], [0, 1], [2, 3], [4, 5]]);
  expect(balancedTree(5, 4).children.at(-1)).toEqual([5, 2, 3, 4]);
});

/** h = x + 2 (sum of what arrives): a derivative is 2 to the number of edges between. */
const doubling = defineCell({
  name: "doubling",
  inputs: () => ({ x: [] }),
  state: () => ({ h: [] }),
  params: () => ({}),
  step({ x, h }) {
    const next = add(x, mul(2, h));
    return { state: { h: next }, output: next };
  },
})(undefined);

test("the derivative from the root to a leaf has a factor per level: log2(tau) of them", () => {
  const structure = trees([balancedTree(32)]);
  const root = (x: Value) => sum(unfold(doubling, {}, { x: structure.pack(x) }, structure).final.h);
  const g = grad(root)(zeros([63], "float64"));
  expect(Array.from(onCpu(slice(g, 0, 0, 32)).toArray())).toEqual(new Array(32).fill(2 ** 5));
});
