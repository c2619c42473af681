import { glorot, zerosInit } from "longspan";
import {
  add,
  type Backward,
  cast,
  chain,
  defaultExecutor,
  defineCell,
  dot,
  grad,
  graph,
  hessianVectorProduct,
  Key,
  leaves,
  mapTree,
  matmul,
  mul,
  normal,
  onCpu,
  reshape,
  type Structure,
  scope,
  setPlaces,
  setSoftmax,
  setSum,
  sigmoid,
  slice,
  sum,
  tanh,
  tensor,
  trees,
  unfold,
  useExecutor,
  type Value,
} from "longspan/engine";
import { describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";
import { differenceError, distance, innerProductError } from "./random-cells/compare.js";

type Reduction = "sum" | "mean" | "max" | "logSumExp" | "softmax" | { softmax: "score" };

/** A cell whose slot h is reduced in the way that is asked for, with an edge step that gives weights too. */
const reducing = (reduction: Reduction) =>
  defineCell({
    name: "reducing",
    inputs: () => ({ x: [3] }),
    state: () => ({ h: [3] }),
    message: () => ({ h: [3], score: [] }),
    messages: { h: reduction },
    params: () => ({ W: glorot(3, 3), E: glorot(3, 3), b: zerosInit(3) }),
    edge: ({ x, h }, { E }) => {
      const made = tanh(add(x, matmul(h, E)));
      return { h: made, score: dot(made, h) };
    },
    step({ x, h, score }, { W, b }) {
      const next = tanh(add(add(x, matmul(h, W)), add(b, mul(score, 0.1))));
      return { state: { h: next }, output: next };
    },
  })(undefined);

/** States reduced as they are, without an edge step. */
const direct = defineCell({
  name: "direct",
  inputs: () => ({ x: [3] }),
  state: () => ({ h: [3], c: [2] }),
  messages: { h: "max", c: "mean" },
  params: () => ({ W: glorot(3, 3), C: glorot(2, 3) }),
  step({ x, h, c }, { W, C }) {
    const next = tanh(add(add(x, matmul(h, W)), matmul(c, C)));
    return { state: { h: next, c: tanh(add(c, slice(next, 0, 0, 2))) }, output: next };
  },
})(undefined);

/** Attention over neighbours within the edge step; the weights go out per edge, and a node reads its edges one by one too. */
const attending = defineCell({
  name: "attending",
  inputs: () => ({ x: [3] }),
  state: () => ({ h: [3] }),
  message: () => ({ h: [3], weight: [] }),
  messages: { weight: "each" },
  params: () => ({ W: glorot(3, 3), E: glorot(3, 3) }),
  edge({ x, h }, { E }) {
    const weight = setSoftmax(sum(mul(tanh(matmul(h, E)), x)));
    return { h: mul(weight, h), weight };
  },
  step({ x, h, weight }, { W }) {
    const first = setSum(mul(weight, cast(setPlaces(weight), "float64")));
    const next = tanh(add(add(x, matmul(h, W)), add(setSum(mul(weight, weight)), first)));
    return { state: { h: next }, output: { next, weight } };
  },
})(undefined);

/** A child-sum with a gate that is a softmax over children, gates by element. */
const gated = defineCell({
  name: "gatedChildren",
  inputs: () => ({ x: [3] }),
  state: () => ({ h: [3] }),
  params: () => ({ W: glorot(3, 3) }),
  edge: ({ x, h }) => ({ h: mul(setSoftmax(add(x, h)), sigmoid(h)) }),
  step({ x, h }, { W }) {
    const next = tanh(add(x, matmul(h, W)));
    return { state: { h: next }, output: next };
  },
})(undefined);

const cells = {
  ...Object.fromEntries(
    (["sum", "mean", "max", "logSumExp", "softmax", { softmax: "score" }] as const).map((r) => [
      `by ${typeof r === "object" ? "the softmax of a slot" : r}`,
      reducing(r),
    ]),
  ),
  "without an edge step": direct,
  "attention in the edge step": attending,
  "gates in the edge step": gated,
};

const diamond = {
  nodes: 5,
  edges: [
    [0, 2],
    [1, 2],
    [0, 3],
    [2, 3],
    [1, 3],
    [3, 4],
    [0, 4],
  ].map(([from, to]) => ({ from: from!, to: to! })),
};
const structures: Readonly<Record<string, Structure>> = {
  graphs: graph([
    diamond,
    { nodes: 1, edges: [] },
    { nodes: 0, edges: [] },
    {
      nodes: 3,
      edges: [
        { from: 2, to: 0 },
        { from: 2, to: 1 },
        { from: 1, to: 0 },
      ],
    },
  ]),
  trees: trees([
    { children: [[1, 2, 3], [], [4], [], []] },
    { children: [[1], [2], []] },
    { children: [[]] },
  ]),
  chains: chain([4, 0, 2, 1]),
};

/** Gradient and Hessian-vector product of a loss of all that comes out. */
function derivatives(
  // biome-ignore lint/suspicious/noExplicitAny: cells of all kinds.
  cell: any,
  structure: Structure,
  loop: "plain" | "compiled",
  backward: Backward,
  clipState?: number,
) {
  const point = {
    params: cell.init(Key.of(1), "float64"),
    x: normal(Key.of(2), [structure.nodes, 3], "float64"),
    ...(structure.parts.sources > 0
      ? { initial: { h: normal(Key.of(4), [structure.parts.sources, 3], "float64") } }
      : {}),
  };
  let i = 0;
  const direction = mapTree(point, (v: Value) => normal(Key.of(3).fold(i++), v.shape, v.dtype));
  const loss = (p: typeof point) => {
    const initial = p.initial ? { initial: p.initial } : {};
    const { output, final } = unfold(cell, p.params, { x: p.x } as never, structure, {
      loop,
      backward,
      ...initial,
      ...(clipState ? { clipState } : {}),
    });
    let total: Value = tensor(0, "float64");
    let k = 0;
    for (const v of [...leaves(output), ...leaves(final)])
      total = add(total, sum(mul(tanh(v), normal(Key.of(9).fold(k++), v.shape, "float64"))));
    return total;
  };
  return {
    value: loss(point),
    gradient: grad(loss as never)(point as never),
    product: hessianVectorProduct(loss as never)(point as never, direction as never),
  };
}

describe.each(executorRows)("messages on $name", ({ name }) => {
  const why = missing(name);
  for (const [how, cell] of Object.entries(cells))
    for (const [where, structure] of Object.entries(structures))
      test.skipIf(why)(
        `${how}, over ${where}: value, gradient and Hessian-vector product are the plain loop's`,
        () => {
          const before = defaultExecutor();
          try {
            useExecutor(executorOf(name));
            const modes: Backward[] = [{ kind: "full" }];
            if (where === "chains")
              modes.push({ kind: "checkpointed", blocks: 2 }, { kind: "truncated", every: 2 });
            scope(() => {
              for (const backward of modes) {
                const plain = derivatives(
                  cell,
                  structure,
                  "plain",
                  backward.kind === "truncated" ? backward : { kind: "full" },
                );
                const compiled = derivatives(cell, structure, "compiled", backward);
                const { error, at } = distance(plain, compiled);
                expect(error, `${backward.kind} ${at}`).toBeLessThan(1e-12);
              }
            });
          } finally {
            useExecutor(before);
          }
        },
      );
});

test("each reduction is what it says, and zeros for a node without edges", () => {
  // Two nodes hand on (1, -2) and (3, 0.5); the third reads both.
  const values = [
    [1, -2],
    [3, 0.5],
  ];
  const structure = graph([
    {
      nodes: 3,
      edges: [
        { from: 0, to: 2 },
        { from: 1, to: 2 },
      ],
    },
  ]);
  const column = (j: number) => values.map((v) => v[j]!);
  const exps = (list: number[]) => list.map(Math.exp);
  const total = (list: number[]) => list.reduce((a, b) => a + b, 0);
  const weighted = (weights: number[], list: number[]) =>
    total(list.map((x, i) => x * weights[i]!)) / total(weights);
  const expected: Record<string, (j: number) => number> = {
    sum: (j) => total(column(j)),
    mean: (j) => total(column(j)) / 2,
    max: (j) => Math.max(...column(j)),
    logSumExp: (j) => Math.log(total(exps(column(j)))),
    softmax: (j) => weighted(exps(column(j)), column(j)),
    "softmax of score": (j) => weighted(exps(column(0)), column(j)),
  };
  for (const [name, of] of Object.entries(expected)) {
    const cell = defineCell({
      name: "reads",
      inputs: () => ({ x: [2] }),
      state: () => ({ h: [2], score: [] }),
      messages: { h: name === "softmax of score" ? { softmax: "score" } : (name as "sum") },
      params: () => ({}),
      step: ({ x, h }) => ({
        state: { h: x, score: reshape(slice(x, 0, 0, 1), []) },
        output: h,
      }),
    })(undefined);
    const x = tensor([...values, [0, 0]], "float64");
    const read = Array.from(onCpu(unfold(cell, {}, { x }, structure).output).toArray());
    expect(read.slice(0, 4), name).toEqual([0, 0, 0, 0]);
    [0, 1].forEach((j) => {
      expect(read[4 + j], name).toBeCloseTo(of(j), 14);
    });
  }
});

test("central differences: what is reduced has the derivative of its value", () => {
  for (const [name, cell] of Object.entries(cells)) {
    const structure = structures.graphs!;
    const subject = {
      seed: 1,
      cell,
      structure,
      params: cell.init(Key.of(1), "float64"),
      inputs: { x: normal(Key.of(2), [structure.nodes, 3], "float64") },
      initial: {},
      smooth: true,
      features: [],
    };
    expect(differenceError(subject as never), name).toBeLessThan(1e-6);
    expect(innerProductError(subject as never), name).toBeLessThan(1e-11);
  }
});

describe("what messages are not", () => {
  const of = (messages: unknown, more: object = {}) =>
    defineCell({
      name: "wrong",
      inputs: () => ({ x: [2] }),
      state: () => ({ h: [2], c: [3] }),
      messages: messages as never,
      params: () => ({}),
      step: ({ x, h, c }: { x: Value; h: Value; c: Value }) => ({ state: { h: add(x, h), c }, output: h }),
      ...more,
    })(undefined);

  test("reductions of slots that are none, and reductions that are none", () => {
    expect(() => of({ g: "max" })).toThrow(
      'cell wrong: messages.g: a message has no slot "g"; its slots are h, c',
    );
    expect(() => of({ h: "median" })).toThrow(
      'cell wrong: messages.h is "median"; a reduction is one of sum, mean, max, logSumExp, softmax, each, or { softmax: slot }',
    );
    expect(() => of({ h: { softmax: "w" } })).toThrow(
      'cell wrong: messages.h: the weights come from the slot "w", which a message does not have; its slots are h, c',
    );
    expect(() => of({ h: { softmax: "c" } })).toThrow(
      "cell wrong: messages.h: weights of shape [3] for [2]; give one per edge, [], or one per element",
    );
    expect(() => of(5)).toThrow("messages");
  });

  test("with several ports", () => {
    const ports = of(
      { h: "max" },
      {
        ports: ["left", "right"],
        step: ({ x, left }: { x: Value; left: { h: Value; c: Value } }) => ({ state: left, output: x }),
      },
    );
    expect(() => ports.trace("float32")).toThrow(
      "cell wrong: the messages of a cell with ports (left, right) are summed, port by port; other reductions are for cells with one way in",
    );
  });
});
