import {
  binaryTreeLstm,
  chain,
  childSumTreeLstm,
  type Graph,
  graph,
  Key,
  lstm,
  naryTreeLstm,
  type TreeNodes,
  trees,
  unfold,
} from "longspan";
import { describe, expect, test } from "vitest";
import {
  difference,
  type Matrix,
  normals,
  numbers,
  product,
  randomLike,
  rows,
  sigmoid,
  type Vector,
  zeroVector,
} from "./plain.js";

const input = 3;
const hidden = 4;
const units = Array.from({ length: hidden }, (_, i) => i);
const column = (g: number, i: number) => g * hidden + i;

interface NodeState {
  readonly h: Vector;
  readonly s: Vector;
}

const absent: NodeState = { h: zeroVector(hidden), s: zeroVector(hidden) };

/**
 * A tree whose nodes have up to `arity` children, numbered in a random order; children precede nothing in
 * particular.
 */
function randomTree(seed: number, size: number, arity: number): TreeNodes {
  const draw = numbers(normals(Key.of(seed), 2 * size)).map((v) => Math.floor(Math.abs(v) * 1e6));
  const names = Array.from({ length: size }, (_, n) => n).sort((a, b) => draw[a]! - draw[b]!);
  const children: number[][] = Array.from({ length: size }, () => []);
  for (let n = 1; n < size; n++) {
    let parent = draw[size + n]! % n;
    while (children[names[parent]!]!.length >= arity) parent = (parent + 1) % n;
    children[names[parent]!]!.push(names[n]!);
  }
  return { children };
}

function rootOf({ children }: TreeNodes): number {
  return children.findIndex((_, n) => !children.some((list) => list.includes(n)));
}

/** Evaluates a node and all below it, each once. */
function recursively<T>(node: number, below: (n: number) => readonly number[], f: (n: number, of: T[]) => T) {
  const done = new Map<number, T>();
  const visit = (n: number): T => {
    const known = done.get(n);
    if (known) return known;
    const value = f(
      n,
      below(n).map((child) => visit(child)),
    );
    done.set(n, value);
    return value;
  };
  visit(node);
  return done;
}

describe("binaryTreeLstm", () => {
  const cell = binaryTreeLstm({ input, hidden });
  const params = randomLike(cell.init(Key.of(1), "float64"), Key.of(2));
  const [U, b] = [rows(params.U), numbers(params.b)];
  const [L, R] = [rows(params.Wleft), rows(params.Wright)];

  function step(x: Vector, [left = absent, right = absent]: NodeState[]): NodeState {
    const read = (g: number, i: number) => b[column(g, i)]! + product(x, U, column(g, i));
    const recur = (g: number, i: number) =>
      product(left.h, L, column(g, i)) + product(right.h, R, column(g, i));
    const s = units.map(
      (i) =>
        sigmoid(read(1, i) + recur(2, i)) * Math.tanh(read(2, i) + recur(3, i)) +
        sigmoid(read(0, i) + recur(0, i)) * left.s[i]! +
        sigmoid(read(0, i) + recur(1, i)) * right.s[i]!,
    );
    return { h: units.map((i) => sigmoid(read(3, i) + recur(4, i)) * Math.tanh(s[i]!)), s };
  }

  test("random trees of different sizes equal a plain recursion, at every node and at the roots", () => {
    const forest = [randomTree(1, 9, 2), randomTree(2, 1, 2), randomTree(3, 14, 2)];
    const structure = trees(forest, { ports: ["left", "right"] });
    const x = normals(Key.of(3), 24, input);
    const { output, final } = unfold(cell, params, { x: structure.pack(x) }, structure);
    const [outputs, h, s] = [rows(structure.unpack(output)), rows(final.h), rows(final.s)];
    let start = 0;
    forest.forEach((tree, k) => {
      const root = rootOf(tree);
      const plain = recursively<NodeState>(
        root,
        (n) => tree.children[n]!,
        (n, of) => step(rows(x)[start + n]!, of),
      );
      expect(plain.size).toBe(tree.children.length);
      for (const [n, state] of plain) expect(difference(outputs[start + n]!, state.h)).toBeLessThan(1e-12);
      expect(difference(h[k]!, plain.get(root)!.h)).toBeLessThan(1e-12);
      expect(difference(s[k]!, plain.get(root)!.s)).toBeLessThan(1e-12);
      start += tree.children.length;
    });
  });

  test("left and right are told apart", () => {
    const x = normals(Key.of(3), 3, input);
    const run = (children: number[][]) => {
      const structure = trees([{ children }], { ports: ["left", "right"] });
      return numbers(unfold(cell, params, { x: structure.pack(x) }, structure).final.h);
    };
    expect(difference(run([[1, 2], [], []]), run([[2, 1], [], []]))).toBeGreaterThan(1e-3);
  });
});

