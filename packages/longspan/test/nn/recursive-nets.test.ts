import {
  add,
  balancedTree,
  chain,
  fromArray,
  gatedTree,
  grad,
  inferredTrees,
  Key,
  mul,
  normal,
  onCpu,
  orderedMemory,
  type ParamsOf,
  rnn,
  sum,
  type TensorTreeRnnSpecs,
  type TreeNodes,
  tensorTreeRnn,
  treeRnn,
  trees,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, rows } from "./plain.js";

const float64 = (list: readonly number[], ...shape: number[]) =>
  fromArray(Float64Array.from(list), shape, "float64");
const input = 3;
const hidden = 4;
type Specs = ParamsOf<TensorTreeRnnSpecs>;
const units = Array.from({ length: hidden }, (_, j) => j);

/** A tree in which nodes have 3, 2, 1 and no children. */
const tree: TreeNodes = { children: [[1, 2, 3], [4], [], [5, 6], [], [], []] };

/** The states of a tree's nodes, by the equations. */
function recursively(of: TreeNodes, h: (n: number, children: readonly (readonly number[])[]) => number[]) {
  const visit = (n: number): number[] => h(n, of.children[n]!.map(visit));
  return visit(0);
}

describe.each([1, 2, 3, 5])("recursive nets of arity %i", (arity) => {
  const forest: TreeNodes =
    arity === 1 ? { children: [[1], [2], []] } : arity === 2 ? { children: [[1, 2], [], [3], []] } : tree;
  const x = normals(Key.of(1), forest.children.length, input);
  const at = rows(x);

  test("treeRnn: h = tanh(b + U x + sum of W_k h_k)", () => {
    const cell = treeRnn({ input, hidden, arity });
    const params = { ...cell.init(Key.of(2), "float64"), b: normals(Key.of(3), hidden) } as Omit<Specs, "V">;
    const structure = trees([forest], { ports: cell.ports });
    const { final } = unfold(cell, params, { x: structure.pack(x) }, structure);
    const [U, b] = [rows(params.U), numbers(params.b)];
    const expected = recursively(forest, (n, children) =>
      units.map((j) => {
        let a = b[j]!;
        for (const [i, row] of U.entries()) a += at[n]![i]! * row[j]!;
        for (const [k, h] of children.entries())
          for (const [i, row] of rows(params[`W${k + 1}`]!).entries()) a += h[i]! * row[j]!;
        return Math.tanh(a);
      }),
    );
    expect(difference(numbers(final.h), expected)).toBeLessThan(1e-14);
  });

  test("tensorTreeRnn: and c' V_j c", () => {
    const cell = tensorTreeRnn({ input, hidden, arity });
    const init = cell.init(Key.of(2), "float64");
    const params: Specs = { ...init, b: normals(Key.of(3), hidden), V: normals(Key.of(4), ...init.V.shape) };
    const structure = trees([forest], { ports: cell.ports });
    const { final } = unfold(cell, params, { x: structure.pack(x) }, structure);
    const [U, b, V] = [rows(params.U), numbers(params.b), rows(params.V)];
    const expected = recursively(forest, (n, children) => {
      const c = Array.from(
        { length: arity },
        (_, k) => children[k] ?? new Array<number>(hidden).fill(0),
      ).flat();
      return units.map((j) => {
        let a = b[j]!;
        for (const [i, row] of U.entries()) a += at[n]![i]! * row[j]!;
        for (const [k, h] of children.entries())
          for (const [i, row] of rows(params[`W${k + 1}`]!).entries()) a += h[i]! * row[j]!;
        for (const [p, cp] of c.entries())
          for (const [q, cq] of c.entries()) a += cp * cq * V[p]![q * hidden + j]!;
        return Math.tanh(a);
      });
    });
    expect(difference(numbers(final.h), expected)).toBeLessThan(1e-13);
  });
});

test("treeRnn with one child is rnn", () => {
  const [one, net] = [treeRnn({ input, hidden, arity: 1 }), rnn({ input, hidden })];
  const { U, b, W1: W } = one.init(Key.of(1), "float64");
  const x = normals(Key.of(2), 5, input);
  const reversed = { children: [[1], [2], [3], [4], []] };
  const structure = trees([reversed], { ports: one.ports });
  const order = [4, 3, 2, 1, 0].flatMap((t) => numbers(x).slice(t * input, (t + 1) * input));
  const { final } = unfold(one, { U, b, W1: W! }, { x: structure.pack(float64(order, 5, input)) }, structure);
  const chained = unfold(net, { U, W: W!, b }, { x }, chain([5]));
  expect(difference(numbers(final.h), numbers(chained.final.h))).toBeLessThan(1e-15);
});

