import type { ParamsOf } from "../cell/index.js";
import { check, checkSettings } from "../check/index.js";
import { onCpu, scope, type Traceable, type Value } from "../tensor/index.js";
import { treeKind, valueKind } from "../tensor/kinds.js";
import { type Structure, type TreeNodes, unfold } from "../unfold/index.js";
import { structureKind } from "../unfold/kinds.js";
import {
  type OrderedMemoryOptions,
  type OrderedMemorySpecs,
  orderedMemoryKinds,
  orderedMemoryPositions,
} from "./cells/ordered-memory.js";

/**
 * The trees that a net with `orderedMemory` infers: at each leaf the slot with the largest probability counts.
 *
 * Nodes 0 to n - 1 of a tree are the steps of its sequence; the others join two each, children before parents, the root last, as in
 * `balancedTree`. A sequence of one step is that leaf alone.
 *
 * @param options those of the cell
 * @param params those of the cell
 * @param x [nodes, input], as the cell reads it
 * @param structure chains
 * @returns a tree for each sequence
 * @example
 * const options = { input: 3, hidden: 4, slots: 1 };
 * const { init } = recurrent(orderedMemory(options));
 * // With one slot, all is joined from the left: (0 1) 2.
 * inferredTrees(options, init(Key.of(1)), zeros([3, 3]), chain([3]))[0]!.children // [[], [], [], [0, 1], [3, 2]]
 */
export function inferredTrees(
  options: OrderedMemoryOptions,
  params: Traceable<ParamsOf<OrderedMemorySpecs>>,
  x: Value,
  structure: Structure,
): TreeNodes[] {
  const settings = checkSettings<OrderedMemoryOptions>("inferredTrees", options, orderedMemoryKinds);
  const cell = orderedMemoryPositions(settings);
  const slots = cell.state.position[0]!;
  check("inferredTrees", "params", params, treeKind);
  check("inferredTrees", "x", x, valueKind);
  check("inferredTrees", "structure", structure, structureKind);
  const found = scope(() => {
    const { output } = unfold(cell, params, { x }, structure);
    return onCpu(structure.unpack(output)).toArray();
  });
  const lengths = new Array<number>(structure.sequences).fill(0);
  for (const sequence of structure.parts.sequenceOf) lengths[sequence]! += 1;
  let first = 0;
  return lengths.map((length) => {
    const chosen = Array.from({ length }, (_, t) => largest(found, (first + t) * slots, slots));
    first += length;
    return treeOf(chosen);
  });
}

/** The tree of the slots that leaves were put to. */
function treeOf(chosen: readonly number[]): TreeNodes {
  const children: number[][] = chosen.map(() => []);
  /** Left siblings that wait, by slot. */
  const waiting = new Map<number, number>();
  const closed = (upTo: number, leaf: number): number => {
    let node = leaf;
    for (const slot of [...waiting.keys()].sort((a, b) => a - b)) {
      if (slot > upTo) break;
      node = children.push([waiting.get(slot)!, node]) - 1;
      waiting.delete(slot);
    }
    return node;
  };
  for (let t = 1; t < chosen.length; t++) {
    const slot = chosen[t]!;
    waiting.set(slot, closed(slot, t - 1));
  }
  closed(Number.POSITIVE_INFINITY, chosen.length - 1);
  return { children };
}

function largest(values: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (values[from + i]! > values[from + best]!) best = i;
  return best;
}