describe("naryTreeLstm", () => {
  const arity = 5;
  const cell = naryTreeLstm({ input, hidden, arity });
  const params = randomLike(cell.init(Key.of(1), "float64"), Key.of(2));
  const [U, b] = [rows(params.U), numbers(params.b)];
  const W = Array.from({ length: arity }, (_, k) => rows(params[`W${k + 1}`]!));

  function step(x: Vector, children: NodeState[]): NodeState {
    const read = (g: number, i: number) => b[column(g, i)]! + product(x, U, column(g, i));
    const recur = (g: number, i: number) =>
      children.reduce((total, { h }, k) => total + product(h, W[k]!, column(g, i)), 0);
    const s = units.map((i) => {
      const written = sigmoid(read(1, i) + recur(arity, i)) * Math.tanh(read(2, i) + recur(arity + 1, i));
      const kept = children.map((child, k) => sigmoid(read(0, i) + recur(k, i)) * child.s[i]!);
      return kept.reduce((total, v) => total + v, written);
    });
    return { h: units.map((i) => sigmoid(read(3, i) + recur(arity + 2, i)) * Math.tanh(s[i]!)), s };
  }

  test("trees whose nodes have 0 to 5 children equal a plain recursion, at every node and at the roots", () => {
    const full = { children: [[1, 2, 3, 4, 5], [6], [7, 8], [], [], [], [], [9, 10, 11], [], [], [], []] };
    const forest = [randomTree(1, 30, arity), randomTree(2, 1, arity), full];
    const structure = trees(forest, { ports: cell.ports });
    const x = normals(Key.of(3), 43, input);
    const { output, final } = unfold(cell, params, { x: structure.pack(x) }, structure);
    const [outputs, h] = [rows(structure.unpack(output)), rows(final.h)];
    let start = 0;
    forest.forEach((tree, k) => {
      const root = rootOf(tree);
      const plain = recursively<NodeState>(
        root,
        (n) => tree.children[n]!,
        (n, of) => step(rows(x)[start + n]!, of),
      );
      expect(plain.size).toBe(tree.children.length);
      for (const [n, state] of plain) expect(difference(outputs[start + n]!, state.h)).toBeLessThan(1e-12);
      expect(difference(h[k]!, plain.get(root)!.h)).toBeLessThan(1e-12);
      start += tree.children.length;
    });
  });

  test("with two children it is binaryTreeLstm, with one child an LSTM", () => {
    const binary = binaryTreeLstm({ input, hidden });
    const two = naryTreeLstm({ input, hidden });
    const weights = randomLike(binary.init(Key.of(1), "float64"), Key.of(2));
    const { U, b, Wleft, Wright } = weights;
    const forest = [randomTree(1, 9, 2), randomTree(2, 1, 2)];
    const x = normals(Key.of(3), 10, input);
    const one = unfold(binary, weights, { x }, trees(forest, { ports: binary.ports })).output;
    const other = unfold(two, { U, b, W1: Wleft, W2: Wright }, { x }, trees(forest, { ports: two.ports }));
    expect(numbers(other.output)).toEqual(numbers(one));

    const chained = naryTreeLstm({ input, hidden, arity: 1 });
    const plain = lstm({ input, hidden });
    const shared = randomLike(plain.init(Key.of(4), "float64"), Key.of(5));
    const path = trees([{ children: [[], [0], [1], [2]] }], { ports: chained.ports });
    const steps = normals(Key.of(6), 4, input);
    const tree = unfold(chained, { U: shared.U, b: shared.b, W1: shared.W }, { x: steps }, path).output;
    const chainOutput = unfold(plain, shared, { x: steps }, chain([4])).output;
    expect(difference(numbers(tree), numbers(chainOutput))).toBeLessThan(1e-12);
  });
});

