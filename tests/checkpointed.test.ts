import {
  add,
  type Backward,
  bidirectional,
  binaryTreeLstm,
  type Cell,
  type Concrete,
  chain,
  checkDerivatives,
  defaultExecutor,
  defineCell,
  div,
  dot,
  dropoutInCell,
  grad,
  graph,
  gru,
  hessianVectorProduct,
  type InputSpecs,
  jvp,
  Key,
  languageModel,
  leafEntries,
  leaves,
  less,
  linearize,
  lstm,
  mapTree,
  matmul,
  mul,
  normal,
  onCpu,
  ones,
  outer,
  type ParamSpec,
  recurrent,
  reshape,
  rnn,
  type Shape,
  type Shapes,
  Structure,
  scope,
  sigmoid,
  stacked,
  sum,
  type Tensor,
  tanh,
  tensor,
  trees,
  type UnfoldOptions,
  unfold,
  type Value,
  vjp,
  where,
  zeros,
} from "longspan";
import { countProgram } from "longspan/engine";
import { describe, expect, test } from "vitest";

const spec = (...shape: number[]): ParamSpec => ({
  shape,
  initialise: (key, s: Shape, dtype): Tensor => mul(normal(key, s, dtype), 0.5),
});

// biome-ignore lint/suspicious/noExplicitAny: cells of any state and parameters are rows of one table.
type AnyCell = Cell<any, any, any, any, any>;

/** A gate per edge: an edge step over a chain runs once per step. */
const gated = defineCell({
  name: "gated",
  inputs: () => ({ x: [3] }),
  state: () => ({ h: [3] }),
  params: () => ({ W: spec(3, 3), V: spec(3, 3) }),
  edge: ({ x, h }, { W }) => ({ h: mul(sigmoid(add(matmul(h, W), x)), h) }),
  step({ x, h }, { V }) {
    const next = tanh(add(matmul(h, V), x));
    return { state: { h: next }, output: next };
  },
})(undefined as never);

/** Draws per node and per sequence, as dropout makes them. */
const noisy = defineCell({
  name: "noisy",
  inputs: () => ({ x: [3] }),
  state: () => ({ h: [4] }),
  params: () => ({ U: spec(3, 4), W: spec(4, 4) }),
  step({ x, h }, { U, W }, context) {
    const kept = where(less(context.uniform([4]), 0.6), div(h, 0.6), 0);
    const tied = where(less(context.uniform([3], { per: "sequence" }), 0.6), div(x, 0.6), 0);
    const next = tanh(add(matmul(tied, U), matmul(kept, W)));
    return { state: { h: next }, output: next };
  },
})(undefined as never);

/** Dropout in the recurrence of a layer. */
const noisyLayer = defineCell({
  name: "noisyLayer",
  inputs: ({ input }: { input: number; hidden: number }) => ({ x: [input] }),
  state: ({ hidden }) => ({ h: [hidden] }),
  params: ({ input, hidden }) => ({ U: spec(input, hidden), W: spec(hidden, hidden) }),
  step({ x, h }, { U, W }, context) {
    const next = tanh(add(matmul(x, U), matmul(dropoutInCell(h, 0.4, context), W)));
    return { state: { h: next }, output: next };
  },
});

/** Every scope of value, a matrix among the states, a slot that is handed on unchanged, and sums. */
const scoped = defineCell({
  name: "scoped",
  inputs: () => ({ x: [3] }),
  sequenceInputs: () => ({ z: [2] }),
  sharedInputs: () => ({ w: [2] }),
  state: () => ({ m: [2, 3], v: [2], still: [2] }),
  params: () => ({ A: spec(2, 2), B: spec(3, 2) }),
  step({ x, z, w, m, v, still }, { A, B }) {
    const topic = tanh(matmul(z, A));
    const next = tanh(add(add(matmul(v, A), matmul(x, B)), mul(topic, still)));
    const written = add(mul(m, 0.9), outer(next, x));
    return {
      state: { m: written, v: next, still },
      output: { read: matmul(w, written), topic },
      sums: { energy: mul(next, next), read: sum(mul(matmul(w, written), x)) },
    };
  },
})(undefined as never);

