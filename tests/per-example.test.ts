import {
  add,
  bidirectional,
  broadcastTo,
  chain,
  childSumTreeLstm,
  cholesky,
  clipGradient,
  constantInit,
  crossEntropyPerRow,
  cumulativeProduct,
  defaultExecutor,
  defineCell,
  type Executor,
  embedding,
  executor,
  gather,
  glorot,
  grad,
  graph,
  gru,
  indexSum,
  iota,
  Key,
  layerNorm,
  leaves,
  linear,
  lstm,
  matmul,
  mean,
  mul,
  normal,
  onCpu,
  oneHot,
  permute,
  recurrent,
  reshape,
  rnn,
  roll,
  type Shape,
  setSoftmax,
  setSum,
  slice,
  sort,
  square,
  stacked,
  sum,
  type Tensor,
  type Traceable,
  tanh,
  tensor,
  topK,
  trees,
  triangularSolve,
  unfold,
  useExecutor,
  type Value,
  valueAndGrad,
  valueAndGradPerExample,
} from "longspan";
import { ExampleLevel, indexTensor } from "longspan/engine";
import { afterAll, describe, expect, test } from "vitest";

/** A model and its losses, one per example. */
interface Model {
  readonly params: unknown;
  readonly losses: (params: never) => Value;
}

/** Runs of the reference executor that go level by level: those of a recurrence. */
let levelRuns = 0;
const reference = executor("reference");
const counting: Executor = Object.create(reference, {
  run: {
    value: (...call: Parameters<Executor["run"]>) => {
      if (call[1].levels > 0) levelRuns += 1;
      reference.run(...call);
    },
  },
});
const before = defaultExecutor();
useExecutor(counting);
afterAll(() => useExecutor(before));

const lengths = [3, 5, 1, 0, 5];
const structure = chain(lengths);
const [I, H, V] = [3, 4, 6];
const draw = (seed: number, shape: Shape) => normal(Key.of(seed), shape, "float64");
const x = draw(1, [structure.nodes, I]);
const tokens = tensor([0, 3, 3, 1, 5, 2, 0, 0, 4, 1, 3, 2, 2, 5], "int32");
const targets = tensor([1, 3, 2, 1, 0, 2, 5, 0, 4, 5, 3, 2, 4, 5], "int32");

function model<P>(params: P, losses: (params: Traceable<P>) => Value): Model {
  return { params, losses };
}
const perRow = (y: Value) => mean(square(y), 1);

const word = embedding({ vocabulary: V, features: I });
const layers = stacked([recurrent(lstm({ input: I, hidden: H })), recurrent(gru({ input: H, hidden: H }))]);
const both = bidirectional(lstm({ input: I, hidden: H }), rnn({ input: I, hidden: H }));
const norm = layerNorm({ features: H });
const readout = linear({ input: H, output: V });
const cell = lstm({ input: I, hidden: H });
const treeCell = childSumTreeLstm({ input: I, hidden: H });
const forest = trees([
  { children: [[1, 2, 3], [], [4], [], []] },
  { children: [[1], []] },
  { children: [[]] },
]);
const branching = graph([
  {
    nodes: 3,
    edges: [
      { from: 0, to: 1 },
      { from: 0, to: 2 },
    ],
  },
  { nodes: 2, edges: [{ from: 0, to: 1 }] },
]);
/** With a table that is read inside the cell, a sum of its own and weights that are used twice, once transposed. */
const ownCell = defineCell({
  name: "own",
  inputs: ({ size }: { size: number }) => ({ x: [size], token: { shape: [], dtype: "int32" as const } }),
  state: ({ size }) => ({ h: [size] }),
  params: ({ size }) => ({ W: glorot(size, size), E: glorot(V, size), gain: constantInit(0.7) }),
  step({ x, token, h }, { W, E, gain }) {
    const inner = tanh(add(matmul(add(h, gather(E, token)), W), mul(x, gain)));
    const next = tanh(matmul(inner, permute(W)));
    return { state: { h: next }, output: inner, sums: { energy: sum(square(next)) } };
  },
})({ size: I });