describe("childSumTreeLstm", () => {
  const cell = childSumTreeLstm({ input, hidden });
  const params = randomLike(cell.init(Key.of(1), "float64"), Key.of(2));
  const [U, W, b] = [rows(params.U), rows(params.W), numbers(params.b)];
  const [Uf, Wf, bf] = [rows(params.Uforget), rows(params.Wforget), numbers(params.bforget)];

  function step(x: Vector, children: readonly NodeState[]): NodeState {
    const total = units.map((i) => children.reduce((t, c) => t + c.h[i]!, 0));
    const gate = (M: Matrix, N: Matrix, bias: Vector, h: Vector, c: number) =>
      bias[c]! + product(x, M, c) + product(h, N, c);
    const a = (g: number, i: number) => gate(U, W, b, total, column(g, i));
    const s = units.map(
      (i) =>
        sigmoid(a(0, i)) * Math.tanh(a(1, i)) +
        children.reduce((t, c) => t + sigmoid(gate(Uf, Wf, bf, c.h, i)) * c.s[i]!, 0),
    );
    return { h: units.map((i) => sigmoid(a(2, i)) * Math.tanh(s[i]!)), s };
  }

  function expectEqual(
    g: Graph,
    children: readonly (readonly number[])[],
    finals: readonly number[],
    seed: number,
  ) {
    const structure = graph([g]);
    const x = normals(Key.of(seed), g.nodes, input);
    const { output, final } = unfold(cell, params, { x: structure.pack(x) }, structure);
    const outputs = rows(structure.unpack(output));
    expect(final.h.shape).toEqual([finals.length, hidden]);
    finals.forEach((node, k) => {
      const plain = recursively<NodeState>(
        node,
        (n) => children[n]!,
        (n, of) => step(rows(x)[n]!, of),
      );
      for (const [n, state] of plain) expect(difference(outputs[n]!, state.h)).toBeLessThan(1e-12);
      expect(difference(rows(final.h)[k]!, plain.get(node)!.h)).toBeLessThan(1e-12);
      expect(difference(rows(final.s)[k]!, plain.get(node)!.s)).toBeLessThan(1e-12);
    });
  }

  const edgesOf = (children: readonly (readonly number[])[]) =>
    children.flatMap((list, to) => list.map((from) => ({ from, to })));

  test("a node with three children", () => {
    const children = [[1, 2, 3], [], [], []];
    expectEqual({ nodes: 4, edges: edgesOf(children) }, children, [0], 4);
  });

  test("a child that two parents share, in a graph", () => {
    //     0     1          both read 3; 0 also reads 2, which reads 3 as well
    const children = [[2, 3], [3], [3], [4, 5], [], []];
    expectEqual({ nodes: 6, edges: edgesOf(children) }, children, [0, 1], 5);
  });

  test("random trees equal a plain recursion", () => {
    const forest = [randomTree(4, 12, 5), randomTree(5, 1, 5), randomTree(6, 20, 3)];
    const structure = trees(forest);
    const x = normals(Key.of(3), 33, input);
    const { output } = unfold(cell, params, { x: structure.pack(x) }, structure);
    const outputs = rows(structure.unpack(output));
    let start = 0;
    for (const tree of forest) {
      const plain = recursively<NodeState>(
        rootOf(tree),
        (n) => tree.children[n]!,
        (n, of) => step(rows(x)[start + n]!, of),
      );
      for (const [n, state] of plain) expect(difference(outputs[start + n]!, state.h)).toBeLessThan(1e-12);
      start += tree.children.length;
    }
  });

  test("the order of children does not matter", () => {
    const x = normals(Key.of(3), 4, input);
    const run = (list: number[]) => {
      const structure = trees([{ children: [list, [], [], []] }]);
      return numbers(unfold(cell, params, { x: structure.pack(x) }, structure).final.h);
    };
    expect(difference(run([1, 2, 3]), run([3, 1, 2]))).toBeLessThan(1e-15);
  });
});