/** No state, so that nothing passes from block to block. */
const pointwise = defineCell({
  name: "pointwise",
  inputs: () => ({ x: [3] }),
  state: () => ({}),
  params: () => ({ U: spec(3, 2) }),
  step: ({ x }, { U }) => ({ state: {}, output: tanh(matmul(x, U)) }),
})(undefined as never);

/** Linear in its state: there is nothing to compute again. */
const accumulating = defineCell({
  name: "accumulating",
  inputs: () => ({ x: [3] }),
  state: () => ({ h: [3] }),
  params: () => ({}),
  step({ x, h }) {
    const next = add(mul(h, 0.5), x);
    return { state: { h: next }, output: next };
  },
})(undefined as never);

/** One row enrols a cell, or a way to run one, in every comparison below. */
const cells: readonly { name: string; cell: AnyCell; options?: Partial<UnfoldOptions<Shapes>> }[] = [
  { name: "lstm", cell: lstm({ input: 3, hidden: 4 }) },
  { name: "gru", cell: gru({ input: 3, hidden: 4 }) },
  { name: "rnn", cell: rnn({ input: 3, hidden: 4 }) },
  { name: "an edge step", cell: gated },
  { name: "random draws", cell: noisy },
  { name: "all scopes and sums", cell: scoped },
  { name: "no state", cell: pointwise },
  { name: "a linear cell", cell: accumulating },
  { name: "lstm, states asked for", cell: lstm({ input: 3, hidden: 4 }), options: { states: true } },
  { name: "gru, clipped states", cell: gru({ input: 3, hidden: 4 }), options: { clipState: 0.05 } },
];

const chains: readonly { name: string; structure: Structure }[] = [
  { name: "one sequence", structure: chain([9]) },
  { name: "lengths 4, 0, 7, 1, 7", structure: chain([4, 0, 7, 1, 7]) },
  { name: "lengths 4, 0, 7, 1, 7, reversed", structure: chain([4, 0, 7, 1, 7], { reverse: true }) },
  { name: "one step", structure: chain([1, 1]) },
  { name: "no step", structure: chain([0, 0]) },
];

const modes: readonly { name: string; backward: Backward }[] = [
  { name: "by default", backward: { kind: "checkpointed" } },
  { name: "in three blocks", backward: { kind: "checkpointed", blocks: 3 } },
  { name: "in one block", backward: { kind: "checkpointed", blocks: 1 } },
  { name: "in a block per step", backward: { kind: "checkpointed", blocks: 100 } },
];

interface Point {
  params: unknown;
  inputs: Record<string, Value>;
  initial: Record<string, Value>;
}

function pointFor(cell: AnyCell, structure: Structure, withInitial: boolean): Concrete<Point> {
  const dtype = "float64";
  let i = 0;
  const random = (...shape: number[]) => normal(Key.of(7).fold(i++), shape, dtype);
  const inputs: Record<string, Value> = {};
  const shapes = (specs: InputSpecs) => Object.entries(specs) as [string, Shape][];
  for (const [name, shape] of shapes(cell.inputs)) inputs[name] = random(structure.nodes, ...shape);
  for (const [name, shape] of shapes(cell.sequenceInputs))
    inputs[name] = random(structure.sequences, ...shape);
  for (const [name, shape] of shapes(cell.sharedInputs)) inputs[name] = random(...shape);
  const initial: Record<string, Value> = {};
  const slots = Object.entries(cell.state as Shapes);
  // Not the last slot: some states are given and some start from zeros.
  for (const [name, shape] of slots.slice(0, Math.max(1, slots.length - 1)))
    if (withInitial) initial[name] = random(structure.sequences, ...shape);
  return { params: cell.init(Key.of(1), dtype), inputs, initial } as unknown as Concrete<Point>;
}

