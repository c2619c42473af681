import type { Endpoint, Structure } from "./structures/structure.js";

/** Where states lie in a buffer that keeps those of a few levels: levels take turns, and states that a sink reads stay. */
export interface RecentRows {
  readonly count: number;
  /** Per row of all states, that of the buffer; null where every state has a row of its own. */
  readonly rowOf: Int32Array | null;
}

/** What a layout says of states that have a row each. */
interface StateRows {
  readonly structure: Structure;
  readonly traversal: "direct" | "pull" | "push";
  readonly headRows: number;
  stateRow(end: Endpoint, port: number): number;
}

/**
 * Rows for as many levels as the longest edge spans, and the level that is written. States keep rows of their own where that takes no more
 * memory, and where sequences would share a row: threads that take some sequences each must not wait for each other.
 */
export function recentRowsOf(layout: StateRows): RecentRows {
  const { structure, headRows, traversal } = layout;
  const { nodes, sequenceOf, levelBegin, levelEnd, outPorts, edges } = structure.parts;
  const ports = outPorts.length;
  const all: RecentRows = { count: headRows + ports * nodes, rowOf: null };
  if (traversal !== "direct") return all;
  const levelOf = new Int32Array(nodes);
  let width = 0;
  for (let l = 0; l < levelBegin.length; l++) {
    levelOf.fill(l, levelBegin[l], levelEnd[l]);
    width = Math.max(width, levelEnd[l]! - levelBegin[l]!);
  }
  let turns = 2;
  const sinks: number[] = [];
  for (let e = 0; e < edges.from.length; e++) {
    const [from, to] = [edges.from[e]!, edges.to[e]!];
    if (from < 0) continue;
    if (to >= 0) turns = Math.max(turns, levelOf[to]! - levelOf[from]! + 1);
    else sinks.push(layout.stateRow(from, edges.fromPort[e]!));
  }
  const ring = headRows + turns * ports * width;
  if (ring + sinks.length >= all.count) return all;
  const rowOf = Int32Array.from({ length: all.count }, (_, r) => r);
  const sequences = new Int32Array(ring).fill(-1);
  for (let p = 0; p < ports; p++)
    for (let n = 0; n < nodes; n++) {
      const l = levelOf[n]!;
      const row = headRows + ((l % turns) * ports + p) * width + n - levelBegin[l]!;
      if (sequences[row] !== -1 && sequences[row] !== sequenceOf[n]) return all;
      sequences[row] = sequenceOf[n]!;
      rowOf[layout.stateRow(n, p)] = row;
    }
  let count = ring;
  for (const row of new Set(sinks)) rowOf[row] = count++;
  return { count, rowOf };
}
