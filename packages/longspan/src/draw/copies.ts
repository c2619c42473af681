import type { Structure } from "../unfold/index.js";
import type { Diagram, DiagramEdge } from "./diagram.js";

/** A copy of a node of a diagram: at a row of its structure, or for a sequence. */
export interface Copy {
  readonly node: number;
  readonly at: number;
}

/** An arrow between two copies. `far`: to every node of another structure, as attention reads. */
export interface CopiedEdge {
  readonly from: Copy;
  readonly to: Copy;
  readonly edge: DiagramEdge;
  readonly far: boolean;
}

/** The diagram without the dots that states are read from: an arrow to each reader instead. */
export function withoutReads({ nodes, edges }: Diagram): Diagram {
  const isRead = (i: number) => nodes[i]!.kind === "read";
  const direct = edges.flatMap((edge) => {
    if (isRead(edge.from)) return [];
    if (!isRead(edge.to)) return [edge];
    return edges
      .filter((e) => e.from === edge.to)
      .map((e) => ({ ...edge, to: e.to, label: [edge.label, e.label].filter((l) => l !== "").join(" ") }));
  });
  const kept = nodes.flatMap((_, i) => (isRead(i) ? [] : [i]));
  const number = new Map(kept.map((i, k) => [i, k]));
  return {
    nodes: kept.map((i) => nodes[i]!),
    edges: direct.map((e) => ({ ...e, from: number.get(e.from)!, to: number.get(e.to)! })),
  };
}

/** The arrows of the unfolded graph: one node per variable and node of the structure. */
export function copiedEdges({ nodes, edges }: Diagram, structures: readonly Structure[]): CopiedEdge[] {
  const rowsOf = (over: number | null, sequence: number): number[] =>
    over === null ? [sequence] : structures[over]!.rowsOf(sequence);
  const sequences = structures[0]!.sequences;
  return edges.flatMap((edge): CopiedEdge[] => {
    const { from, to, delay, last, first, rows } = edge;
    const [a, b] = [nodes[from]!.over, nodes[to]!.over];
    const pair = (p: number, q: number, far = false): CopiedEdge => ({
      from: { node: from, at: p },
      to: { node: to, at: q },
      edge,
      far,
    });
    if (delay) return stateEdges(structures[delay.over]!, delay.port).map(([p, q]) => pair(p, q));
    const targets = perCopy(b, structures);
    if (rows && rows.length === targets.length && !last && !first)
      return targets.flatMap((q) => rows[q]!.map((p) => pair(p, q)));
    if (a === b && !last && !first) return perCopy(a, structures).map((at) => pair(at, at));
    return Array.from({ length: sequences }, (_, s) => {
      const sources = rowsOf(a, s).filter((row) => !last || a === null || isLast(structures[a]!, row));
      const targets = rowsOf(b, s).filter((row) => !first || b === null || isFirst(structures[b]!, row));
      return sources.flatMap((p) =>
        targets.map((q) => pair(p, q, a !== null && b !== null && !last && !first)),
      );
    }).flat();
  });
}

/** Where copies of a node are. */
export function perCopy(over: number | null, structures: readonly Structure[]): number[] {
  return [...Array(over === null ? structures[0]!.sequences : structures[over]!.nodes).keys()];
}

/** The edges between nodes that come in at a port. */
export function stateEdges({ parts: { edges, inPorts } }: Structure, port: string): [number, number][] {
  const found: [number, number][] = [];
  edges.from.forEach((from, e) => {
    const to = edges.to[e]!;
    if (from >= 0 && to >= 0 && inPorts[edges.toPort[e]!] === port) found.push([from, to]);
  });
  return found;
}

function isLast({ parts: { edges } }: Structure, row: number): boolean {
  return edges.from.some((from, e) => from === row && edges.to[e]! < 0);
}

function isFirst({ parts: { edges } }: Structure, row: number): boolean {
  return edges.to.some((to, e) => to === row && edges.from[e]! < 0);
}