/** All that an unfold gives, as a function of all that it takes. */
function results(cell: AnyCell, structure: Structure, options: UnfoldOptions<Shapes>) {
  return (p: Point) => {
    const run = unfold(cell, p.params as never, p.inputs as never, structure, {
      key: Key.of(3),
      initial: p.initial,
      ...options,
    });
    return { ...run, states: run.states ?? {} };
  };
}

/** A scalar that depends on every result. */
function weigh(tree: unknown): Value {
  let i = 0;
  return leaves(tree)
    .map((v) => sum(mul(tanh(v), normal(Key.of(99).fold(i++), v.shape, "float64"))))
    .reduce((p, q) => add(p, q));
}

function directionLike<T>(tree: T, seed: number): T {
  let i = 0;
  return mapTree(tree, (v) => normal(Key.of(seed).fold(i++), v.shape, "float64"));
}

const numbers = (v: Value) => Array.from(onCpu(v).toArray());

/** Every entry relative to the larger of 1 and the largest entry of its tensor. */
function expectClose(ours: unknown, theirs: unknown, tolerance: number) {
  const expected = leafEntries(theirs);
  expect(leafEntries(ours).map(([path]) => path)).toEqual(expected.map(([path]) => path));
  leaves(ours).forEach((v, i) => {
    const [path, w] = expected[i]!;
    const [p, q] = [numbers(v), numbers(w)];
    const size = q.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
    expect(p.length).toBe(q.length);
    p.forEach((x, j) => {
      expect(Math.abs(x - q[j]!) / size, path).toBeLessThan(tolerance);
    });
  });
}

describe("checkpointed equals full", () => {
  for (const { name: cellName, cell, options = {} } of cells)
    for (const { name: chainName, structure } of chains)
      test(`${cellName} over ${chainName}`, () => {
        for (const withInitial of Object.keys(cell.state).length > 0 ? [true, false] : [false])
          scope(() => {
            const point = pointFor(cell, structure, withInitial);
            const direction = directionLike(point, 11);
            const run = (backward: Backward) => results(cell, structure, { ...options, backward });
            const loss = (backward: Backward) => (p: Point) => weigh(run(backward)(p));
            const at = point as never;
            const [value, gradient, product] = [
              run({ kind: "full" })(at),
              grad(loss({ kind: "full" }))(at),
              hessianVectorProduct(loss({ kind: "full" }))(at, direction as never),
            ];
            for (const { backward } of modes) {
              const ours = vjp(run(backward), at);
              expectClose(ours.value, value, 1e-13);
              expectClose(grad(loss(backward))(at), gradient, 1e-12);
              expectClose(hessianVectorProduct(loss(backward))(at, direction as never), product, 1e-12);
            }
          });
      });

  test("values, and gradients to inputs and initial states, bit for bit", () => {
    for (const reverse of [false, true]) {
      const cell = lstm({ input: 3, hidden: 6 });
      const structure = chain([4, 0, 7, 1, 30], { reverse });
      const point = pointFor(cell, structure, true) as never;
      const run = (backward: Backward) => {
        const { value, pullback } = vjp(results(cell, structure, { backward }), point);
        return { value, g: pullback(directionLike(value, 5)) as unknown as Concrete<Point> };
      };
      const [ours, full] = [run({ kind: "checkpointed" }), run({ kind: "full" })];
      const bits = (r: typeof ours) => [r.value, r.g.inputs, r.g.initial].flatMap(leaves).map(numbers);
      expect(bits(ours)).toEqual(bits(full));
    }
  });

  test("probes see what flows through the recurrence", () => {
    const cell = gru({ input: 3, hidden: 4 });
    const structure = chain([3, 9, 2]);
    const { params, inputs } = pointFor(cell, structure, false);
    const flow = (backward: Backward) =>
      grad((p: { writes: Value; reads: Value }) =>
        weigh(
          unfold(cell, params as never, inputs as never, structure, {
            backward,
            probes: { writes: { h: p.writes }, reads: { h: p.reads } },
          }).output,
        ),
      )({ writes: zeros([14, 4], "float64"), reads: zeros([14, 4], "float64") });
    expectClose(flow({ kind: "checkpointed" }), flow({ kind: "full" }), 1e-12);
  });

  test("and central differences", () => {
    const structure = chain([5, 0, 8]);
    const loss = (p: Point) => weigh(results(scoped, structure, { backward: { kind: "checkpointed" } })(p));
    const check = checkDerivatives(loss, pointFor(scoped, structure, true), { second: true });
    expect(check.first).toBeLessThan(1e-7);
    expect(check.second).toBeLessThan(1e-6);
  });

  test("where only some operands are differentiated, and only some results are used", () => {
    const cell = lstm({ input: 3, hidden: 4 });
    const structure = chain([6, 2, 9]);
    const { params, inputs, initial } = pointFor(cell, structure, true);
    const run = (backward: Backward, p: unknown, x: Value, h: Value) =>
      unfold(cell, p as never, { x }, structure, { initial: { h }, backward });
    const g = (backward: Backward) => ({
      ofBias: grad((b: Value) =>
        weigh(run(backward, { ...(params as object), b }, inputs.x!, initial.h!).final.s),
      )((params as unknown as { b: Tensor }).b),
      ofInput: grad((x: Value) => weigh(run(backward, params, x, initial.h!).output))(inputs.x as Tensor),
      ofInitial: grad((h: Value) => weigh(run(backward, params, inputs.x!, h).final))(initial.h as Tensor),
    });
    expectClose(g({ kind: "checkpointed" }), g({ kind: "full" }), 1e-12);
  });
});