/** Attention over a set: weights per pair, keys that are formed once per member, a sum over the nodes per member. */
const attending = defineCell({
  name: "attending",
  inputs: () => ({ x: [I] }),
  sequenceInputs: () => ({ speaker: [H] }),
  sets: () => ({ source: { key: [I] } }),
  state: () => ({ h: [H] }),
  params: () => ({ U: glorot(I, H), W: glorot(H, H), K: glorot(I, H) }),
  step({ x, speaker, source, h }, { U, W, K }) {
    const keys = matmul(source.key, K);
    const weights = setSoftmax(sum(tanh(add(matmul(h, W), keys))));
    const next = tanh(add(add(matmul(x, U), speaker), setSum(mul(weights, keys))));
    return { state: { h: next }, output: next, sums: { coverage: weights } };
  },
})(undefined);
const sizes = [2, 0, 3, 1, 4];
const keys = draw(8, [10, I]);
const attendingInputs = { x, speaker: draw(9, [lengths.length, H]) };
const overSets = structure.withSets({ source: sizes });
const ofMembers = indexTensor(Int32Array.from(sizes.flatMap((n, s) => new Array<number>(n).fill(s))));

/** Edges that are read one by one, with labels of their own, and by what their target was before. */
const neighbours = defineCell({
  name: "neighbours",
  inputs: () => ({ x: [I] }),
  edgeInputs: () => ({ label: [H] }),
  state: () => ({ h: [H] }),
  params: () => ({ U: glorot(I, H), W: glorot(H, H) }),
  edge({ label, h }, { W }, { target }) {
    return { h: mul(setSoftmax(sum(mul(matmul(target().h, W), add(h, label)))), add(h, label)) };
  },
  step({ x, h }, { U }) {
    const next = tanh(add(matmul(x, U), h));
    return { state: { h: next }, output: next };
  },
})(undefined);
const rounds = graph([
  {
    nodes: 4,
    edges: [
      { from: 0, to: 2, own: true },
      { from: 1, to: 2 },
      { from: 1, to: 3, own: true },
      { from: 0, to: 3 },
    ],
  },
  { nodes: 1, edges: [] },
  { nodes: 2, edges: [{ from: 0, to: 1, own: true }] },
]);

const unit3 = oneHot(iota([3]), 3, "float64");

