import { concat, gather } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { indexTensor, type Structure } from "../../unfold/index.js";

const known = new WeakMap<Structure, Int32Array>();

/**
 * At each node the row of the node before it, in the direction in which the chain runs; at the first node of each sequence the row `first`.
 * @param rows [nodes, ...] @param first [1, ...]
 */
export function shiftRows(structure: Structure, rows: Value, first: Value): Value {
  let before = known.get(structure);
  if (!before) {
    const { from, to } = structure.parts.edges;
    before = new Int32Array(structure.nodes).fill(structure.nodes);
    for (let e = 0; e < from.length; e++) if (from[e]! >= 0 && to[e]! >= 0) before[to[e]!] = from[e]!;
    known.set(structure, before);
  }
  return gather(concat([rows, first], 0), indexTensor(before));
}