describe("its derivative is that of full", () => {
  const structure = chain([5, 0, 9]);
  const point = pointFor(scoped, structure, true) as never;
  const f = (backward: Backward) => results(scoped, structure, { backward });
  const checkpointed: Backward = { kind: "checkpointed" };

  test("forward mode, and <J v, w> = <v, J' w>, any number of times", () => {
    const { value, pushforward, pullback } = linearize(f(checkpointed), point);
    for (const seed of [1, 2]) {
      const v = directionLike(point, seed);
      const w = directionLike(value, seed + 10);
      const along = pushforward(v);
      expectClose(along, jvp(f({ kind: "full" }))(point, v).tangent, 1e-12);
      expectClose(jvp(f(checkpointed))(point, v).tangent, along, 1e-12);
      const inner = (a: unknown, b: unknown) =>
        leaves(a).reduce(
          (total, x, i) => total + onCpu(dot(reshape(x, [-1]), reshape(leaves(b)[i]!, [-1]))).item(),
          0,
        );
      const [left, right] = [inner(along, w), inner(v, pullback(w))];
      expect(Math.abs(left - right) / Math.abs(left)).toBeLessThan(1e-12);
    }
  });

  test("a pullback that is itself differentiated", () => {
    const g = (backward: Backward) => {
      const { value, pullback } = vjp(f(backward), point);
      return grad((w: unknown) => weigh(pullback(w as never)))(directionLike(value, 4) as never);
    };
    expectClose(g(checkpointed), g({ kind: "full" }), 1e-12);
  });

  test("a derivative along a direction, differentiated by the direction", () => {
    const v = directionLike(point, 8);
    const g = (backward: Backward) =>
      grad((d: unknown) => weigh(jvp(f(backward))(point, d as never).tangent))(v as never);
    expectClose(g(checkpointed), g({ kind: "full" }), 1e-12);
  });

  test("reverse over reverse", () => {
    const g = (backward: Backward) =>
      grad((p: Point) => weigh(grad((q: Point) => weigh(f(backward)(q)))(p as never)))(point);
    expectClose(g(checkpointed), g({ kind: "full" }), 1e-12);
  });
});

