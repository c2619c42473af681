import { glorot, recurrent } from "longspan";
import {
  add,
  chain,
  concat,
  defineCell,
  gather,
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
  type Structure,
  StructureError,
  scope,
  setSoftmax,
  sub,
  sum,
  tanh,
  tensor,
  trees,
  unfold,
  type Value,
} from "longspan/engine";
import { describe, expect, test } from "vitest";
import { distance } from "./random-cells/compare.js";

/** An edge step that reads all there is: inputs at the target, of the sequence, shared ones, and of the edge itself. */
const labelled = defineCell({
  name: "labelled",
  inputs: () => ({ x: [3] }),
  sequenceInputs: () => ({ speaker: [2] }),
  sharedInputs: () => ({ rate: [] }),
  edgeInputs: () => ({ label: [2], kind: { shape: [], dtype: "int32" as const } }),
  state: () => ({ h: [3] }),
  params: () => ({ W: glorot(3, 3), L: glorot(4, 3), K: glorot(3, 3) }),
  edge: ({ x, speaker, rate, label, kind, h }, { L, K }) => ({
    h: tanh(add(mul(h, add(gather(K, kind), x)), mul(rate, matmul(concat([label, speaker]), L)))),
  }),
  step({ x, h }, { W }) {
    const next = tanh(add(x, matmul(h, W)));
    return { state: { h: next }, output: next };
  },
})(undefined);

/** Attention of a node over what it reads, by what the node itself was before. */
const rounds = defineCell({
  name: "rounds",
  inputs: () => ({ x: [3] }),
  state: () => ({ h: [3] }),
  params: () => ({ Q: glorot(3, 3), W: glorot(3, 3) }),
  edge({ h }, { Q }, { target }) {
    return { h: mul(setSoftmax(sum(mul(matmul(target().h, Q), h))), sub(h, mul(target().h, 0.5))) };
  },
  step({ x, h }, { W }) {
    const next = tanh(add(x, matmul(h, W)));
    return { state: { h: next }, output: next };
  },
})(undefined);

const pair = (from: number, to: number, own = false) => ({ from, to, ...(own ? { own } : {}) });
/** Three things over three rounds; the third thing is new in round 1. */
const inRounds = {
  nodes: 8,
  edges: [
    pair(0, 2, true),
    pair(1, 2),
    pair(1, 3, true),
    pair(0, 3),
    pair(1, 4),
    pair(2, 5, true),
    pair(3, 5),
    pair(4, 5),
    pair(3, 6, true),
    pair(4, 7, true),
    pair(2, 7),
  ],
};
const triangle = { nodes: 3, edges: [pair(1, 2), pair(0, 1), pair(0, 2)] };
const structures: Readonly<Record<string, Structure>> = {
  graphs: graph([triangle, { nodes: 1, edges: [] }, inRounds]),
  trees: trees([{ children: [[1, 2], [], [3], []] }, { children: [[1], []] }]),
  chains: chain([3, 0, 2]),
  "reversed chains": chain([3, 0, 2], { reverse: true }),
};

const numbers = (v: Value) => Array.from(onCpu(v).toArray());

