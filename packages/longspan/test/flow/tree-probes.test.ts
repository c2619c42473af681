import {
  add,
  grad,
  Key,
  mul,
  normal,
  onCpu,
  square,
  sum,
  type Tensor,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { type Slots, treeCells } from "./cells.js";
import { flowByHand, manyWays, stackedRows, structureOf, twoWays } from "./unrolled.js";

const list = (v: Value) => Array.from(onCpu(v).toArray());

/** A loss that every state has a part in. */
function lossOf(rows: Slots): Value {
  return Object.values(rows)
    .map((v, i) => sum(square(add(v, mul(normal(Key.of(60 + i), v.shape, "float64"), 0.7)))))
    .reduce((a, b) => add(a, b));
}

/** Row r of several tensors of rows, one after the other. */
function row(slots: Slots, r: number): number[] {
  return Object.values(slots).flatMap((v) => {
    const size = v.size / v.shape[0]!;
    return list(v).slice(r * size, (r + 1) * size);
  });
}

function closeRows(rows: Slots, expected: readonly (readonly number[])[]): void {
  for (const [r, values] of expected.entries()) {
    const own = row(rows, r);
    expect(own.length).toBe(values.length);
    for (const [i, v] of own.entries()) expect(Math.abs(v - values[i]!)).toBeLessThan(1e-12);
  }
}

describe("what flows back along each edge", () => {
  for (const subject of treeCells) {
    const { cell } = subject;
    const structure = structureOf(cell.ports.length > 0 ? twoWays : manyWays, cell);
    const x = normal(Key.of(2), [structure.nodes, 2], "float64");
    const params = cell.init(Key.of(1), "float64") as Slots;
    const hand = flowByHand(subject, structure, params, x, (states) => lossOf(stackedRows(states)));
    const zerosOf = (rows: number) =>
      Object.fromEntries(Object.entries(cell.state).map(([k, s]) => [k, zeros([rows, ...s], "float64")]));

    for (const loop of ["compiled", "plain"] as const)
      test(`${cell.name}, ${loop}: probes of writes and reads show what a loop by hand shows`, () => {
        const g = grad((probes: { writes: Slots; reads: Slots }) =>
          lossOf(
            unfold(cell, params as never, { x }, structure, { probes, states: true, loop }).states as Slots,
          ),
        )({ writes: zerosOf(structure.nodes), reads: zerosOf(structure.reads.node.length) } as never) as {
          writes: Record<string, Tensor>;
          reads: Record<string, Tensor>;
        };
        closeRows(g.writes, hand.writes);
        closeRows(g.reads, hand.reads);
      });

    for (const loop of ["compiled", "plain"] as const)
      test(`${cell.name}, ${loop}: the pull-back of dL/dstate is what flows back along the edges`, () => {
        const of = grad((writes: Slots) =>
          lossOf(
            unfold(cell, params as never, { x }, structure, { probes: { writes }, states: true })
              .states as Slots,
          ),
        )(zerosOf(structure.nodes) as never) as Slots;
        const { pullback } = unfold(cell, params as never, { x }, structure, { pullback: { of }, loop });
        closeRows(pullback as Slots, hand.reads);
      });
  }

  test("a probe of reads has a row for each edge", () => {
    const { cell } = treeCells[0]!;
    const structure = structureOf(twoWays, cell);
    const params = cell.init(Key.of(1), "float64");
    const x = zeros([structure.nodes, 2], "float64");
    const reads = { h: zeros([structure.nodes, 3], "float64") };
    expect(() => unfold(cell, params as never, { x }, structure, { probes: { reads } })).toThrow(
      "unfold binaryTreeLstm: probe.read.h is [14, 3], expected 11 rows: one for each edge into a node, in the order of structure.reads",
    );
    expect([...structure.reads.node]).toHaveLength(11);
    expect(structure.reads.onePerNode).toBe(false);
  });
});
