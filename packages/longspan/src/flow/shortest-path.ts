import { dependents, type Equation, type Var } from "../autodiff/index.js";
import { type Cell, type CellGraph, derivativeReads, inSlots, outSlots } from "../cell/index.js";
import { cellKind } from "../cell/kinds.js";
import { check } from "../check/index.js";
import type { Value } from "../tensor/index.js";

/** The shortest way from a slot of the state at step t to one at step t + 1; over trees and graphs, along an edge. */
export interface StatePath {
  readonly from: string;
  readonly to: string;
  /** Shallow transformations on it: products with weights, each with the non-linear operation behind it, and non-linear operations alone. */
  readonly length: number;
  /** What it goes through, operation by operation. */
  readonly through: readonly string[];
}

/**
 * The shortest paths from each slot of a cell's state at step t to each at step t + 1, read from the graph of its step, in the order of the
 * slots. There is none where no gradient flows.
 *
 * The length is counted as section 10.5 does, in shallow transformations: an affine map of weights and the fixed non-linearity behind it
 * are one, as is a non-linearity alone. Additions, copies and products with gates are linear in what flows through them and add nothing, so
 * the self-loop of an LSTM's s has length 0. A choice that the state makes itself, such as that of relu, is a non-linearity.
 *
 * @throws TypeError for what is no cell
 * @see Goodfellow, Bengio, Courville (2016), section 10.5 and figure 10.13
 * @example
 * statePaths(rnn({ input: 3, hidden: 4 })) // [{ from: "h", to: "h", length: 1, through: ["matmul", "add", "tanh"] }]
 * statePaths(lstm({ input: 3, hidden: 4 })).map(({ from, to, length }) => `${from} to ${to}: ${length}`)
 * // [ "h to h: 1", "h to s: 1", "s to h: 1", "s to s: 0" ]
 */
export function statePaths(cell: Pick<Cell, "trace">): StatePath[] {
  check("statePaths", "cell", cell, cellKind);
  return pathsOf(cell.trace("float64").graph);
}

/**
 * The shortest of `statePaths`: the shortest path from any variable of the state at step t to any at step t + 1. Null where no gradient flows
 * from step to step.
 *
 * @throws TypeError for what is no cell
 * @see Goodfellow, Bengio, Courville (2016), section 10.5 and figure 10.13
 * @example
 * const deep = (transitionLayers: number, skip: boolean) => withDepth(rnn, { input: 3, hidden: 4, transitionLayers, skip });
 * [deep(0, false), deep(2, false), deep(2, true)].map((cell) => shortestPath(cell)!.length) // [ 1, 3, 1 ]
 */
export function shortestPath(cell: Pick<Cell, "trace">): StatePath | null {
  check("shortestPath", "cell", cell, cellKind);
  const paths = pathsOf(cell.trace("float64").graph);
  return paths.reduce<StatePath | null>((a, b) => (a === null || b.length < a.length ? b : a), null);
}

/** A way to a value. `affine`: it ends in a product with weights, so that a non-linearity behind it is part of the same transformation. */
interface Way {
  readonly length: number;
  readonly affine: boolean;
  readonly through: readonly string[];
}

function pathsOf(graph: CellGraph): StatePath[] {
  const weights = dependents(
    graph.equations,
    graph.values.flatMap(({ variable }) => (variable.scope === "one" ? [variable] : [])),
  );
  const states = dependents(graph.equations, [...graph.stateIn.flat(), ...(graph.edge?.state ?? [])]);
  const others = dependents(
    graph.equations,
    graph.values.flatMap(({ variable }) => (variable.scope === "one" ? [] : [variable])),
  );
  const ofWeights = (v: Value) => weights.has(v) && !states.has(v) && !others.has(v);
  return outSlots(graph).flatMap((from, s) => {
    const ways = waysFrom(graph, s, ofWeights, states);
    return outSlots(graph).flatMap((to, k): StatePath[] => {
      const way = ways.get(graph.stateOut[0]![k]!);
      return way ? [{ from: from.name, to: to.name, length: way.length, through: way.through }] : [];
    });
  });
}

/** The shortest way from a slot to every value that it reaches. */
function waysFrom(
  graph: CellGraph,
  slot: number,
  ofWeights: (v: Value) => boolean,
  states: ReadonlySet<Value>,
): ReadonlyMap<Value, Way> {
  const start: Way = { length: 0, affine: false, through: [] };
  const ways = new Map<Value, Way>();
  const enter = (v: Var | undefined, way: Way | undefined) => {
    if (v && way && isShorter(way, ways.get(v))) ways.set(v, way);
  };
  const go = (equations: readonly Equation[]) => {
    for (const eq of equations)
      for (const out of eq.outputs) {
        const found = [...new Set(eq.inputs)].flatMap((v) => {
          const next = ways.has(v) ? onward(eq, v, ways.get(v)!, ofWeights, states) : null;
          return next ? [next] : [];
        });
        for (const way of found) enter(out, way);
      }
  };
  if (graph.edge) enter(graph.edge.state[slot], start);
  else for (const port of graph.stateIn) enter(port[slot], start);
  go(graph.equations);
  if (!graph.edge || graph.edge.message.length === 0) return ways;
  // What the edges hand on arrives at the nodes, slot of the message by slot.
  inSlots(graph).forEach((_, m) => {
    for (const port of graph.stateIn) enter(port[m], ways.get(graph.edge!.message[m]!));
  });
  go(graph.equations);
  return ways;
}

/** The way that goes on through an equation; null where no gradient flows. */
function onward(
  eq: Equation,
  from: Value,
  way: Way,
  ofWeights: (v: Value) => boolean,
  states: ReadonlySet<Value>,
): Way | null {
  const inThese = eq.inputs.map((v) => v === from);
  const reads = derivativeReads(eq, inThese);
  if (reads === null) return null;
  const through = [...way.through, eq.op.name];
  const chosen = eq.inputs.some((v, i) => !inThese[i] && v.dtype === "int32" && states.has(v));
  if (reads.own || chosen)
    return { length: way.affine ? way.length : way.length + 1, affine: false, through };
  const { lowering } = eq.op;
  const mixes = !(lowering.kind === "map" && lowering.elementwise === true);
  if (mixes && reads.others.some((i) => ofWeights(eq.inputs[i]!)))
    return { length: way.affine ? way.length : way.length + 1, affine: true, through };
  return { ...way, through };
}

/** Of two ways of one length, one that ends in a product goes further. */
function isShorter(a: Way, b: Way | undefined): boolean {
  if (b === undefined || a.length !== b.length) return b === undefined || a.length < b.length;
  return a.affine && !b.affine;
}
