import {
  add,
  concat,
  grad,
  graph,
  mul,
  onCpu,
  reshape,
  type Structure,
  slice,
  sum,
  type Value,
  zeros,
} from "longspan";
import type { AnyCell, Slots, TreeCell } from "./cells.js";

/** A graph with its nodes in an order in which each comes after those that it reads. */
export interface PlainGraph {
  readonly nodes: number;
  readonly edges: readonly { readonly from: number; readonly to: number; readonly port: number }[];
}

export function structureOf(graphs: readonly PlainGraph[], { ports }: AnyCell): Structure {
  const named = graphs.map(({ nodes, edges }) => ({
    nodes,
    edges: edges.map(({ from, to, port }) =>
      ports.length > 0 ? { from, to, port: ports[port]! } : { from, to },
    ),
  }));
  return graph(named, ports.length > 0 ? { ports } : {});
}

/** A tree of two levels, a longer one with a lone child, a single node and nothing: what trees with two ports can be. */
export const twoWays: readonly PlainGraph[] = [
  {
    nodes: 7,
    edges: [
      { from: 0, to: 4, port: 0 },
      { from: 1, to: 4, port: 1 },
      { from: 2, to: 5, port: 0 },
      { from: 3, to: 5, port: 1 },
      { from: 4, to: 6, port: 0 },
      { from: 5, to: 6, port: 1 },
    ],
  },
  {
    nodes: 6,
    edges: [
      { from: 0, to: 1, port: 1 },
      { from: 1, to: 3, port: 0 },
      { from: 2, to: 3, port: 1 },
      { from: 3, to: 4, port: 1 },
      { from: 4, to: 5, port: 0 },
    ],
  },
  { nodes: 1, edges: [] },
  { nodes: 0, edges: [] },
];

/** As well, nodes that several read, and of three predecessors by one port. */
export const manyWays: readonly PlainGraph[] = [
  ...twoWays,
  {
    nodes: 6,
    edges: [
      { from: 0, to: 3, port: 0 },
      { from: 1, to: 3, port: 0 },
      { from: 2, to: 3, port: 0 },
      { from: 0, to: 4, port: 1 },
      { from: 3, to: 4, port: 0 },
      { from: 3, to: 5, port: 1 },
      { from: 4, to: 5, port: 1 },
    ],
  },
];

/** What is added to the states: where each edge reads, in the order of the structure's, and where each node writes. */
export interface Added {
  readonly reads: readonly Slots[];
  readonly writes: readonly Slots[];
}

/** The states of all rows, each by its own parameters if those are given by row, node by node and edge by edge in ordinary ops: nothing of the engine's loop. */
export function statesOf(
  { cell, node }: TreeCell,
  structure: Structure,
  params: Slots | ((row: number) => Slots),
  x: Value,
  added: Added,
): Slots[] {
  const { reads, nodes } = structure;
  const zero = zeroOf(cell);
  const states: Slots[] = [];
  const plus = (a: Slots, b: Slots) => Object.fromEntries(Object.keys(a).map((k) => [k, add(a[k]!, b[k]!)]));
  for (let row = 0; row < nodes; row++) {
    const edges = [...reads.node.keys()]
      .filter((e) => reads.node[e] === row)
      .map((e) => ({ port: reads.port[e]!, state: plus(states[reads.from[e]!]!, added.reads[e]!) }));
    const own = reshape(slice(x, 0, row, row + 1), [x.shape[1]!]);
    states.push(
      plus(node(own, edges, typeof params === "function" ? params(row) : params, zero), added.writes[row]!),
    );
  }
  return states;
}

export function zeroOf({ state }: AnyCell): Slots {
  return Object.fromEntries(Object.entries(state).map(([k, shape]) => [k, zeros(shape, "float64")]));
}

export function nothingAdded(cell: AnyCell, structure: Structure): Added {
  return {
    reads: Array.from(structure.reads.node, () => zeroOf(cell)),
    writes: Array.from({ length: structure.nodes }, () => zeroOf(cell)),
  };
}

/** dL/dstate by row, and what of it flows back along each edge, as plain numbers, slots one after the other. */
export function flowByHand(
  subject: TreeCell,
  structure: Structure,
  params: Slots,
  x: Value,
  loss: (states: readonly Slots[]) => Value,
): { writes: number[][]; reads: number[][] } {
  const g = grad((added: never) => loss(statesOf(subject, structure, params, x, added)))(
    nothingAdded(subject.cell, structure) as never,
  ) as unknown as Added;
  return { writes: g.writes.map(flat), reads: g.reads.map(flat) };
}

export function flat(slots: Slots): number[] {
  return Object.values(slots).flatMap((v) => Array.from(onCpu(v).toArray()));
}

/** Rows of the compiled run's slots from states by row: [rows, ...]. */
export function stackedRows(states: readonly Slots[]): Slots {
  return Object.fromEntries(
    Object.keys(states[0]!).map((k) => [
      k,
      concat(
        states.map((s) => reshape(s[k]!, [1, s[k]!.size])),
        0,
      ),
    ]),
  );
}

/** Cotangents of what each node writes, pulled back along each edge through the node's own step: by hand, and differentiable. */
export function pulledByHand(
  { cell, node }: TreeCell,
  structure: Structure,
  params: Slots,
  x: Value,
  states: readonly Slots[],
  cotangents: readonly Slots[],
): readonly Slots[] {
  const { reads } = structure;
  const zero = zeroOf(cell);
  const along = (added: readonly Slots[]): Value => {
    const terms = cotangents.flatMap((d, row) => {
      const edges = [...reads.node.keys()]
        .filter((e) => reads.node[e] === row)
        .map((e) => {
          const from = states[reads.from[e]!]!;
          const state = Object.fromEntries(Object.keys(from).map((k) => [k, add(from[k]!, added[e]![k]!)]));
          return { port: reads.port[e]!, state };
        });
      const own = node(reshape(slice(x, 0, row, row + 1), [x.shape[1]!]), edges, params, zero);
      return Object.keys(own).map((k) => sum(mul(own[k]!, d[k]!)));
    });
    return terms.reduce((a, b) => add(a, b));
  };
  return grad(along as (added: never) => Value)(
    Array.from(reads.node, () => zeroOf(cell)) as never,
  ) as unknown as readonly Slots[];
}