// biome-ignore lint/suspicious/noExplicitAny: cells of all kinds.
function compare(cell: any, structure: Structure, inputs: Record<string, Value>): void {
  scope(() => {
    const point = { params: cell.init(Key.of(1), "float64"), inputs };
    let i = 0;
    const direction = mapTree(point, (v: Value) =>
      v.dtype === "int32" ? v : normal(Key.of(3).fold(i++), v.shape, v.dtype),
    );
    const [plain, compiled] = (["plain", "compiled"] as const).map((loop) => {
      const loss = (p: typeof point) => {
        const { output, final } = unfold(cell, p.params, p.inputs as never, structure, { loop });
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
    });
    const { error, at } = distance(plain, compiled);
    expect(error, at).toBeLessThan(1e-12);
  });
}

const inputsOf = (structure: Structure) => ({
  x: normal(Key.of(2), [structure.nodes, 3], "float64"),
  speaker: normal(Key.of(4), [structure.sequences, 2], "float64"),
  rate: tensor(0.7, "float64"),
  label: normal(Key.of(5), [structure.edges, 2], "float64"),
  kind: tensor(
    Array.from({ length: structure.edges }, (_, e) => e % 3),
    "int32",
  ),
});

describe("edge steps", () => {
  for (const [what, structure] of Object.entries(structures))
    test(`read inputs of sequences, shared ones and their own, over ${what}`, () => {
      compare(labelled, structure, inputsOf(structure));
    });

  for (const what of ["graphs", "chains", "reversed chains"])
    test(`read the state that the target had at the level before, over ${what}`, () => {
      const structure = structures[what]!;
      compare(rounds, structure, { x: normal(Key.of(2), [structure.nodes, 3], "float64") });
    });

  test("that state is the one that comes along the edge that is marked, zeros without one, and in a chain the edge's own", () => {
    const asking = defineCell({
      name: "asking",
      inputs: () => ({ x: [] }),
      state: () => ({ h: [] }),
      message: () => ({ source: [], target: [] }),
      messages: { source: "each", target: "each" },
      params: () => ({}),
      edge: ({ h }, _, { target }) => ({ source: h, target: add(target().h, mul(h, 0)) }),
      step: ({ x, source, target }) => ({ state: { h: x }, output: { source, target } }),
    })(undefined);
    const structure = structures.graphs!;
    const order = structure.pack(tensor(Array.from({ length: structure.nodes }, (_, n) => n)));
    const { source, target } = unfold(asking, {}, { x: order }, structure).output;
    // Nodes of the third graph are numbered from 4 on.
    const sources = [1, 0, 0, ...inRounds.edges.map((e) => 4 + e.from)];
    expect(numbers(structure.unpackEdges(source))).toEqual(sources);
    const before = [0, 0, 0, 4, 4, 5, 5, 0, 6, 6, 6, 7, 8, 8];
    expect(numbers(structure.unpackEdges(target))).toEqual(before);
    const steps = chain([2, 1]);
    const initial = { h: tensor([10, 20]) };
    const inChain = unfold(asking, {}, { x: tensor([1, 2, 3]) }, steps, { initial }).output;
    expect(numbers(inChain.target)).toEqual(numbers(inChain.source));
    expect(numbers(inChain.source)).toEqual([10, 20, 1]);
  });

  test("where there is no such state, it is refused", () => {
    for (const what of ["trees"]) {
      const structure = structures[what]!;
      const go = () =>
        unfold(rounds, rounds.init(Key.of(1)), { x: normal(Key.of(1), [structure.nodes, 3]) }, structure);
      expect(go).toThrow(StructureError);
      expect(go).toThrow(
        "unfold rounds: the edge step asks for the state that the target had at the level before, which nodes of this structure do not have; in graph(), mark the edge along which it comes with own: true",
      );
    }
    expect(() => graph([{ nodes: 3, edges: [pair(0, 2, true), pair(1, 2, true)] }])).toThrow(
      "graph: graph 0: two edges into node 2 are marked own; a node has one state at the level before",
    );
  });

  test("edges are packed into the order of the structure, and back", () => {
    for (const structure of Object.values(structures)) {
      const given = tensor(Array.from({ length: structure.edges }, (_, e) => e));
      expect(numbers(structure.unpackEdges(structure.packEdges(given)))).toEqual(numbers(given));
    }
    expect(numbers(graph([triangle]).packEdges(tensor([10, 20, 30])))).toEqual([20, 10, 30]);
    // Children of node 0 first, then those of node 2, which is on a lower level; then the second tree.
    const order = numbers(structures.trees!.packEdges(tensor([1, 2, 3, 4])));
    expect([...order].sort()).toEqual([1, 2, 3, 4]);
    expect(numbers(chain([3, 2]).packEdges(tensor([1, 2, 3, 4, 5])))).toEqual([1, 4, 2, 5, 3]);
    expect(() => structures.trees!.packEdges(tensor([1]))).toThrow(
      "Structure.packEdges: the leading axis has 1 rows, the structure has 4 edges",
    );
  });

  test("what edges bring is theirs: a label that is packed meets its edge", () => {
    const summing = defineCell({
      name: "summing",
      inputs: () => ({ x: [] }),
      edgeInputs: () => ({ weight: [] }),
      state: () => ({ h: [] }),
      params: () => ({}),
      edge: ({ weight, h }) => ({ h: mul(weight, h) }),
      step: ({ x, h }) => ({ state: { h: add(x, h) }, output: add(x, h) }),
    })(undefined);
    const structure = graph([triangle]);
    const weight = structure.packEdges(tensor([2, 3, 5]));
    const { output } = unfold(summing, {}, { x: structure.pack(tensor([1, 10, 100])), weight }, structure);
    // h0 = 1, h1 = 10 + 3 h0, h2 = 100 + 2 h1 + 5 h0.
    expect(numbers(structure.unpack(output))).toEqual([1, 13, 131]);
    expect(() => unfold(summing, {}, { x: tensor([1, 2, 3]), weight: tensor([1, 2]) }, structure)).toThrow(
      "unfold summing: weight should be float32 [3], got float32 [2]",
    );
    expect(() => unfold(summing, {}, { x: tensor([1, 2, 3]) } as never, structure)).toThrow(
      'unfold summing: input "weight" is missing',
    );
  });

  test("inputs of edges without an edge step are refused", () => {
    const wrong = {
      name: "wrong",
      inputs: () => ({ x: [2] }),
      edgeInputs: () => ({ label: [2] }),
      state: () => ({ h: [2] }),
      params: () => ({}),
      step: ({ x, h }: { x: Value; h: Value }) => ({ state: { h: add(x, h) }, output: h }),
    };
    expect(() => defineCell(wrong)(undefined)).toThrow(
      "cell wrong: edgeInputs are read by the edge step, which the cell does not have",
    );
  });

  test("a stream of a cell with edges: each step is given the inputs of its edge", () => {
    const layer = recurrent(labelled);
    const params = layer.init(Key.of(1), "float64");
    const structure = chain([4]);
    const { x, label, kind, ...kept } = inputsOf(structure);
    const { output } = layer.apply(params, x, structure, { inputs: { label, kind, ...kept } });
    const stream = layer.stream(params, { inputs: kept });
    for (let t = 0; t < 4; t++) {
      const step = stream.step(numbers(x).slice(3 * t, 3 * t + 3), {
        label: numbers(label).slice(2 * t, 2 * t + 2),
        kind: t % 3,
      });
      expect(Array.from(step)).toEqual(numbers(output).slice(3 * t, 3 * t + 3));
    }
    stream.dispose();
  });
});
