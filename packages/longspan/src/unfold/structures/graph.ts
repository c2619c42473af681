import {
  check,
  checkSettings,
  count,
  isRecord,
  type KindsOf,
  kind,
  list,
  listOf,
  optional,
  type RequiredKind,
  text,
} from "../../check/index.js";
import { layOut } from "./lay-out.js";
import type { Structure } from "./structure.js";

/** A directed edge between nodes of one graph: `to` reads the state of `from` through an in-port. */
export interface GraphEdge {
  /** A node, or `"initial"` for the initial state of the graph. */
  readonly from: number | "initial";
  readonly to: number;
  /** The in-port of `to`; the first by default. */
  readonly port?: string;
  /**
   * Whether `from` is what `to` was at the level before: the same thing, one round earlier. An edge step can ask for that state at all
   * edges that lead to `to`. At most one edge of a node is.
   */
  readonly own?: boolean;
}

/** One directed acyclic graph. Nodes are 0..nodes-1. */
export interface Graph {
  readonly nodes: number;
  readonly edges: readonly GraphEdge[];
  /** Nodes whose states are final states, in order, with a row for each; the nodes that no other reads by default. */
  readonly finals?: readonly number[];
  /**
   * Per node, how many steps it is from the start: what truncation counts by. Along each edge it goes on. All graphs of a batch have one,
   * or none has.
   */
  readonly clock?: readonly number[];
}

/**
 * A batch of directed acyclic graphs. A node reads the sum of what arrives at each in-port; a node without predecessors
 * reads zeros. Nodes may be shared: several nodes may read one.
 *
 * Final states have a row for each final node, graph after graph: as many as a graph has, and none for a graph without
 * nodes. `trees` has one row per tree. Initial states have a row for each graph, if an edge of any leaves "initial".
 *
 * @param options.ports names of the in-ports that the cell has.
 * @throws StructureError for a cycle, naming its nodes; for nodes and ports that do not exist.
 * @example
 * // A diamond: nodes 1 and 2 read node 0, node 3 reads the sum of both.
 * const diamond = { nodes: 4, edges: [{ from: 0, to: 1 }, { from: 0, to: 2 }, { from: 1, to: 3 }, { from: 2, to: 3 }] };
 * graph([diamond]).levels // 3
 */
export function graph(graphs: readonly Graph[], options?: { ports?: readonly string[] }): Structure {
  check("graph", "graphs", graphs, list);
  const { ports = ["in"] } = checkSettings("graph", options, {
    ports: optional(listOf(text, "a list of names")),
  });
  for (const [i, g] of graphs.entries()) checkSettings(`graph: graphs[${i}]`, g, graphKinds);
  return layOut(
    graphs.map((g, i) => ({ ...g, name: `graph: graph ${i}`, finals: g.finals ?? unread(g) })),
    ports,
  );
}

const edgeKind: RequiredKind = kind("an edge { from, to }, nodes by number", isRecord);
const graphKinds: KindsOf<Graph> = {
  nodes: count,
  edges: listOf(edgeKind, "a list of edges { from, to }"),
  finals: optional(list),
  clock: optional(list),
};

/** The nodes that no other reads. */
function unread({ nodes, edges }: Graph): number[] {
  const read = new Set(edges.map((e) => e.from));
  return Array.from({ length: nodes }, (_, n) => n).filter((n) => !read.has(n));
}