describe("layers pass it on", () => {
  const structure = chain([9, 0, 4]);
  const keyed = { key: Key.of(4) };
  test("stacked and bidirectional, with dropout between", () => {
    const net = stacked(
      [
        bidirectional(lstm({ input: 3, hidden: 2 }), gru({ input: 3, hidden: 2 })),
        recurrent(noisyLayer({ input: 4, hidden: 4 })),
      ],
      { dropout: 0.3 },
    );
    const params = net.init(Key.of(1), "float64");
    const x = normal(Key.of(2), [13, 3], "float64");
    const g = (backward: Backward) =>
      grad((p: { params: typeof params; x: Value }) => {
        const { output, final } = net.apply(p.params, p.x, structure, { ...keyed, backward });
        return weigh([output, final]);
      })({ params, x } as never);
    expectClose(g({ kind: "checkpointed" }), g({ kind: "full" }), 1e-12);
  });
  test("a language model", () => {
    const model = languageModel({ vocabulary: 5, features: 3, hidden: 4, layers: 2, dropout: 0.2 });
    const params = model.init(Key.of(1), "float64");
    const ids = tensor([0, 3, 4, 1, 1, 2, 0, 3, 3, 4, 2, 1, 0], "int32");
    const g = (backward: Backward) =>
      grad((p: typeof params) => weigh(model.apply(p, ids, structure, { ...keyed, backward }).output))(
        params,
      );
    expectClose(g({ kind: "checkpointed" }), g({ kind: "full" }), 1e-12);
  });
});

