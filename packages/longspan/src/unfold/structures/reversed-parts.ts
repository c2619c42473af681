import { StructureError } from "./structure-error.js";
import type { StructureParts } from "./structure-parts.js";

/** The parts of the structure that runs the other way. Levels run backwards; edges are put in the order of the rows that read. */
export function reversedParts(p: StructureParts): StructureParts {
  if (p.pushes) throw new StructureError("Structure.reversed: a transposed structure has no reverse");
  const { from, to, toPort } = p.edges;
  const numbers = Array.from(from.keys());
  // What was a source takes a final state: of one node.
  const count = new Int32Array(p.sources);
  for (const f of from) if (f < 0 && -f <= p.sources) count[-f - 1]! += 1;
  const shared = count.findIndex((n) => n !== 1);
  if (shared >= 0)
    throw new StructureError(
      `Structure.reversed: initial state ${shared} is read ${count[shared]} times, and turned round each would be the final state of one node; grids begin elsewhere by grid(sizes, { from }), and chains with delays run backwards by chain(lengths, { delays, reverse: true })`,
    );
  // A final state that is none, as of an empty tree, would be an initial state that nobody reads.
  const kept = numbers.filter((e) => !(from[e]! < -p.sources));
  const inward = kept.filter((e) => from[e]! >= 0).sort((a, b) => from[a]! - from[b]! || a - b);
  const outward = kept.filter((e) => from[e]! < 0).sort((a, b) => from[b]! - from[a]!);
  const edges = [...inward, ...outward];
  const isChain =
    p.inPorts.length === 1 && inward.length === p.nodes && inward.every((e, row) => from[e] === row);
  const { sourceSequence, sinkSequence, edgeOrder, own, ...others } = p;
  const last = new Int32Array(p.sequences);
  p.clock?.forEach((t, row) => {
    last[p.sequenceOf[row]!] = Math.max(last[p.sequenceOf[row]!]!, t);
  });
  return {
    ...others,
    sources: p.sinks,
    sinks: p.sources,
    edges: {
      from: Int32Array.from(edges, (e) => to[e]!),
      fromPort: new Int32Array(edges.length),
      to: Int32Array.from(edges, (e) => from[e]!),
      toPort: Int32Array.from(edges, (e) => toPort[e]!),
    },
    levelBegin: p.levelBegin.slice().reverse(),
    levelEnd: p.levelEnd.slice().reverse(),
    clock: p.clock === null ? null : p.clock.map((t, row) => last[p.sequenceOf[row]!]! - t),
    edgeOrder: isChain ? p.order : positionsOf(inward, p),
    ...(isChain && own ? { own: Int32Array.from(edges, (_, k) => (k < p.nodes ? 1 : 0)) } : {}),
    ...(sourceSequence ? { sinkSequence: sourceSequence } : {}),
    ...(sinkSequence ? { sourceSequence: sinkSequence } : {}),
  };
}

/** Edges between nodes come in the order in which they were given, those from initial states after them. */
function positionsOf(edges: readonly number[], { edges: { to }, edgeOrder }: StructureParts): Int32Array {
  const rank = (e: number) => (to[e]! >= 0 ? (edgeOrder?.[e] ?? e) : to.length + e);
  const sorted = [...edges.keys()].sort((a, b) => rank(edges[a]!) - rank(edges[b]!));
  const positions = new Int32Array(edges.length);
  sorted.forEach((k, position) => {
    positions[k] = position;
  });
  return positions;
}
