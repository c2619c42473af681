import { describe } from "../../check/index.js";
import { Structure, StructureError, zeroState } from "./structure.js";

/** A graph that is laid out: nodes 0..nodes-1, and edges by which `to` reads the state of `from`. */
export interface NamedGraph {
  /** What messages call it. */
  readonly name: string;
  readonly nodes: number;
  readonly edges: readonly {
    readonly from: number;
    readonly to: number;
    readonly port?: string;
    readonly own?: boolean;
  }[];
  /** Nodes whose states are final states, with a row for each; that of `zeroState` is zeros. */
  readonly finals: readonly number[];
}

/** The structure of several graphs: rows by level, and in a level by graph. */
export function layOut(graphs: readonly NamedGraph[], ports: readonly string[]): Structure {
  interface Node {
    readonly graph: number;
    readonly node: number;
    readonly level: number;
    readonly position: number;
  }
  const all: Node[] = [];
  let nodeCount = 0;
  graphs.forEach((g, i) => {
    const levels = levelsOf(g, ports);
    for (let n = 0; n < g.nodes; n++)
      all.push({ graph: i, node: n, level: levels[n]!, position: nodeCount++ });
  });
  const starts = new Int32Array(graphs.length);
  for (let i = 1; i < graphs.length; i++) starts[i] = starts[i - 1]! + graphs[i - 1]!.nodes;
  all.sort((a, b) => a.level - b.level || a.position - b.position);
  const rowOf = new Int32Array(nodeCount);
  all.forEach((n, row) => {
    rowOf[n.position] = row;
  });
  const depth = all.length === 0 ? 0 : all.at(-1)!.level + 1;
  const levelBegin = new Int32Array(depth);
  const levelEnd = new Int32Array(depth);
  all.forEach((n, row) => {
    if (row === 0 || all[row - 1]!.level !== n.level) levelBegin[n.level] = row;
    levelEnd[n.level] = row + 1;
  });
  const edges: { from: number; to: number; port: number; own: number; position: number }[] = [];
  const finals: number[] = [];
  graphs.forEach((g, i) => {
    for (const e of g.edges)
      edges.push({
        from: rowOf[starts[i]! + e.from]!,
        to: rowOf[starts[i]! + e.to]!,
        port: e.port === undefined ? 0 : ports.indexOf(e.port),
        own: e.own ? 1 : 0,
        position: edges.length,
      });
    checkOwn(g);
    for (const n of g.finals) finals.push(n === zeroState ? zeroState : rowOf[starts[i]! + n]!);
  });
  // Stable: edges into one node keep the order in which they were given.
  edges.sort((a, b) => a.to - b.to);
  return new Structure({
    nodes: all.length,
    sequences: graphs.length,
    sources: 0,
    sinks: finals.length,
    edges: {
      from: Int32Array.from([...edges.map((e) => e.from), ...finals]),
      fromPort: new Int32Array(edges.length + finals.length),
      to: Int32Array.from([...edges.map((e) => e.to), ...finals.map((_, k) => -(k + 1))]),
      toPort: Int32Array.from([...edges.map((e) => e.port), ...finals.map(() => 0)]),
    },
    levelBegin,
    levelEnd,
    inPorts: ports,
    outPorts: ["out"],
    sequenceOf: Int32Array.from(all, (n) => n.graph),
    examples: Int32Array.from(graphs.keys()),
    positions: Int32Array.from(all, (n) => n.node),
    clock: null,
    order: Int32Array.from(all, (n) => n.position),
    edgeOrder: Int32Array.from(edges, (e) => e.position),
    ...(edges.some((e) => e.own) ? { own: Int32Array.from(edges, (e) => e.own) } : {}),
    pushes: false,
  });
}

/** @throws StructureError where a node has two edges along which its own state of the level before comes */
function checkOwn({ name, edges }: NamedGraph): void {
  const wrong = edges.find((e) => e.own !== undefined && typeof e.own !== "boolean");
  if (wrong) throw new StructureError(`${name}: own of an edge is true or false, got ${describe(wrong.own)}`);
  const owners = edges.filter((e) => e.own).map((e) => e.to);
  const twice = owners.find((n, i) => owners.indexOf(n) !== i);
  if (twice !== undefined)
    throw new StructureError(
      `${name}: two edges into node ${twice} are marked own; a node has one state at the level before`,
    );
}

/** The length of the longest path into each node. */
function levelsOf(g: NamedGraph, ports: readonly string[]): Int32Array {
  const where = g.name;
  if (!Number.isInteger(g.nodes) || g.nodes < 0)
    throw new StructureError(`${where}: ${g.nodes} nodes; expected a non-negative integer`);
  const into: number[][] = Array.from({ length: g.nodes }, () => []);
  const reads: number[][] = Array.from({ length: g.nodes }, () => []);
  for (const e of g.edges) {
    for (const n of [e.from, e.to])
      if (!Number.isInteger(n) || n < 0 || n >= g.nodes)
        throw new StructureError(
          `${where}: an edge names node ${describe(n)}; the nodes are 0..${g.nodes - 1}`,
        );
    if (e.port !== undefined && !ports.includes(e.port))
      throw new StructureError(
        `${where}: an edge names port ${describe(e.port)}; the ports are ${ports.join(", ")}`,
      );
    into[e.to]!.push(e.from);
    reads[e.from]!.push(e.to);
  }
  for (const n of g.finals)
    if (n !== zeroState && (!Number.isInteger(n) || n < 0 || n >= g.nodes))
      throw new StructureError(`${where}: finals name node ${describe(n)}; the nodes are 0..${g.nodes - 1}`);
  const levels = new Int32Array(g.nodes);
  const waiting = Int32Array.from(into, (list) => list.length);
  const ready: number[] = [];
  waiting.forEach((n, i) => {
    if (n === 0) ready.push(i);
  });
  let done = 0;
  for (let n = ready.pop(); n !== undefined; n = ready.pop()) {
    done += 1;
    for (const to of reads[n]!) {
      levels[to] = Math.max(levels[to]!, levels[n]! + 1);
      waiting[to]! -= 1;
      if (waiting[to] === 0) ready.push(to);
    }
  }
  if (done < g.nodes) {
    // Every waiting node has a waiting predecessor: walk back until one repeats.
    const path: number[] = [];
    let n = waiting.findIndex((w) => w > 0);
    while (!path.includes(n)) {
      path.push(n);
      n = into[n]!.find((m) => waiting[m]! > 0)!;
    }
    const cycle = [n, ...path.slice(path.indexOf(n)).reverse()];
    throw new StructureError(`${where} has a cycle: ${cycle.join(" -> ")}; a structure must be acyclic`);
  }
  return levels;
}
