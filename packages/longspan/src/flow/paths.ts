import type { Structure } from "../unfold/index.js";

/** Per row: the level in which it runs. */
export function levelsOf({ parts: { nodes, levelBegin, levelEnd } }: Structure): Int32Array {
  const levels = new Int32Array(nodes);
  levelBegin.forEach((begin, l) => {
    levels.fill(l, begin, levelEnd[l]);
  });
  return levels;
}

/**
 * Per row, how far it is from the end of what it belongs to: in a chain, how many steps of its sequence come after it; over trees and
 * graphs, the edges of the shortest path from it to a node whose state is a final state, and -1 where no path leads to one.
 */
export function distancesOf(structure: Structure): Int32Array {
  const { clock, nodes, edges, sequences, sequenceOf } = structure.parts;
  if (clock !== null) {
    const last = new Int32Array(sequences).fill(-1);
    clock.forEach((t, row) => {
      const s = sequenceOf[row]!;
      last[s] = Math.max(last[s]!, t);
    });
    return clock.map((t, row) => last[sequenceOf[row]!]! - t);
  }
  const distances = new Int32Array(nodes).fill(-1);
  edges.to.forEach((to, e) => {
    if (to < 0 && edges.from[e]! >= 0) distances[edges.from[e]!] = 0;
  });
  const { reads } = structure;
  for (const e of readsFromTheEnd(structure)) {
    const [from, beyond] = [reads.from[e]!, distances[reads.node[e]!]!];
    if (from < 0 || beyond < 0) continue;
    if (distances[from]! < 0 || distances[from]! > beyond + 1) distances[from] = beyond + 1;
  }
  return distances;
}

/** The numbers of all reads, those of later levels first. */
export function readsFromTheEnd(structure: Structure): number[] {
  const levels = levelsOf(structure);
  const { node } = structure.reads;
  return Array.from(node.keys()).sort((a, b) => levels[node[b]!]! - levels[node[a]!]!);
}

/**
 * The reads along the longest path that ends in a final state, from its first node on; that of the deepest level. In a chain those of the
 * longest sequence: every step, beginning with the read of the initial state.
 */
export function longestPath(structure: Structure): Int32Array {
  const { edges } = structure.parts;
  const { reads } = structure;
  const levels = levelsOf(structure);
  let node = -1;
  edges.to.forEach((to, e) => {
    const final = edges.from[e]!;
    if (to < 0 && final >= 0 && (node < 0 || levels[final]! > levels[node]!)) node = final;
  });
  const into = new Map<number, number>();
  const levelOf = (from: number) => (from < 0 ? -1 : levels[from]!);
  reads.node.forEach((row, e) => {
    const known = into.get(row);
    if (known === undefined || levelOf(reads.from[e]!) > levelOf(reads.from[known]!)) into.set(row, e);
  });
  const path: number[] = [];
  for (let e = into.get(node); e !== undefined; e = into.get(reads.from[e]!)) path.push(e);
  return Int32Array.from(path.reverse());
}