const models: Record<string, Model> = {
  "a language model: table, LSTM and GRU, normalisation, readout": model(
    {
      word: word.init(Key.of(2), "float64"),
      layers: layers.init(Key.of(3), "float64"),
      norm: norm.init(Key.of(4), "float64"),
      readout: readout.init(Key.of(5), "float64"),
    },
    (p) => {
      const { output } = layers.apply(p.layers, word.apply(p.word, tokens), structure);
      const logits = readout.apply(p.readout, norm.apply(p.norm, output));
      return structure.sumPerSequence(crossEntropyPerRow(logits, targets));
    },
  ),
  "an LSTM that is read at its end, from initial states that are parameters": model(
    { cell: cell.init(Key.of(2), "float64"), h: draw(3, [H]), V: draw(4, [H, 1]) },
    (p) => {
      const initial = { h: broadcastTo(p.h, [lengths.length, H]) };
      const { final } = unfold(cell, p.cell, { x }, structure, { initial });
      return reshape(square(matmul(add(final.h, final.s), p.V)), [lengths.length]);
    },
  ),
  "both directions": model(both.init(Key.of(2), "float64"), (p) =>
    structure.sumPerSequence(perRow(both.apply(p, x, structure).output)),
  ),
  "a cell of one's own, with its loss inside": model(ownCell.init(Key.of(2), "float64"), (p) => {
    const { output, sums } = unfold(ownCell, p, { x, token: tokens }, structure);
    return add(sums.energy, structure.sumPerSequence(perRow(output)));
  }),
  "attention over sets, with weights per pair": model(attending.init(Key.of(2), "float64"), (p) => {
    const { output, sums } = unfold(attending, p, { ...attendingInputs, source: { key: keys } }, overSets);
    const covered = indexSum(square(sums.coverage), ofMembers, lengths.length);
    return add(covered, structure.sumPerSequence(perRow(output)));
  }),
  "attention over sets whose members depend on parameters, checkpointed": model(
    { cell: attending.init(Key.of(2), "float64"), E: draw(3, [I, I]) },
    (p) => {
      const source = { key: tanh(matmul(keys, p.E)) };
      const { output } = unfold(attending, p.cell, { ...attendingInputs, source }, overSets, {
        backward: { kind: "checkpointed", blocks: 2 },
      });
      return structure.sumPerSequence(perRow(output));
    },
  ),
  "attention over the edges of nodes, with labels that depend on parameters": model(
    { cell: neighbours.init(Key.of(2), "float64"), E: draw(3, [H, H]) },
    (p) => {
      const label = matmul(draw(4, [rounds.edges, H]), p.E);
      const { output } = unfold(neighbours, p.cell, { x: slice(x, 0, 0, 7), label }, rounds);
      return rounds.sumPerSequence(perRow(output));
    },
  ),
  "the plain loop": model(cell.init(Key.of(2), "float64"), (p) =>
    structure.sumPerSequence(perRow(unfold(cell, p, { x }, structure, { loop: "plain" }).output)),
  ),
  checkpointed: model(cell.init(Key.of(2), "float64"), (p) =>
    structure.sumPerSequence(
      perRow(unfold(cell, p, { x }, structure, { backward: { kind: "checkpointed", blocks: 2 } }).output),
    ),
  ),
  truncated: model(cell.init(Key.of(2), "float64"), (p) =>
    structure.sumPerSequence(
      perRow(unfold(cell, p, { x }, structure, { backward: { kind: "truncated", every: 2 } }).output),
    ),
  ),
  "clipped inside the recurrence": model(cell.init(Key.of(2), "float64"), (p) =>
    structure.sumPerSequence(perRow(unfold(cell, p, { x }, structure, { clipState: 0.02 }).output)),
  ),
  "trees, read at their roots and at every node": model(treeCell.init(Key.of(2), "float64"), (p) => {
    const { output, final } = unfold(treeCell, p, { x: slice(x, 0, 0, 8) }, forest);
    return add(forest.sumPerSequence(perRow(output)), perRow(final.h));
  }),
  "trees whose inputs, read by edges too, depend on parameters": model(
    { cell: treeCell.init(Key.of(2), "float64"), E: draw(3, [I, I]) },
    (p) => {
      const inputs = matmul(slice(x, 0, 0, 8), p.E);
      return forest.sumPerSequence(perRow(unfold(treeCell, p.cell, { x: inputs }, forest).output));
    },
  ),
  "graphs, one of them with two final states": model(cell.init(Key.of(2), "float64"), (p) => {
    const { final } = unfold(cell, p, { x: slice(x, 0, 0, 5) }, branching);
    return indexSum(perRow(final.h), tensor([0, 0, 1], "int32"), 2);
  }),
  "rows in the order of the data, two sequences to an example": model(
    cell.init(Key.of(2), "float64"),
    (p) => {
      const { output } = unfold(cell, p, { x: structure.pack(x) }, structure);
      const rows = perRow(structure.unpack(output));
      return indexSum(rows, tensor([0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], "int32"), 2);
    },
  ),
  "examples that share sequences": model(cell.init(Key.of(2), "float64"), (p) => {
    const rows = perRow(unfold(cell, p, { x }, structure).output);
    return matmul(reshape(rows, [1, structure.nodes]), draw(7, [structure.nodes, 3])) as Value;
  }),
  "no recurrence, weights that are treated before use, a scalar": model(
    { W: draw(2, [I, H]), g: draw(3, [H]), a: draw(4, []), b: draw(5, [2, H]) },
    (p) => {
      const W = mul(p.W, broadcastTo(p.g, [I, H]));
      const y = add(mul(tanh(matmul(x, W)), p.a), slice(p.b, 0, 1, 2));
      return structure.sumPerSequence(perRow(clipGradient(y, 0.1)));
    },
  ),
  "no recurrence, matrices of each example: products with vectors, solutions, factors, orders": model(
    { v: draw(2, [3]), M: draw(3, [3, 3]), s: draw(4, []) },
    (p) => {
      const stack = mul(draw(5, [4, 3, 3]), p.s);
      const symmetric = add(matmul(stack, permute(stack, [0, 2, 1])), mul(unit3, 2));
      const solved = triangularSolve(cholesky(symmetric), matmul(stack, p.M));
      const products = cumulativeProduct(add(matmul(solved, p.v), 1));
      const { values } = topK(matmul(p.v, sort(stack, 1).values), 2);
      return add(perRow(products), perRow(roll(values, 1)));
    },
  ),
  "steps before examples": model(cell.init(Key.of(2), "float64"), (p) => {
    const equal = chain([2, 2, 2]);
    const rows = perRow(unfold(cell, p, { x: slice(x, 0, 0, 6) }, equal).output);
    return sum(reshape(rows, [2, 3]), 0);
  }),
};
// The loss of shared sequences is a row: as a vector.
const shared = models["examples that share sequences"]!;
models["examples that share sequences"] = {
  ...shared,
  losses: (p: never) => reshape(shared.losses(p), [3]),
};

