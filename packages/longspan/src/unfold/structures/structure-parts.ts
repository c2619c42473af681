import {
  count,
  flag,
  instanceOf,
  isRecord,
  type KindsOf,
  kind,
  list,
  listOf,
  optional,
  orNull,
  type RequiredKind,
  text,
} from "../../check/index.js";
import type { Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import type { SetParts } from "./sets.js";
import { StructureError } from "./structure-error.js";

/**
 * One end of an edge: a node's row (0 or more), or a boundary node: -(b + 1) for source or sink b.
 */
export type Endpoint = number;

/** The end of an edge that reads zeros: the edge stays, with its edge step, but nothing comes along it. */
export const zeroState: Endpoint = -(2 ** 31);

/** Edges in canonical order, as columns: messages and sums follow this order in every executor. */
export interface Edges {
  readonly from: Int32Array;
  readonly fromPort: Int32Array;
  readonly to: Int32Array;
  readonly toPort: Int32Array;
}

/** What a structure is made of. Rows of a level are consecutive, and levels only read earlier ones. */
export interface StructureParts {
  readonly nodes: number;
  readonly sequences: number;
  readonly sources: number;
  readonly sinks: number;
  readonly edges: Edges;
  readonly levelBegin: Int32Array;
  readonly levelEnd: Int32Array;
  /** Names of the ways in and out of a node. */
  readonly inPorts: readonly string[];
  readonly outPorts: readonly string[];
  /** Per row: its sequence (or tree). */
  readonly sequenceOf: Int32Array;
  /** Per source and per sink: its sequence; where absent, it follows from the node that reads or writes it. */
  readonly sourceSequence?: Int32Array;
  readonly sinkSequence?: Int32Array;
  /** Per sequence: its name in random streams. */
  readonly examples: Int32Array;
  /** Per row: its name within its sequence, in random streams. */
  readonly positions: Int32Array;
  /** Per row: steps since its sequence's start, in the direction of the recurrence; null where there is no such clock. */
  readonly clock: Int32Array | null;
  /** Per row: its position when the sequences' own nodes are laid one after the other, in the order given. */
  readonly order: Int32Array;
  /** Per edge that leads to a node, in canonical order: its position in the order in which edges were given; as they are by default. */
  readonly edgeOrder?: Int32Array;
  /** Per edge: 1 where it brings the state that its target had at the level before; absent where nodes have none. */
  readonly own?: Int32Array;
  /** int32 []: at which step sequences begin, for positions; 0 by default. */
  readonly start?: Value;
  /** Per sequence, height and width of the grid that its nodes form; absent where they form none. */
  readonly gridSizes?: readonly (readonly [height: number, width: number])[];
  /** The sets that sequences carry, in the order in which cells see them; none by default. */
  readonly sets?: readonly SetParts[];
  /** True once messages run from a node after it is done: the transposed direction. */
  readonly pushes: boolean;
}

const table = instanceOf(Int32Array, "an Int32Array");
const names = listOf(text, "a list of names");
const edges: RequiredKind = kind(
  "a record { from, fromPort, to, toPort } of Int32Arrays",
  (value) =>
    isRecord(value) && ["from", "fromPort", "to", "toPort"].every((name) => table.accepts(value[name])),
);
/** The kind of each part. */
export const partKinds: KindsOf<StructureParts> = {
  nodes: count,
  sequences: count,
  sources: count,
  sinks: count,
  edges,
  levelBegin: table,
  levelEnd: table,
  inPorts: names,
  outPorts: names,
  sequenceOf: table,
  sourceSequence: optional(table),
  sinkSequence: optional(table),
  examples: table,
  positions: table,
  clock: orNull(table),
  order: table,
  edgeOrder: optional(table),
  own: optional(table),
  start: optional(valueKind),
  gridSizes: optional(listOf(list, "a list of sizes [height, width]")),
  sets: optional(listOf(kind("a set, as withSets lays it out", isRecord), "a list of sets")),
  pushes: flag,
};

/** Checks what schedules rely on: consecutive levels, edges in range and in order, one edge into each sink. @throws StructureError */
export function verifyParts(p: StructureParts): void {
  const fail = (what: string): never => {
    throw new StructureError(`structure: ${what}`);
  };
  for (const [name, list] of Object.entries({
    sequenceOf: p.sequenceOf,
    positions: p.positions,
    order: p.order,
  }))
    if (list.length !== p.nodes) fail(`${name} has ${list.length} entries for ${p.nodes} nodes`);
  const level = new Int32Array(p.nodes).fill(-1);
  for (let l = 0; l < p.levelBegin.length; l++)
    for (let r = p.levelBegin[l]!; r < p.levelEnd[l]!; r++) {
      if (r < 0 || r >= p.nodes || level[r] !== -1)
        fail(`row ${r} is in level ${l}, and in another or in none`);
      level[r] = l;
    }
  const without = level.indexOf(-1);
  if (without >= 0) fail(`row ${without} is in no level`);
  const { from, to, fromPort, toPort } = p.edges;
  const intoSink = new Int32Array(p.sinks);
  let last = -1;
  for (let e = 0; e < from.length; e++) {
    const [f, t] = [from[e]!, to[e]!];
    if (f >= p.nodes || (f < -p.sources && f !== zeroState))
      fail(`edge ${e} leaves ${f < 0 ? `source ${-f - 1}` : `row ${f}`}, which does not exist`);
    if (t >= p.nodes || (t < -p.sinks && t !== zeroState))
      fail(`edge ${e} enters ${t < 0 ? `sink ${-t - 1}` : `row ${t}`}, which does not exist`);
    if (f >= 0 && !(fromPort[e]! < p.outPorts.length))
      fail(`edge ${e} leaves by port ${fromPort[e]} of ${p.outPorts.length}`);
    if (t >= 0 && !(toPort[e]! < p.inPorts.length))
      fail(`edge ${e} enters by port ${toPort[e]} of ${p.inPorts.length}`);
    if (f >= 0 && t >= 0 && level[f]! >= level[t]!)
      fail(`row ${t} reads row ${f}, which is not of an earlier level`);
    if (p.pushes) continue;
    if (t < 0) intoSink[-t - 1]! += 1;
    else if (t < last) fail(`edges are not in the order of the rows that they enter (edge ${e})`);
    else last = t;
  }
  const sink = p.pushes ? -1 : intoSink.findIndex((n) => n !== 1);
  if (sink >= 0) fail(`sink ${sink} has ${intoSink[sink]} edges, expected one`);
}
