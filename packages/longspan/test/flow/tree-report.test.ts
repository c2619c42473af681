import {
  add,
  chain,
  curvatureByLag,
  defineCell,
  flowReport,
  fromArray,
  glorot,
  grad,
  graph,
  Key,
  lyapunovExponents,
  matmul,
  mul,
  normal,
  onCpu,
  rnn,
  type Structure,
  setSoftmax,
  setSum,
  singularValues,
  square,
  sum,
  type Traceable,
  tanh,
  trees,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { type Slots, type TreeCell, treeCells } from "./cells.js";
import {
  flat,
  flowByHand,
  manyWays,
  nothingAdded,
  pulledByHand,
  statesOf,
  structureOf,
  twoWays,
  zeroOf,
} from "./unrolled.js";

const list = (v: unknown) => Array.from(onCpu(v as Value).toArray());
const near = (a: number, b: number) =>
  expect(Math.abs(a - b)).toBeLessThan(1e-10 * Math.max(1e-3, Math.abs(b)));
const target = fromArray([0.3, -0.2, 0.5], [3], "float64");

function subjectOf({ cell }: TreeCell) {
  const structure = structureOf(cell.ports.length > 0 ? twoWays : manyWays, cell);
  const x = normal(Key.of(2), [structure.nodes, 2], "float64");
  const params = cell.init(Key.of(1), "float64") as Slots;
  const loss = (p: Slots) =>
    sum(square(add(unfold(cell, p as never, { x }, structure).final.h as Value, target)));
  const { from, to } = structure.parts.edges;
  const finals = [...from].filter((_, e) => to[e]! < 0);
  const lossByHand = (states: readonly Slots[]) =>
    finals.map((row) => sum(square(add(states[row]!.h!, target)))).reduce((a, b) => add(a, b));
  return { structure, x, params, loss, finals, lossByHand };
}

/** Edges on the shortest path from each row to a final state, by trying all. */
function distancesByHand(structure: Structure, finals: readonly number[]): number[] {
  const { node, from } = structure.reads;
  const readers = (row: number) => [...node].filter((_, e) => from[e] === row);
  const distance = (row: number): number =>
    finals.includes(row) ? 0 : 1 + Math.min(...readers(row).map((reader) => distance(reader)));
  return Array.from({ length: structure.nodes }, (_, row) => distance(row));
}

/** dh(to)/dh(from) along one edge: [state, state], row by row. */
function jacobianByHand(subject: TreeCell, edge: number): number[] {
  const { structure, x, params } = subjectOf(subject);
  const states = statesOf(subject, structure, params, x, nothingAdded(subject.cell, structure));
  const zero = zeroOf(subject.cell);
  return Object.entries(zero).flatMap(([slot, v]) =>
    Array.from({ length: v.size }, (_, i) => {
      const one = fromArray(
        Array.from({ length: v.size }, (_, k) => (k === i ? 1 : 0)),
        v.shape,
        "float64",
      );
      const of = states.map((_, row) =>
        row === structure.reads.node[edge] ? { ...zero, [slot]: one } : zero,
      );
      return flat(pulledByHand(subject, structure, params, x, states, of)[edge]!);
    }).flat(),
  );
}

function product(a: readonly number[], b: readonly number[], n: number): number[] {
  return a.map((_, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    let total = 0;
    for (let m = 0; m < n; m++) total += a[i * n + m]! * b[m * n + j]!;
    return total;
  });
}

describe("flowReport over trees and graphs", () => {
  for (const subject of treeCells) {
    const { cell } = subject;
    const { structure, x, params, loss, finals, lossByHand } = subjectOf(subject);
    const hand = flowByHand(subject, structure, params, x, lossByHand);
    const distances = distancesByHand(structure, finals);
    const { reads } = structure;
    const report = async () => (await flowReport(loss as never, params as never)).layers[0]!;

    test(`${cell.name}: |dL/dh| by distance and by node, and the ratio along each edge`, async () => {
      const layer = await report();
      expect([layer.cell, layer.over]).toEqual([cell.name, "graphs"]);
      expect(layer.lags.map((l) => l.lag)).toEqual([...new Set(distances)].sort());
      for (const { lag, norm, nodes, largest, sequences } of layer.lags) {
        const rows = [...distances.keys()].filter((row) => distances[row] === lag);
        const norms = rows.map((row) => Math.hypot(...hand.writes[row]!));
        near(norm, Math.hypot(...norms) / Math.sqrt(rows.length));
        near(largest, Math.max(...norms));
        expect(nodes).toBe(rows.length);
        expect(sequences).toBe(new Set(rows.map((row) => structure.parts.sequenceOf[row])).size);
      }
      for (let s = 0; s < structure.sequences; s++)
        structure.rowsOf(s).forEach((row, n) => {
          near(layer.norms[s]![n]!, Math.hypot(...hand.writes[row]!));
        });
      const edges = layer.edges!;
      hand.reads.forEach((m, e) => {
        near(edges.ratio[e]!, Math.hypot(...m) / Math.hypot(...hand.writes[reads.node[e]!]!));
        const rows = structure.rowsOf(edges.sequence[e]!);
        expect([rows[edges.to[e]!], rows[edges.from[e]!]]).toEqual([reads.node[e], reads.from[e]]);
        expect(edges.port[e]).toBe(reads.port[e]);
      });
    });

    test(`${cell.name}: Jacobians on the longest path by each port, and the growth of their product`, async () => {
      const layer = await report();
      // By hand: the second graph is the deepest, 0 -> 1 -> 3 -> 4 -> 5; each of its nodes but 3 reads once.
      const rows = structure.rowsOf(1);
      const into = (n: number) => [...reads.node.keys()].filter((e) => reads.node[e] === rows[n]);
      const path = [0, 1, 3, 4, 5];
      const along = path.slice(1).map((to, k) => into(to).find((e) => reads.from[e] === rows[path[k]!])!);
      const n = layer.stateSize;
      const expected = along.flatMap((edge, step) => {
        const others = into(path[step + 1]!).filter((e) => reads.port[e] !== reads.port[edge]);
        return [edge, ...others].map((e) => ({ step, edge: e }));
      });
      expect(layer.jacobians.map(({ step, port }) => [step, port])).toEqual(
        expected.map(({ step, edge }) => [step, structure.parts.inPorts[reads.port[edge]!]]),
      );
      expected.forEach(({ edge }, k) => {
        const s = singularValues(jacobianByHand(subject, edge), n, n);
        s.forEach((v, i) => {
          expect(Math.abs(layer.jacobians[k]!.singularValues[i]! - v)).toBeLessThan(1e-10);
        });
      });
      const js = along.map((edge) => jacobianByHand(subject, edge)).reverse();
      expect(layer.growth.map((g) => g.lag)).toEqual([1, 2, 3, 4]);
      layer.growth.forEach(({ lag, logNorm }) => {
        const p = js.slice(1, lag).reduce((a, b) => product(a, b, n), js[0]!);
        near(Math.exp(logNorm), singularValues(p, n, n)[0]!);
      });
    });

    test(`${cell.name}: dL/dW is split by the distance of the nodes that use W, in their edge steps too`, async () => {
      const { weights } = await report();
      const most = Math.max(...distances);
      const copies = Array.from({ length: most + 1 }, () => params);
      const g = grad((at: never) =>
        lossByHand(
          statesOf(
            subject,
            structure,
            (row) => (at as Slots[])[distances[row]!]!,
            x,
            nothingAdded(cell, structure),
          ),
        ),
      )(copies as never) as unknown as Slots[];
      expect(weights.at).toEqual(copies.map((_, lag) => lag));
      for (const [name, norms] of Object.entries(weights.norms))
        for (const [lag, size] of norms.entries()) near(size, Math.hypot(...list(g[lag]![name])));
    });

    // A message that is nowhere the largest has a Jacobian of no rank, and a logarithm that is not finite.
    // The nodes of gatedTree are normalised: what is added to all units of one, or scales them, is lost.
    const hasRank = cell.name !== "largest" && cell.name !== "gatedTree";
    test.runIf(hasRank)(
      `${cell.name}: exponents add up to the mean of ln |det| of the Jacobians along all paths from leaves to roots`,
      async () => {
        const own = structureOf(twoWays, cell);
        const at = normal(Key.of(2), [own.nodes, 2], "float64");
        const exponents = await lyapunovExponents(cell, params as never, { x: at }, own, { settle: 0 });
        const states = statesOf(subject, own, params, at, nothingAdded(cell, own));
        const { node, from } = own.reads;
        const logDet = [...node.keys()].map((edge) => {
          const zero = zeroOf(cell);
          const n = flat(zero).length;
          const j = Object.entries(zero).flatMap(([slot, v]) =>
            Array.from({ length: v.size }, (_, i) => {
              const one = fromArray(
                Array.from({ length: v.size }, (_, k) => (k === i ? 1 : 0)),
                v.shape,
                "float64",
              );
              const of = states.map((_, row) => (row === node[edge] ? { ...zero, [slot]: one } : zero));
              return flat(pulledByHand(subject, own, params, at, states, of)[edge]!);
            }).flat(),
          );
          return singularValues(j, n, n).reduce((s, v) => s + Math.log(v), 0);
        });
        let [total, edges] = [0, 0];
        for (let leaf = 0; leaf < own.nodes; leaf++) {
          if (node.includes(leaf)) continue;
          for (let e = from.indexOf(leaf); e >= 0; e = from.indexOf(node[e]!)) {
            total += logDet[e]!;
            edges += 1;
          }
        }
        near(
          exponents.reduce((a, b) => a + b, 0),
          total / edges,
        );
      },
    );
  }

  const { cell: lone } = treeCells.find(({ cell }) => cell.name === "childSumTreeLstm")!;

  /** A tree that is a path: each node the only child of the next. */
  const path = (nodes: number) =>
    trees([{ children: Array.from({ length: nodes }, (_, n) => (n === 0 ? [] : [n - 1])) }]);

  test("the verdict and the advice speak of edges and of cells for trees", async () => {
    const cell = rnn({ input: 2, hidden: 3 });
    const params = cell.init(Key.of(1), "float64");
    const small = { ...params, W: mul(params.W, 0.5) };
    const x = normal(Key.of(2), [40, 2], "float64");
    const at = async (p: typeof params, nodes: number) =>
      (
        await flowReport(
          (q: Traceable<typeof params>) => sum(unfold(cell, q, { x: x }, path(nodes)).final.h),
          p,
          { ratios: false },
        )
      ).layers[0]!;
    const { verdict, edges } = await at(small as never, 40);
    expect(edges).toBeNull();
    expect(verdict.words).toMatch(
      /^gradients at distance \d+ are \S+ of those at distance 1: nothing that is more than about \d+ edges from a final state is being learned$/,
    );
    expect(verdict.advice).toMatch(
      /^try a gated cell \(binaryTreeLstm, childSumTreeLstm\), or the flow regulariser \(flowPenalty\), or recurrent weights of a greater spectral radius \(that of dh\(parent\)\/dh\(child\) is 0\.\d+\)$/,
    );
    const short = await flowReport(
      (q: Traceable<typeof params>) => sum(unfold(cell, q, { x: zeros([2, 2], "float64") }, path(2)).final.h),
      params,
    );
    expect(short.layers[0]!.verdict.words).toBe(
      "nodes that are at most 1 edges from a final state say nothing about long dependencies",
    );
    expect(short.layers[0]!.verdict.advice).toBe("take deeper trees");
  });

  test("the forget gate of each child is the gate that keeps, and its saturation is seen", async () => {
    const params = lone.init(Key.of(1), "float64") as Record<string, Value>;
    const only = Object.fromEntries(
      Object.entries(params).map(([k, v]) => [k, k === "bforget" ? mul(add(mul(v, 0), 1), 2) : mul(v, 0)]),
    );
    const structure = path(5);
    const x = normal(Key.of(2), [5, 2], "float64");
    const { layers } = await flowReport(
      ((p: never) => sum(unfold(lone, p, { x }, structure).final.s as Value)) as never,
      only as never,
    );
    expect(layers[0]!.keeps).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
    expect(layers[0]!.saturation.map(({ name }) => name)).toContain("sigmoid 3");
    for (const ratio of layers[0]!.edges!.ratio) expect(ratio).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
  });

  test("what is not finite is named by its node", async () => {
    const structure = trees([{ children: [[1, 2], [], []] }, { children: [[1], [2], []] }]);
    const data = new Float64Array(12).fill(0.1);
    data[2 * 5] = Number.NaN;
    const x = structure.pack(fromArray(data, [6, 2], "float64"));
    const params = lone.init(Key.of(1), "float64");
    const { layers } = await flowReport(
      ((p: never) => sum(unfold(lone, p, { x }, structure).final.h as Value)) as never,
      params as never,
    );
    expect(layers[0]!.nonFinite).toEqual({ what: "input", sequence: 1, step: 2 });
    expect(layers[0]!.verdict.words).toBe(
      "the input of node 2 (from 0) of tree or graph 1 (from 0) is not finite, and it is the first: look at the data, or at the layer before",
    );
  });
});

/** Reads a set of its sequence, weighted by how much its members are like the state, as attention does. */
const attending = defineCell({
  name: "attending",
  inputs: () => ({ x: [2] }),
  sets: () => ({ source: { key: [3] } }),
  state: () => ({ h: [3] }),
  params: () => ({ U: glorot(2, 3), W: glorot(3, 3), A: glorot(3, 3) }),
  step({ x, h, source }, { U, W, A }) {
    const weights = setSoftmax(sum(mul(matmul(h, A), source.key)));
    const next = tanh(add(add(matmul(x, U), matmul(h, W)), setSum(mul(weights, source.key))));
    return { state: { h: next }, output: next };
  },
})(undefined);

describe("cells that read sets", () => {
  for (const [name, shape] of [
    ["chains", chain([4, 0, 3])],
    ["trees", trees([{ children: [[1, 2], [], [3], []] }, { children: [] }, { children: [[1], [2], []] }])],
  ] as const)
    test(`over ${name}: ratios are those of what the probes of reads show, and steps read the sets of their own sequence`, async () => {
      const structure = shape.withSets({ source: [2, 1, 5] });
      const x = normal(Key.of(2), [7, 2], "float64");
      const key = normal(Key.of(3), [8, 3], "float64");
      const params = attending.init(Key.of(1), "float64");
      const lossWith = (p: Traceable<typeof params>, probes: object) =>
        sum(square(unfold(attending, p, { x, source: { key } }, structure, { probes }).final.h));
      const { layers } = await flowReport((p: Traceable<typeof params>) => lossWith(p, {}), params, {
        ratios: true,
      });
      const { reads } = structure;
      const g = grad((probes: { writes: { h: Value }; reads: { h: Value } }) => lossWith(params, probes))({
        writes: { h: zeros([7, 3], "float64") },
        reads: { h: zeros([reads.node.length, 3], "float64") },
      });
      const norm = (v: Value, r: number) => Math.hypot(...list(v).slice(3 * r, 3 * r + 3));
      const { edges, exponents, growth } = layers[0]!;
      expect(edges!.ratio).toHaveLength(reads.node.length);
      edges!.ratio.forEach((ratio, e) => {
        near(ratio, norm(g.reads.h, e) / norm(g.writes.h, reads.node[e]!));
      });
      expect(exponents).toHaveLength(3);
      expect(growth.at(-1)!.lag).toBe(name === "chains" ? 4 : 2);
    });
});

/** Edges have labels, and weigh what they bring by how it fits the state that their target had before. */
const labelled = defineCell({
  name: "labelled",
  inputs: () => ({ x: [2] }),
  edgeInputs: () => ({ label: [3] }),
  state: () => ({ h: [3] }),
  params: () => ({ U: glorot(2, 3), W: glorot(3, 3), E: glorot(3, 3) }),
  edge({ h, label }, { E }, { target }) {
    return { h: mul(setSoftmax(sum(mul(matmul(h, E), target().h))), add(h, label)) };
  },
  step({ x, h }, { U, W }) {
    const next = tanh(add(matmul(x, U), matmul(h, W)));
    return { state: { h: next }, output: next };
  },
})(undefined);

test("edges with inputs of their own, and a target's state of the level before", async () => {
  // Two things, three rounds: each is told of both, itself by the edge marked own.
  const structure = graph([
    {
      nodes: 6,
      edges: [0, 1, 2, 3].flatMap((from) =>
        [from - (from % 2) + 2, from - (from % 2) + 3].map((to) => ({ from, to, own: to === from + 2 })),
      ),
    },
  ]);
  const x = normal(Key.of(2), [6, 2], "float64");
  const label = structure.packEdges(normal(Key.of(3), [8, 3], "float64"));
  const params = labelled.init(Key.of(1), "float64");
  const lossWith = (p: Traceable<typeof params>, probes: object) =>
    sum(square(unfold(labelled, p, { x, label }, structure, { probes }).final.h));
  const loss = (p: Traceable<typeof params>) => lossWith(p, {});
  const { layers } = await flowReport(loss, params);
  const g = grad((probes: { writes: { h: Value }; reads: { h: Value } }) => lossWith(params, probes))({
    writes: { h: zeros([6, 3], "float64") },
    reads: { h: zeros([8, 3], "float64") },
  });
  const norm = (v: Value, r: number) => Math.hypot(...list(v).slice(3 * r, 3 * r + 3));
  const { edges, weights } = layers[0]!;
  edges!.ratio.forEach((ratio, e) => {
    near(ratio, norm(g.reads.h, e) / norm(g.writes.h, structure.reads.node[e]!));
  });
  const { lags } = (await curvatureByLag(loss, params)).layers[0]!;
  expect(lags.map(({ lag }) => lag)).toEqual([0, 1, 2]);
  for (const { lag, gradient } of lags)
    near(gradient, Math.hypot(...Object.values(weights.norms).map((norms) => norms[lag]!)));
});