describe("memory and work", () => {
  /** Nothing per node comes out, so that what is counted is what the derivative keeps. */
  const summing = defineCell({
    name: "summing",
    inputs: () => ({ x: [2] }),
    state: () => ({ h: [16] }),
    params: () => ({ U: spec(2, 16), W: spec(16, 16) }),
    step({ x, h }, { U, W }) {
      const next = tanh(add(matmul(x, U), matmul(h, W)));
      return { state: { h: next }, output: {}, sums: { loss: sum(mul(next, next)) } };
    },
  })(undefined as never);
  const params = summing.init(Key.of(1), "float64");
  const perState = 16 * 8;

  /** Bytes saved between the forward and the backward run, and the most in use during the backward run, of tensors. */
  function memoryOf(lengths: number[], backward: Backward): { saved: number; peak: number } {
    const executor = defaultExecutor();
    const structure = chain(lengths);
    const x = normal(Key.of(2), [structure.nodes, 2], "float64");
    const seed = ones([lengths.length], "float64");
    const before = executor.statistics.bytesInUse;
    let peak = 0;
    const run = executor.run.bind(executor);
    executor.run = (...call) => {
      run(...call);
      peak = Math.max(peak, executor.statistics.bytesInUse - before);
    };
    try {
      return scope(() => {
        const loss = (p: typeof params) => unfold(summing, p, { x }, structure, { backward }).sums.loss;
        const { pullback, dispose } = vjp(loss, params);
        const saved = executor.statistics.bytesInUse - before;
        peak = 0;
        pullback(seed);
        dispose();
        return { saved, peak };
      });
    } finally {
      executor.run = run;
      expect(executor.statistics.bytesInUse).toBeLessThanOrEqual(before);
      for (const t of [x, seed]) t.dispose();
    }
  }

  test("saved are the states between blocks: sqrt(tau) of them", () => {
    const small = memoryOf([256], { kind: "checkpointed" });
    const large = memoryOf([4096], { kind: "checkpointed" });
    // One state per block, and next to nothing beside.
    expect(large.saved).toBeGreaterThanOrEqual(32 * perState);
    expect(large.saved).toBeLessThan(32 * perState + 512);
    expect(large.saved / small.saved).toBeLessThan(4.1);
    expect(memoryOf([4096], { kind: "full" }).saved).toBeGreaterThan(50 * large.saved);
  });

  test("the peak grows like sqrt(tau): a block's residuals are gone before those of the next are made", () => {
    const [small, large] = [256, 4096].map((n) => memoryOf([n], { kind: "checkpointed" }).peak);
    const [smallFull, largeFull] = [256, 4096].map((n) => memoryOf([n], { kind: "full" }).peak);
    expect(largeFull! / smallFull!).toBeGreaterThan(12);
    expect(large! / small!).toBeLessThan(4.1);
    expect(largeFull! / large!).toBeGreaterThan(20);
    // The states between blocks, two vectors per step of one block, and the gradients: so far, of a block, and their sum.
    expect(large!).toBeLessThan((32 + 2 * 128) * perState + 4 * (2 * 16 + 16 * 16) * 8 + 4096);
  });

  test("inside a transform too, which itself releases nothing before its end", () => {
    const executor = defaultExecutor();
    const peakOf = (n: number) => {
      const x = normal(Key.of(2), [n, 2], "float64");
      const before = executor.statistics.bytesInUse;
      let peak = 0;
      const run = executor.run.bind(executor);
      executor.run = (...call) => {
        run(...call);
        peak = Math.max(peak, executor.statistics.bytesInUse - before);
      };
      try {
        const backward: Backward = { kind: "checkpointed" };
        const g = grad((p: typeof params) =>
          sum(unfold(summing, p, { x }, chain([n]), { backward }).sums.loss),
        )(params);
        for (const t of [x, ...leaves(g)] as Tensor[]) t.dispose();
      } finally {
        executor.run = run;
      }
      return peak;
    };
    expect(peakOf(4096) / peakOf(256)).toBeLessThan(4.1);
  });

  test("a sequence that has ended is not kept in later blocks", () => {
    const short = new Array<number>(63).fill(4);
    const alone = memoryOf([1024], { kind: "checkpointed" }).saved;
    // The 64 final states, and all 64 where the first block begins; from then on those of the long sequence.
    const mixed = memoryOf([1024, ...short], { kind: "checkpointed" }).saved;
    expect(mixed).toBeLessThan(alone + 2 * 64 * perState + 1024);
  });

  test("costs one forward run more, counted in floating-point operations", () => {
    const cell = lstm({ input: 16, hidden: 32 });
    const at = cell.init(Key.of(1));
    const structure = chain([64, 64, 64, 64]);
    const x = normal(Key.of(2), [256, 16]);
    const executor = defaultExecutor();
    const flopsOf = (backward: Backward) => {
      let flops = 0;
      const run = executor.run.bind(executor);
      executor.run = (executable, schedule, bindings) => {
        flops += countProgram(executable.program, schedule).flops;
        run(executable, schedule, bindings);
      };
      try {
        grad((p: typeof at) => sum(tanh(unfold(cell, p, { x }, structure, { backward }).output)))(at);
      } finally {
        executor.run = run;
      }
      return flops;
    };
    const ratio = flopsOf({ kind: "checkpointed" }) / flopsOf({ kind: "full" });
    expect(ratio).toBeGreaterThan(1.2);
    expect(ratio).toBeLessThan(1.45);
  });

  test("programs are compiled once per cell, not per length, batch or number of blocks", () => {
    const cell = lstm({ input: 2, hidden: 3 });
    const at = cell.init(Key.of(1));
    const step = (lengths: number[], blocks?: number) => {
      const structure = chain(lengths);
      const backward: Backward = { kind: "checkpointed", ...(blocks ? { blocks } : {}) };
      const x = ones([structure.nodes, 2]);
      grad((p: typeof at) => sum(unfold(cell, p, { x }, structure, { backward }).output))(at);
    };
    step([7, 3]);
    const before = defaultExecutor().statistics.compiled;
    step([20, 1, 0, 5]);
    step([30, 30, 2], 7);
    step([2]);
    expect(defaultExecutor().statistics.compiled).toBe(before);
  });
});

