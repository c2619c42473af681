import {
  type AnyCell,
  add,
  checkDerivatives,
  defineCell,
  fromArray,
  type GridStart,
  grad,
  graph,
  grid,
  gru,
  Key,
  mul,
  multidimensionalLstm,
  normal,
  onCpu,
  type Shape,
  type Shapes,
  type Structure,
  slice,
  sum,
  type Tensor,
  tensor,
  type UnfoldOptions,
  unfold,
  type Value,
  valueAndGrad,
  valueAndGradPerExample,
} from "longspan";
import { describe, expect, test } from "vitest";

// Recurrence over two-dimensional grids (section 10.3).

const corners = ["top-left", "top-right", "bottom-left", "bottom-right"] as const;
const sides = ["left", "right", "top", "bottom"] as const;
const sizes = [
  [3, 4],
  [0, 2],
  [2, 2],
  [1, 5],
] as const;
const starts = [0, 12, 12, 16];
const nodes = 21;
const numbers = (v: Value) => Array.from(onCpu(v).toArray());
const normals = (seed: number, ...shape: number[]) => normal(Key.of(seed), shape, "float64");
const far = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), a.length === b.length ? 0 : 1);

/** How far a step goes down and to the right. */
const stepOf = (from: GridStart) => ({
  down: from.startsWith("bottom") ? -1 : 1,
  right: from.endsWith("right") ? -1 : 1,
});

describe("paths: a cell that adds counts them, which is Pascal's triangle", () => {
  const paths = defineCell({
    name: "paths",
    ports: ["vertical", "horizontal"],
    inputs: () => ({ x: [] as Shape }),
    state: () => ({ n: [] as Shape }),
    params: () => ({}),
    step({ x, vertical, horizontal }) {
      const n = add(x, add(vertical.n, horizontal.n));
      return { state: { n }, output: n };
    },
  })(undefined);
  const choose = (n: number, k: number): number =>
    k === 0 || k === n ? 1 : choose(n - 1, k - 1) + choose(n - 1, k);

  test.each(corners)("from the %s", (from) => {
    const structure = grid([[3, 4]], { from });
    expect([structure.nodes, structure.levels]).toEqual([12, 6]);
    const away = (i: number, j: number) => [
      from.startsWith("bottom") ? 2 - i : i,
      from.endsWith("right") ? 3 - j : j,
    ];
    const cells = Array.from({ length: 12 }, (_, n) => away(Math.floor(n / 4), n % 4));
    const start = fromArray(
      cells.map(([i, j]) => (i === 0 && j === 0 ? 1 : 0)),
      [12],
    );
    const count = (x: Value) =>
      structure.unpack(unfold(paths, {}, { x: structure.pack(x) }, structure).output);
    expect(numbers(count(start))).toEqual(cells.map(([i, j]) => choose(i! + j!, i!)));
    // The derivative of the far corner: the paths that lead there from each node.
    const corner = (x: Value) => sum(unfold(paths, {}, { x: structure.pack(x) }, structure).final.n);
    expect(numbers(grad(corner)(start))).toEqual(cells.map(([i, j]) => choose(5 - i! - j!, 2 - i!)));
  });

  test("what lies beyond the border is the initial state, one per grid", () => {
    const structure = grid([
      [2, 2],
      [0, 3],
    ]);
    const { output, final } = unfold(paths, {}, { x: tensor([0, 0, 0, 0]) }, structure, {
      initial: { n: tensor([1, 7]) },
    });
    expect(numbers(structure.unpack(output))).toEqual([2, 3, 3, 6]);
    expect(numbers(final.n)).toEqual([6, 7]);
  });
});

