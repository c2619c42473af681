import { type Structure, StructureError } from "../../unfold/index.js";

const known = new WeakMap<Structure, readonly Int32Array[]>();

/**
 * The rows of each chain in the order in which it runs, one chain for each initial state.
 * @param what who asks
 * @throws StructureError if the structure is not of chains
 */
export function chainRows(what: string, structure: Structure): readonly Int32Array[] {
  const found = known.get(structure);
  if (found) return found;
  const { clock, edges, nodes, sources, sinks, inPorts } = structure.parts;
  const first = new Int32Array(sources).fill(-1);
  const next = new Int32Array(nodes).fill(-1);
  let plain =
    clock !== null && edges.from.length === nodes + sources && sinks === sources && inPorts.length === 1;
  edges.from.forEach((from, e) => {
    const to = edges.to[e]!;
    if (to < 0) return;
    if (from >= 0) next[from] = to;
    else if (-from <= sources) first[-from - 1] = to;
    else plain = false;
  });
  if (!plain)
    throw new StructureError(
      `${what}: rows before and after a step are those of chains, made by chain(lengths); this structure has other edges`,
    );
  const rows = Array.from(first, (start) => {
    const chain: number[] = [];
    for (let row = start; row >= 0; row = next[row]!) chain.push(row);
    return Int32Array.from(chain);
  });
  known.set(structure, rows);
  return rows;
}