describe("structures that are no chains are cut between their levels", () => {
  const cell = binaryTreeLstm({ input: 3, hidden: 4 });
  const params = cell.init(Key.of(1), "float64");
  const tree = (seed: number, n: number) => {
    const children: number[][] = Array.from({ length: n }, () => []);
    for (let i = 1; i < n; i++) {
      let parent = (seed * i * 7919) % i;
      while (children[parent]!.length === 2) parent = (parent + 1) % i;
      children[parent]!.push(i);
    }
    return { children };
  };
  const portsOf = { ports: ["left", "right"] };
  const diamonds = graph(
    [
      {
        nodes: 5,
        edges: [
          { from: 0, to: 1, port: "left" },
          { from: 0, to: 2, port: "right" },
          { from: 1, to: 3, port: "left" },
          { from: 2, to: 3, port: "right" },
          { from: 0, to: 4, port: "left" },
          { from: 3, to: 4, port: "right" },
        ],
        finals: [4, 0],
      },
    ],
    portsOf,
  );
  const delayed = chain([7, 0, 3], { delays: { left: 1, right: 4 } });
  const turned = chain([7, 0, 3], { delays: { left: 2, right: 3 }, reverse: true });

  test.each([
    ["trees", trees([tree(1, 9), tree(3, 1), { children: [] }, tree(2, 14)], portsOf)],
    ["a graph with shared nodes, and a final one that is read", diamonds],
    ["a chain with delays", delayed],
    ["a reversed chain with delays", turned],
    ["empty trees", trees([{ children: [] }], portsOf)],
  ] as const)("%s", (_, structure) => {
    const x = normal(Key.of(2), [structure.nodes, 3], "float64");
    const { sources } = structure.parts;
    const at = { params, x, ...(sources > 0 ? { h: normal(Key.of(3), [sources, 4], "float64") } : {}) };
    const gradient = (backward: Backward) =>
      leaves(
        grad((p: typeof at) => {
          const { output, final } = unfold(cell, p.params, { x: p.x }, structure, {
            backward,
            ...(p.h ? { initial: { h: p.h } } : {}),
          });
          return add(sum(mul(output, output)), sum(mul(final.s, final.h)));
        })(at),
      ).flatMap((g) => Array.from(onCpu(g).toArray()));
    const full = gradient({ kind: "full" });
    for (const blocks of [1, 2, 3, 100]) {
      const cut = gradient({ kind: "checkpointed", blocks });
      const scale = Math.max(1, ...full.map(Math.abs));
      cut.forEach((v, i) => {
        expect(Math.abs(v - full[i]!)).toBeLessThan(1e-12 * scale);
      });
    }
  });
});

describe("errors", () => {
  const cell = lstm({ input: 3, hidden: 4 });
  const params = cell.init(Key.of(1));
  const run =
    (structure: Structure, backward: Backward = { kind: "checkpointed" }) =>
    () =>
      unfold(cell, params, { x: zeros([structure.nodes, 3]) }, structure, { backward });
  test("a structure made by hand whose levels do not stand one after the other", () => {
    const { parts } = chain([3]);
    const order = Int32Array.of(1, 0, 2);
    const swapped = {
      ...parts,
      edges: { ...parts.edges, from: Int32Array.of(1, -1, 0, 2) },
      levelBegin: order,
      levelEnd: order.map((row) => row + 1),
    };
    expect(run(new Structure(swapped))).toThrow(
      "checkpointed back-propagation cuts a structure between its levels, and the rows of this one do not follow level after level; make it with chain(), grid(), trees() or graph(), or use backward",
    );
    expect(run(new Structure({ ...parts }))).not.toThrow();
  });
  test("a number of blocks that is none", () => {
    for (const blocks of [0, -1, 2.5, Number.NaN])
      expect(run(chain([3]), { kind: "checkpointed", blocks })).toThrow(
        `backward.blocks is a positive integer, got ${blocks}`,
      );
  });
  test("an operand of the wrong shape, while it is differentiated", () => {
    const backward: Backward = { kind: "checkpointed" };
    expect(() =>
      grad((p: typeof params) => sum(unfold(cell, p, { x: zeros([2, 3]) }, chain([3]), { backward }).output))(
        params,
      ),
    ).toThrow("unfold lstm: x should be float32 [3, 3], got float32 [2, 3]");
  });
});