describe("a balanced tree and a chain", () => {
  // One unit that only passes on: h = tanh(0.5 (left + right) + x), near 0, where tanh is the identity.
  const steps = 64;
  const cell = treeRnn({ input: 1, hidden: 1, arity: 2 });
  const half = float64([0.5], 1, 1);
  const params = { U: float64([1], 1, 1), b: zeros([1], "float64"), W1: half, W2: half };

  function gradientAtLeaves(of: TreeNodes): number[] {
    const structure = trees([of], { ports: cell.ports });
    const loss = (leaves: Value): Value => {
      const x = add(leaves, zeros([of.children.length, 1], "float64"));
      return sum(unfold(cell, params, { x: structure.pack(x) }, structure).final.h);
    };
    return numbers(grad(loss)(zeros([of.children.length, 1], "float64"))).slice(0, steps);
  }

  test("at the farthest leaf, the gradient is a half to the power of the depth: log2 n in the tree, n - 1 in the chain", () => {
    const toTheLeft: number[][] = Array.from({ length: steps }, () => []);
    for (let n = 1, node = 0; n < steps; n++) node = toTheLeft.push([node, n]) - 1;
    expect(trees([balancedTree(steps)]).levels).toBe(7);
    expect(trees([{ children: toTheLeft }]).levels).toBe(steps);
    const [tree, chained] = [
      gradientAtLeaves(balancedTree(steps)),
      gradientAtLeaves({ children: toTheLeft }),
    ];
    expect(tree.every((g) => g === 0.5 ** 6)).toBe(true);
    expect(chained[0]).toBe(0.5 ** (steps - 1));
    expect(chained[steps - 1]).toBe(0.5);
  });
});

describe("orderedMemory", () => {
  const lengths = [6, 1, 9, 2, 4];
  const nodes = lengths.reduce((a, b) => a + b);
  const structure = chain(lengths);
  const x = structure.pack(normal(Key.of(5), [nodes, input], "float64"));

  /** The roots of `gatedTree` over trees of the leaves. */
  function rootsOver(forest: readonly TreeNodes[], params: object): number[] {
    const cell = gatedTree({ input, hidden });
    const over = trees(forest, { ports: ["left", "right"] });
    const leaves = rows(structure.unpack(x));
    let first = 0;
    const all = forest.flatMap(({ children }, i) => {
      const own = children.map((_, n) =>
        n < lengths[i]! ? leaves[first + n]! : new Array<number>(input).fill(0),
      );
      first += lengths[i]!;
      return own.flat();
    });
    return numbers(
      unfold(cell, params as never, { x: over.pack(float64(all, all.length / input, input)) }, over).final.h,
    );
  }

  test.each([1, 2, 3, 5])(
    "with %i slots and hard choices, it is gatedTree over the trees that it infers",
    (slots) => {
      const options = { input, hidden, slots };
      const cell = orderedMemory(options);
      const init = cell.init(Key.of(7), "float64");
      // Scores so far apart that softmax gives 0 and 1.
      const params = { ...init, w: mul(init.w, 1e5) };
      const { final } = unfold(cell, params, { x }, structure);
      const inferred = inferredTrees(options, params, x, structure);
      expect(inferred.map(({ children }) => children.length)).toEqual(lengths.map((n) => 2 * n - 1));
      const width = slots * hidden;
      const all = numbers(final.closed);
      const roots = lengths.flatMap((_, i) => all.slice((i + 1) * width - hidden, (i + 1) * width));
      expect(difference(roots, rootsOver(inferred, params))).toBeLessThan(1e-12);
      // Not all are joined from the left, unless there is one slot.
      const toTheLeft = inferred.every(({ children }, i) =>
        children.every((list, n) => list.length === 0 || list[1]! === n - lengths[i]! + 1),
      );
      expect(toTheLeft).toBe(slots === 1);
    },
  );

  test("positions are probabilities, and at most one slot deeper than before", () => {
    const options = { input, hidden, slots: 3 };
    const cell = orderedMemory(options);
    const params = cell.init(Key.of(8), "float64");
    for (const length of [1, 2, 3, 7]) {
      const { final } = unfold(
        cell,
        params,
        { x: normal(Key.of(9), [length, input], "float64") },
        chain([length]),
      );
      const p = numbers(final.position);
      expect(p.reduce((a, b) => a + b)).toBeCloseTo(length === 1 ? 0 : 1, 12);
      // After n steps, n - 1 slots at most are in use.
      expect(p.slice(0, Math.max(0, 4 - length)).every((q) => q === 0)).toBe(true);
    }
  });

  test("a sequence of one step is its leaf", () => {
    const cell = orderedMemory({ input, hidden, slots: 2 });
    const params = cell.init(Key.of(8), "float64");
    const one = normal(Key.of(9), [1, input], "float64");
    const { output } = unfold(cell, params, { x: one }, chain([1]));
    const forest = trees([{ children: [[]] }], { ports: ["left", "right"] });
    const leaf = unfold(gatedTree({ input, hidden }), params as never, { x: one }, forest).output;
    expect(onCpu(output).toArray()).toEqual(onCpu(leaf).toArray());
  });
});
