import { dependencies, dependents, type Equation, type Var } from "../autodiff/index.js";
import { readsAtEdges, roots } from "../cell/index.js";
import { hasLevels, isPaired, type Scope } from "../program/index.js";
import { sizeOf, type Value } from "../tensor/index.js";
import type { PlacedResults } from "./2-place-results.js";
import { type Phase, result } from "./context.js";
import { firstLayer, type Layer, type LayerKind, layerAfter, layerFrom } from "./layers.js";
import { isView } from "./memory.js";
import { recurrentSlots } from "./recurrent-slots.js";
import { isScan } from "./scan-op.js";

/** The cell after pass 3: the region of each equation, and the slots that depend on themselves. */
export interface Hoisted extends PlacedResults {
  readonly phases: ReadonlyMap<Equation, Phase>;
  /** Per slot of the in-ports: whether its value at a node depends on its value at earlier nodes. */
  readonly recurrent: readonly boolean[];
  readonly hasLoop: boolean;
}

/**
 * Pass 3 hoists: it takes equations out of the loop. An equation that does not depend on the state runs before the loop, once for all
 * nodes. An equation that the next state does not need runs after it. A state that does not depend on itself leaves the loop. Row-local
 * work costs the same in any region; it runs in the region of the equations that read it, where it needs no memory of its own.
 */
export function hoist(placed: PlacedResults): Hoisted {
  const { cell, producer } = placed;
  const recurrent = recurrentSlots(cell);
  const loopRoots = new Set<Value>();
  for (const port of cell.stateOut)
    port.forEach((v, s) => {
      if (recurrent.out[s]) loopRoots.add(v);
    });
  if (recurrent.edge) for (const v of cell.edge?.message ?? []) loopRoots.add(v);
  const loopEntries = new Set<Value>();
  for (const port of cell.stateIn)
    port.forEach((v, s) => {
      if (recurrent.in[s]) loopEntries.add(v);
    });
  if (recurrent.edge) for (const v of cell.edge?.state ?? []) loopEntries.add(v);

  const depends = dependents(cell.equations, loopEntries);
  const feeds = dependencies(cell.equations, loopRoots);
  const hasLoop = loopRoots.size > 0 || loopEntries.size > 0;
  const phases = new Map<Equation, Phase>();
  const isRowLocal = (eq: Equation) =>
    (eq.op.lowering.kind === "map" || isView(eq, producer)) && hasLevels(result(eq).scope);
  for (const eq of cell.equations) {
    const v = result(eq);
    phases.set(eq, !depends.has(v) ? "before" : feeds.has(v) ? "loop" : "after");
  }
  if (hasLoop) {
    sinkBefore(placed, phases, isRowLocal);
    // Where messages are summed on their way, a level's edges are done before its nodes begin.
    const takeTurns = cell.edge?.when === "pull" && !readsAtEdges(cell);
    const madeInLoop = (v: Value) => depends.has(v) || phases.get(placed.producer.get(v)!) === "loop";
    const goesBack = (eq: Equation) =>
      takeTurns &&
      result(eq).scope === "edge" &&
      eq.inputs.some((v) => (v as Var).scope === "node" && madeInLoop(v));
    pullAfter(placed, phases, isRowLocal, goesBack);
  }
  return { ...placed, phases, recurrent: recurrent.in, hasLoop };
}

/** Moves row-local work from before the loop into the loop or after it, if only that region reads it. */
function sinkBefore(
  { cell, uses }: PlacedResults,
  phases: Map<Equation, Phase>,
  isRowLocal: (eq: Equation) => boolean,
): void {
  const wanted = new Set(roots(cell));
  for (let i = cell.equations.length - 1; i >= 0; i--) {
    const eq = cell.equations[i]!;
    if (phases.get(eq) !== "before" || !isRowLocal(eq) || wanted.has(result(eq))) continue;
    const consumers = uses.get(result(eq)) ?? [];
    // What a scan reads is formed for all nodes at once: that is what it is for.
    if (consumers.some((c) => phases.get(c) === "before" || isScan(c))) continue;
    if (consumers.some((c) => phases.get(c) === "loop")) phases.set(eq, "loop");
    else if (consumers.length > 0) phases.set(eq, "after");
  }
}

/** The scope of the pairs whose values of several numbers an equation sums to nodes, if it does: such sums are formed together. */
function pairsSummed({ op, inputs, outputs: [v] }: Equation): Scope | undefined {
  const { scope } = (inputs[0] ?? v) as Var;
  const sums = op.lowering.kind === "sum" && op.lowering.code === "sum" && v!.scope === "node";
  return sums && isPaired(scope) && sizeOf(v!.shape) > 1 ? scope : undefined;
}

/**
 * Moves row-local work, and sums over pairs, from after the loop into the loop, if the loop has its operands and a map over the same rows,
 * or sums over the same pairs, that it can join.
 * @param goesBack whether an equation runs over edges and reads what the nodes of their level make
 */
function pullAfter(
  { cell, producer }: PlacedResults,
  phases: Map<Equation, Phase>,
  isRowLocal: (eq: Equation) => boolean,
  goesBack: (eq: Equation) => boolean,
): void {
  // The layer of each equation: what moves must not add a layer of maps to the loop.
  const layers = new Map<Value, Layer>();
  const first = firstLayer("maps");
  const layerOf = (eq: Equation): Layer => {
    const local = isRowLocal(eq);
    const kind: LayerKind = local ? "maps" : "instructions";
    let layer = firstLayer(kind);
    for (const v of eq.inputs) {
      const p = producer.get(v);
      if (!p || phases.get(p) !== "loop") continue;
      const made = layers.get(v) ?? first;
      const joins = local && result(p).scope === result(eq).scope;
      layer = Math.max(layer, joins ? layerFrom(made, kind) : layerAfter(made, kind));
    }
    return layer;
  };
  const deepestSums = new Map<Scope, Layer>();
  // By the rows that maps go over: work over others would be one more instruction per level.
  const deepest = new Map<Scope, Layer>();
  for (const eq of cell.equations) {
    if (phases.get(eq) !== "loop") continue;
    const layer = layerOf(eq);
    layers.set(result(eq), layer);
    const pairs = pairsSummed(eq);
    if (pairs) deepestSums.set(pairs, Math.max(deepestSums.get(pairs) ?? first, layer));
    const { scope } = result(eq);
    if (isRowLocal(eq)) deepest.set(scope, Math.max(deepest.get(scope) ?? first, layer));
  }
  for (const eq of cell.equations) {
    if (phases.get(eq) !== "after" || goesBack(eq)) continue;
    const pairs = pairsSummed(eq);
    const limit = isRowLocal(eq) ? deepest.get(result(eq).scope) : pairs && deepestSums.get(pairs);
    if (limit === undefined) continue;
    if (eq.inputs.some((v) => producer.has(v) && phases.get(producer.get(v)!) === "after")) continue;
    const layer = layerOf(eq);
    if (layer > limit) continue;
    phases.set(eq, "loop");
    layers.set(result(eq), layer);
  }
}
