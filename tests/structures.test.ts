import {
  add,
  type Backward,
  balancedTree,
  chain,
  defineCell,
  grad,
  graph,
  gru,
  Key,
  leaves,
  mul,
  normal,
  onCpu,
  type Shape,
  type Structure,
  slice,
  sub,
  sum,
  tensor,
  trees,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";

// Structures by their shapes and by answers that are known.

const list = (v: Value) => Array.from(onCpu(v).toArray());
const far = (a: readonly number[], b: readonly number[]) =>
  a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), a.length === b.length ? 0 : 1);

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

describe("turned round", () => {
  test.each([[[3, 1, 0, 5]], [[0, 0]], [[]], [[2, 2]]])(
    "a chain of lengths %j is the one from the last steps to the first, in all its tables",
    (lengths) => {
      const tables = ({ parts }: Structure) => {
        const { own, ...others } = parts;
        return { ...others, own: Array.from(own!).slice(0, parts.nodes) };
      };
      const turned = chain(lengths, { reverse: true });
      expect(tables(chain(lengths).reversed())).toEqual(tables(turned));
      expect(tables(turned.reversed())).toEqual(tables(chain(lengths)));
      expect(turned.reversed().reversed()).toBe(turned);
    },
  );

  test("sets and names are kept", () => {
    const structure = chain([2, 1], { examples: [7, 8] }).withSets({ source: [3, 0] });
    const { sets, examples } = structure.reversed().parts;
    expect(sets).toBe(structure.parts.sets);
    expect(Array.from(examples)).toEqual([7, 8]);
  });

  test("a tree runs from the root down: the root reads the initial state, and a child its parent by its own port", () => {
    const path = defineCell({
      name: "path",
      ports: ["left", "right"],
      inputs: () => ({}),
      state: () => ({ n: [] as Shape }),
      params: () => ({}),
      step({ left, right }) {
        const n = add(mul(left.n, 10), add(mul(right.n, 10), sub(right.n, mul(right.n, 0))));
        return { state: { n }, output: n };
      },
    })(undefined);
    // Going left multiplies by 10, going right by 11.
    const forest = trees([{ children: [[1, 2], [], [3, 4], [], []] }, { children: [] }], {
      ports: ["left", "right"],
    });
    const down = forest.reversed();
    expect([down.levels, down.parts.sources, down.parts.sinks]).toEqual([3, 2, 0]);
    const { output } = unfold(path, {}, {}, down, { initial: { n: tensor([1, 5]) } });
    // The root reads by the first port.
    expect(Array.from(onCpu(down.unpack(output)).toArray())).toEqual([10, 100, 110, 1100, 1210]);
    expect(forest.reversed().reversed()).toBe(forest);
  });
});

describe("graphs with initial states and a clock", () => {
  const lengths = [5, 0, 3];
  const written = graph(
    lengths.map((n) => ({
      nodes: n,
      edges: Array.from({ length: n }, (_, t) => ({ from: t === 0 ? ("initial" as const) : t - 1, to: t })),
      ...(n > 0 ? { finals: [n - 1] } : {}),
      clock: Array.from({ length: n }, (_, t) => t),
    })),
  );
  const chains = chain(lengths);
  const cell = gru({ input: 2, hidden: 3 });
  const at = {
    params: cell.init(Key.of(1), "float64"),
    x: normal(Key.of(2), [8, 2], "float64"),
    h: normal(Key.of(3), [3, 3], "float64"),
  };
  const lossOf = (structure: Structure, backward: Backward, loop: "plain" | "compiled") => (p: typeof at) => {
    const { output } = unfold(cell, p.params, { x: structure.pack(p.x) }, structure, {
      initial: { h: p.h },
      backward,
      loop,
    });
    return sum(mul(output, output));
  };

  test.each([
    { kind: "full" },
    { kind: "truncated", every: 2 },
    { kind: "checkpointed", blocks: 2 },
  ] as const)("a chain written out is a chain, differentiated $kind", (backward) => {
    const [g, c] = [written, chains].map((s) => leaves(grad(lossOf(s, backward, "compiled"))(at)).map(list));
    g!.forEach((v, i) => {
      expect(far(v, c![i]!)).toBeLessThan(1e-12);
    });
    const plain = leaves(grad(lossOf(written, backward, "plain"))(at)).map(list);
    plain.forEach((v, i) => {
      expect(far(v, g![i]!)).toBeLessThan(1e-12);
    });
    expect(list(lossOf(written, backward, "compiled")(at))[0]).toBeCloseTo(
      list(lossOf(chains, backward, "plain")(at))[0]!,
      12,
    );
  });

  test("several nodes may read the initial state, and what a cell starts from", () => {
    const counting = defineCell({
      name: "counting",
      inputs: () => ({}),
      state: () => ({ n: [] as Shape }),
      start: () => ({ n: 100 }),
      params: () => ({}),
      step: ({ n }) => ({ state: { n: add(n, 1) }, output: n }),
    })(undefined);
    const fork = graph([
      {
        nodes: 3,
        edges: [
          { from: "initial", to: 0 },
          { from: "initial", to: 1 },
          { from: 0, to: 2 },
          { from: 1, to: 2 },
        ],
      },
    ]);
    expect(list(unfold(counting, {}, {}, fork).final.n)).toEqual([203]);
    expect(list(unfold(counting, {}, {}, fork, { initial: { n: tensor([1]) } }).final.n)).toEqual([5]);
  });

  test("a clock that does not go on is refused, and one that some lack", () => {
    const edges = [{ from: 0, to: 1 }];
    expect(() => graph([{ nodes: 2, edges, clock: [0, 0] }])).toThrow(
      "graph: graph 0: node 1 reads node 0, and their clocks stand at 0 and 0; a node's clock is past those of the nodes that it reads",
    );
    expect(() => graph([{ nodes: 2, edges, clock: [0] }])).toThrow(
      "graph: graph 0: clock has 1 entries; a clock holds a number of steps, 0 or more, for each of the 2 nodes",
    );
    expect(() =>
      graph([
        { nodes: 2, edges, clock: [0, 1] },
        { nodes: 1, edges: [] },
      ]),
    ).toThrow("graph: graph 1 has no clock, and graph: graph 0 has one; give all of a batch one, or none");
  });
});