const numbers = (tree: unknown) => leaves(tree).flatMap((t) => [...onCpu(t).toArray()]);
const difference = (a: number[], b: number[]) =>
  Math.max(...a.map((v, i) => Math.abs(v - b[i]!))) / Math.max(...b.map(Math.abs), 1e-300);

describe("the gradient of each example equals a backward pass of its own, in float64 to 1e-12", () => {
  test.each(Object.entries(models))("%s", (_, { params, losses }) => {
    const f = losses as (p: unknown) => Value;
    const { values, grads } = valueAndGradPerExample(f)(params as Tensor);
    expect(numbers(values)).toEqual(numbers(f(params)));
    expect(grads.length).toBe(values.size);
    for (const [e, given] of grads.entries()) {
      const one = (p: unknown) => sum(slice(f(p), 0, e, e + 1));
      const alone = numbers(grad(one)(params as Tensor));
      const found = numbers(given);
      expect(found.length).toBe(alone.length);
      if (alone.every((v) => v === 0)) expect(found.every((v) => v === 0)).toBe(true);
      else expect(difference(found, alone)).toBeLessThan(1e-12);
    }
  });
});

/** How often something runs level by level. */
function loops(run: () => unknown): number {
  const start = levelRuns;
  run();
  return levelRuns - start;
}

describe("the pass back through time runs once, not once per example", () => {
  const onePass = Object.keys(models).filter(
    (name) =>
      !["the plain loop", "examples that share sequences", "steps before examples"].includes(name) &&
      !name.startsWith("no recurrence"),
  );
  test.each(onePass)("%s", (name) => {
    const { params, losses } = models[name]!;
    const f = losses as (p: unknown) => Value;
    const one = loops(() => valueAndGrad((p: unknown) => sum(f(p)))(params as Tensor));
    expect(one).toBeGreaterThan(1);
    // What is left to do of a checkpointed unfold, whose blocks run one by one, is done at once.
    if (name.endsWith("checkpointed"))
      expect(loops(() => valueAndGradPerExample(f)(params as Tensor))).toBeLessThan(one);
    else expect(loops(() => valueAndGradPerExample(f)(params as Tensor))).toBe(one);
  });

  test("where examples share sequences, each goes back by itself", () => {
    const { params, losses } = models["examples that share sequences"]!;
    const f = losses as (p: unknown) => Value;
    expect(loops(() => valueAndGradPerExample(f)(params as Tensor))).toBe(1 + 3);
  });
});

test("rows that stand on the right of a product are not rows of the product", () => {
  const level = new ExampleLevel(1, 2);
  const [a, b] = [
    tensor([
      [1, 2],
      [3, 4],
    ]),
    tensor([
      [10, 20],
      [30, 40],
    ]),
  ];
  const product = matmul(a as Value, level.rows(b, Int32Array.of(0, 1)));
  expect([0, 1].map((e) => numbers(level.part(product, e)))).toEqual([
    [10, 20, 30, 60],
    [60, 80, 120, 160],
  ]);
});

describe("what is given back", () => {
  test("releases all that was made on the way", () => {
    const { params, losses } = models["a cell of one's own, with its loss inside"]!;
    const f = valueAndGradPerExample(losses as (p: unknown) => Value);
    const once = () => {
      const { values, grads } = f(params as Tensor);
      for (const t of leaves([values, grads])) (t as Tensor).dispose();
    };
    once();
    const inUse = defaultExecutor().statistics.bytesInUse;
    once();
    expect(defaultExecutor().statistics.bytesInUse).toBe(inUse);
  });

  test("parameters without influence and integers give zeros", () => {
    const params = { w: tensor([2, 3]), unused: tensor([1]), size: tensor([7], "int32") };
    const { values, grads } = valueAndGradPerExample((p: Traceable<typeof params>) => mul(p.w, p.w))(params);
    expect(numbers(values)).toEqual([4, 9]);
    expect(grads.map(numbers)).toEqual([
      [4, 0, 0, 0],
      [0, 6, 0, 0],
    ]);
  });

  test("a loss that is no vector is refused", () => {
    expect(() => valueAndGradPerExample((w: Value) => sum(w))(tensor([1, 2]))).toThrow(
      "valueAndGradPerExample: the function must return one loss per example, [examples], got []",
    );
  });
});