describe.each([...corners, ...sides])("from the %s", (from) => {
  const isCorner = from.includes("-");
  const [I, H] = [2, 3];
  const cell: AnyCell = isCorner
    ? multidimensionalLstm({ input: I, hidden: H })
    : gru({ input: I, hidden: H });
  const structure = grid(sizes, { from });
  const x = normals(1, nodes, I);
  type Params = Readonly<Record<string, Tensor>>;
  const params = cell.init(Key.of(2), "float64") as Params;
  const point = { params, x, h: normals(3, structure.parts.sources, H) };
  type Point = typeof point;
  const run = (over: Structure, p: Params, xs: Value, options: UnfoldOptions<Shapes> = {}) => {
    const { output, final } = unfold(cell, p, { x: over.pack(xs) }, over, options);
    return { output: over.unpack(output), final: final.h! };
  };

  /** The same grids as graphs whose edges are written out. */
  const written = () =>
    graph(
      sizes.map(([h, w]) => {
        const { down, right } = stepOf(from);
        const inside = (i: number, j: number) => i >= 0 && j >= 0 && i < h && j < w;
        const along = {
          vertical: from !== "left" && from !== "right",
          horizontal: from !== "top" && from !== "bottom",
        };
        const edges = Array.from({ length: h * w }, (_, n) => {
          const [i, j] = [Math.floor(n / w), n % w];
          const port = (name: string) => (isCorner ? { port: name } : {});
          return [
            ...(along.vertical && inside(i - down, j)
              ? [{ from: n - down * w, to: n, ...port("vertical") }]
              : []),
            ...(along.horizontal && inside(i, j - right)
              ? [{ from: n - right, to: n, ...port("horizontal") }]
              : []),
          ];
        });
        return { nodes: h * w, edges: edges.flat() };
      }),
      isCorner ? { ports: ["vertical", "horizontal"] } : {},
    );

  const loss =
    (options: UnfoldOptions<Shapes> = {}) =>
    (p: Point) => {
      const { output, final } = run(structure, p.params, p.x, { ...options, initial: { h: p.h } });
      return add(sum(mul(mul(output, output), normals(4, nodes, H))), sum(mul(final, final)));
    };

  test("equals the graphs with these edges", () => {
    const other = written();
    const outputs = [structure, other].map((over) => numbers(run(over, params, x).output));
    expect(far(outputs[0]!, outputs[1]!)).toBeLessThan(1e-12);
    expect(structure.levels).toBe(other.levels);
  });

  test("a batch equals each grid alone", () => {
    const whole = run(structure, params, x);
    let at = 0;
    sizes.forEach((size, b) => {
      const end = starts[b]! + size[0] * size[1];
      const alone = grid([size], { from });
      const { output, final } = run(alone, params, slice(x, 0, starts[b]!, end));
      const finals = final.shape[0]!;
      expect(far(numbers(output), numbers(slice(whole.output, 0, starts[b]!, end)))).toBeLessThan(1e-12);
      expect(far(numbers(final), numbers(slice(whole.final, 0, at, at + finals)))).toBeLessThan(1e-12);
      at += finals;
    });
    expect(at).toBe(structure.parts.sinks);
  });

  test("derivatives, first and second", () => {
    const { first, second } = checkDerivatives(loss(), point, { second: true });
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-7);
  });

  test("compiled equals the plain loop, in full and truncated", () => {
    for (const backward of [{ kind: "full" }, { kind: "truncated", every: 2 }] as const) {
      const fast = valueAndGrad(loss({ backward }))(point);
      const plain = valueAndGrad(loss({ backward, loop: "plain" }))(point);
      expect(far(numbers(fast.value), numbers(plain.value))).toBeLessThan(1e-12);
      for (const name of ["x", "h"] as const)
        expect(far(numbers(fast.grads[name]), numbers(plain.grads[name]))).toBeLessThan(1e-12);
    }
  });

  test("per example, gradients are those of each grid", () => {
    const losses = (p: Params) => {
      const { output } = run(structure, p, x);
      return sum(structure.sumPerSequence(structure.pack(mul(output, output))), 1);
    };
    const { grads } = valueAndGradPerExample(losses)(params);
    sizes.forEach((size, b) => {
      const own = slice(x, 0, starts[b]!, starts[b]! + size[0] * size[1]);
      const g = grad((p: Params) => {
        const { output } = run(grid([size], { from }), p, own);
        return sum(mul(output, output));
      })(params);
      expect(far(numbers(grads[b]!.U!), numbers(g.U!))).toBeLessThan(1e-12);
    });
  });
});

test("sweeps: rows and columns are chains, of their own lengths", () => {
  const rows = grid(
    [
      [2, 3],
      [1, 5],
    ],
    { from: "right" },
  );
  expect([rows.levels, rows.parts.sources, rows.sequences]).toEqual([5, 3, 2]);
  expect(
    grid(
      [
        [2, 3],
        [4, 1],
      ],
      { from: "top" },
    ).levels,
  ).toBe(4);
});

test("what is no grid is refused", () => {
  expect(() => grid([[2, -1]])).toThrow(
    "grid: sizes[0] is [2, -1]; a size is [height, width], two non-negative integers",
  );
  expect(() => grid([[2, 2]], { from: "middle" as never })).toThrow(
    "grid: from is one of top-left, top-right, bottom-left, bottom-right, left, right, top, bottom",
  );
});
