import { describe } from "../../check/index.js";
import { Structure, StructureError, zeroState } from "./structure.js";

/** Where an edge begins that brings the initial state of its graph. */
export const initialState = "initial";

/** A graph that is laid out: nodes 0..nodes-1, and edges by which `to` reads the state of `from`. */
export interface NamedGraph {
  /** What messages call it. */
  readonly name: string;
  readonly nodes: number;
  readonly edges: readonly {
    readonly from: number | typeof initialState;
    readonly to: number;
    readonly port?: string;
    readonly own?: boolean;
  }[];
  /** Per node, steps since the start. */
  readonly clock?: readonly number[];
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
  const sources = graphs.some((g) => g.edges.some((e) => e.from === initialState)) ? graphs.length : 0;
  graphs.forEach((g, i) => {
    for (const e of g.edges)
      edges.push({
        from: e.from === initialState ? -(i + 1) : rowOf[starts[i]! + e.from]!,
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
    sources,
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
    ...(sources > 0 ? { sourceSequence: Int32Array.from(graphs.keys()) } : {}),
    sinkSequence: Int32Array.from(graphs.flatMap((g, i) => g.finals.map(() => i))),
    examples: Int32Array.from(graphs.keys()),
    positions: Int32Array.from(all, (n) => n.node),
    clock: clocksOf(graphs) && Int32Array.from(all, (n) => graphs[n.graph]!.clock![n.node]!),
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

/** Whether the graphs have clocks. @throws StructureError where only some have one, or one does not go on along an edge */
function clocksOf(graphs: readonly NamedGraph[]): true | null {
  const having = graphs.filter((g) => g.clock !== undefined);
  if (having.length === 0) return null;
  const without = graphs.find((g) => g.clock === undefined);
  if (without)
    throw new StructureError(
      `${without.name} has no clock, and ${having[0]!.name} has one; give all of a batch one, or none`,
    );
  for (const { name, nodes, edges, clock = [] } of having) {
    const wrong = clock.findIndex((t) => !Number.isSafeInteger(t) || t < 0);
    if (wrong >= 0 || clock.length !== nodes)
      throw new StructureError(
        `${name}: ${wrong >= 0 ? `clock[${wrong}] is ${describe(clock[wrong])}` : `clock has ${clock.length} entries`}; a clock holds a number of steps, 0 or more, for each of the ${nodes} nodes`,
      );
    for (const { from, to } of edges)
      if (from !== initialState && clock[from]! >= clock[to]!)
        throw new StructureError(
          `${name}: node ${to} reads node ${from}, and their clocks stand at ${clock[to]} and ${clock[from]}; a node's clock is past those of the nodes that it reads`,
        );
  }
  return true;
}

/** The length of the longest path into each node. */
function levelsOf(g: NamedGraph, ports: readonly string[]): Int32Array {
  const where = g.name;
  if (!Number.isInteger(g.nodes) || g.nodes < 0)
    throw new StructureError(`${where}: ${g.nodes} nodes; expected a non-negative integer`);
  const into: number[][] = Array.from({ length: g.nodes }, () => []);
  const reads: number[][] = Array.from({ length: g.nodes }, () => []);
  for (const e of g.edges) {
    for (const n of e.from === initialState ? [e.to] : [e.from, e.to])
      if (!Number.isInteger(n) || n < 0 || n >= g.nodes)
        throw new StructureError(
          `${where}: an edge names node ${describe(n)}; the nodes are 0..${g.nodes - 1}`,
        );
    if (e.port !== undefined && !ports.includes(e.port))
      throw new StructureError(
        `${where}: an edge names port ${describe(e.port)}; the ports are ${ports.join(", ")}`,
      );
    if (e.from === initialState) continue;
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
