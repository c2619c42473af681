import {
  add,
  div,
  type FlowPenaltyOptions,
  flowPenalty,
  grad,
  Key,
  less,
  mul,
  normal,
  onCpu,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  unfold,
  type Value,
  where,
} from "longspan";
import { describe, expect, test } from "vitest";
import { type Slots, type TreeCell, treeCells } from "./cells.js";
import { flat, manyWays, nothingAdded, pulledByHand, statesOf, structureOf, twoWays } from "./unrolled.js";

const list = (v: Value) => Array.from(onCpu(v).toArray());
const item = (v: Value) => list(v)[0]!;

/** What the nodes' outputs, which are the h of their states, cost. */
const lossAt = (h: Value, row: number): Value => sum(square(add(h, target(row))));
const target = (row: number) => reshape(slice(targets, 0, row, row + 1), [3]);
const targets = normal(Key.of(3), [40, 3], "float64");

function subjectOf({ cell }: TreeCell) {
  const graphs = cell.ports.length > 0 ? twoWays : manyWays;
  const structure = structureOf(graphs, cell);
  const x = normal(Key.of(2), [structure.nodes, 2], "float64");
  const params = cell.init(Key.of(1), "float64") as Slots;
  const f = (p: Slots) => {
    const { output } = unfold(cell, p as never, { x }, structure);
    return { loss: sum(square(add(output, slice(targets, 0, 0, structure.nodes)))), aux: null };
  };
  return { graphs, structure, x, params, f };
}

/** Omega edge by edge in ordinary ops, from dL/dh of each row; and those, from the loop by hand. */
function byHand(subject: TreeCell) {
  const { graphs, structure, x, params } = subjectOf(subject);
  const flow = (p: Slots) =>
    (
      grad((writes: never) =>
        statesOf(subject, structure, p, x, { ...nothingAdded(subject.cell, structure), writes })
          .map((s, row) => lossAt(s.h!, row))
          .reduce((a, b) => add(a, b)),
      ) as unknown as (at: readonly Slots[]) => readonly Slots[]
    )(nothingAdded(subject.cell, structure).writes);
  const squared = (slots: Slots) =>
    Object.values(slots)
      .map((v) => sum(square(v)))
      .reduce((a, b) => add(a, b));
  const terms = (p: Slots, d: readonly Slots[], norms: "plain" | "squared") => {
    const states = statesOf(subject, structure, p, x, nothingAdded(subject.cell, structure));
    return pulledByHand(subject, structure, p, x, states, d).map((m, e) => {
      const ratio = div(squared(m), squared(d[structure.reads.node[e]!]!));
      // Along an edge whose message is nowhere the largest, nothing flows: the root has no slope there.
      const some = less(0, ratio);
      const root = where(some, sqrt(where(some, ratio, 1)), 0);
      return square(sub(norms === "plain" ? root : ratio, 1));
    });
  };
  const omega = (p: Slots, d: readonly Slots[], norms: "plain" | "squared") =>
    div(
      terms(p, d, norms).reduce((a, b) => add(a, b)),
      graphs.length,
    );
  return { omega, flow, params };
}

function closeTo(a: readonly number[], b: readonly number[]) {
  expect(a.length).toBe(b.length);
  const size = Math.max(...b.map(Math.abs), 1e-3);
  for (const [i, v] of a.entries()) expect(Math.abs(v - b[i]!) / size).toBeLessThan(1e-10);
}

describe("the flow penalty over trees and graphs", () => {
  for (const subject of treeCells) {
    const { cell } = subject;
    const { f, params, structure } = subjectOf(subject);
    const penalised = (options: FlowPenaltyOptions) => (p: Slots) =>
      flowPenalty(f as never, p as never, options).omega;
    const slope = (g: (p: Slots) => Value) =>
      flat((grad(g as never) as unknown as (p: Slots) => Record<string, Tensor>)(params));

    for (const norms of ["plain", "squared"] as const) {
      test(`${cell.name}, ${norms}: its value is the sum over edges that a loop by hand gives`, () => {
        const hand = byHand(subject);
        const { omega, counted, skipped } = flowPenalty(f as never, params as never, { norms });
        closeTo([item(omega)], [item(hand.omega(params, hand.flow(params), norms))]);
        expect([item(counted), item(skipped)]).toEqual([structure.reads.node.length, 0]);
      });

      test(`${cell.name}, ${norms}: exact and book are the derivatives of that loop, with dL/dh as it is and held`, () => {
        const hand = byHand(subject);
        const exact = slope((p) => hand.omega(p, hand.flow(p), norms));
        closeTo(slope(penalised({ gradient: "exact", norms })), exact);
        const d = hand.flow(params);
        closeTo(
          slope(penalised({ gradient: "book", norms })),
          slope((p) => hand.omega(p, d, norms)),
        );
      });
    }

    test(`${cell.name}: exact is the slope of Omega, by central differences`, () => {
      const names = Object.keys(params);
      const along = Object.fromEntries(
        names.map((k, i) => [k, normal(Key.of(50 + i), params[k]!.shape, "float64")]),
      );
      const at = (by: number) =>
        item(penalised({})(Object.fromEntries(names.map((k) => [k, add(params[k]!, mul(along[k]!, by))]))));
      const h = 1e-5;
      const measured = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      const ours = slope(penalised({ gradient: "exact" })).reduce((s, v, i) => s + v * flat(along)[i]!, 0);
      expect(Math.abs(ours / measured - 1)).toBeLessThan(1e-6);
    });
  }

  test("paper: weights that multiply a state learn, by every port and in the edge step; those of the inputs do not", () => {
    const learns = (name: string) => {
      const subject = treeCells.find(({ cell }) => cell.name === name)!;
      const { f, params } = subjectOf(subject);
      const grads = grad(
        ((p: Slots) => flowPenalty(f as never, p as never, { gradient: "paper" }).omega) as never,
      )(params as never) as Record<string, Tensor>;
      return Object.entries(grads)
        .filter(([, g]) => list(g).some((v) => v !== 0))
        .map(([k]) => k)
        .sort();
    };
    expect(learns("binaryTreeLstm")).toEqual(["Wleft", "Wright"]);
    expect(learns("naryTreeLstm")).toEqual(["W1", "W2"]);
    expect(learns("childSumTreeLstm")).toEqual(["W", "Wforget"]);
    expect(learns("portsAndEdges")).toEqual(["E", "L", "R"]);
    expect(learns("largest")).toEqual(["E", "W"]);
  });

  test("nodes that read nothing have no terms; where nobody reads anybody there is nothing to regularise", () => {
    const { cell } = treeCells[0]!;
    const structure = structureOf([{ nodes: 1, edges: [] }], cell);
    const params = cell.init(Key.of(1), "float64");
    const x = normal(Key.of(2), [1, 2], "float64");
    const f = (p: never) => ({ loss: sum(unfold(cell, p, { x }, structure).output), aux: null });
    expect(() => flowPenalty(f as never, params as never)).toThrow(
      "flowPenalty: nothing to regularise: the loss depends on no recurrent layer whose nodes read each other",
    );
  });
});
