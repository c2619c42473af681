import { check, count, isRecord, kind, listOf, type RequiredKind } from "../../check/index.js";
import { setSpaces } from "../../program/index.js";
import type { Value } from "../../tensor/index.js";
import { StructureError } from "./structure-error.js";

/** A set that each sequence of a structure carries. Rows per member: those of the first sequence, then those of the second. */
export interface SetParts {
  readonly name: string;
  /** Members per sequence. */
  readonly sizes: Int32Array;
  /** Per sequence its first member, and at the end the number of members. */
  readonly begin: Int32Array;
  /** Per member, its sequence. */
  readonly sequenceOf: Int32Array;
  /** Brings values per member from the rows of the structure whose nodes they are into the order of members; null where they come in it. */
  readonly arrange: ((rows: Value) => Value) | null;
}

/** The pairs of a node and a member of its own sequence's set. Those of a node lie side by side, in the order of members. */
export interface Pairs {
  /** Per node its first pair, and at the end the number of pairs. */
  readonly begin: Int32Array;
  /** Per pair, its node. */
  readonly node: Int32Array;
  /** Per pair, its member. */
  readonly member: Int32Array;
}

/** A set to be laid out: its name, the number of its members per sequence, and what brings their values into order, if need be. */
export interface GivenSet {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly arrange: SetParts["arrange"];
}

/** Lays sets out. @throws StructureError naming the set that does not fit so many sequences */
export function layOutSets(what: string, sets: readonly GivenSet[], sequences: number): SetParts[] {
  if (sets.length > setSpaces.length)
    throw new StructureError(
      `${what}: ${sets.length} sets (${sets.map(({ name }) => name).join(", ")}); a sequence carries at most ${setSpaces.length}: join sets that have as many members`,
    );
  return sets.map(({ name, sizes, arrange }) => {
    check(what, `sets.${name}`, sizes, sizesKind);
    if (sizes.length !== sequences)
      throw new StructureError(
        `${what}: sets.${name} is given for ${sizes.length} sequences, the structure has ${sequences}: a set has a size for each sequence`,
      );
    return setParts(name, Int32Array.from(sizes), arrange);
  });
}

function setParts(name: string, sizes: Int32Array, arrange: SetParts["arrange"]): SetParts {
  const begin = new Int32Array(sizes.length + 1);
  sizes.forEach((n, s) => {
    begin[s + 1] = begin[s]! + n;
  });
  const sequenceOf = new Int32Array(begin.at(-1)!);
  sizes.forEach((n, s) => {
    sequenceOf.fill(s, begin[s]!, begin[s]! + n);
  });
  return { name, sizes, begin, sequenceOf, arrange };
}

/** Kept by set and by the rows of nodes, which a structure shares with what is derived from it. */
const known = new WeakMap<SetParts, WeakMap<Int32Array, Pairs>>();

/** The pairs of nodes, of which the sequences are given, and the members of a set. */
export function pairsOf(set: SetParts, sequenceOf: Int32Array): Pairs {
  let byNodes = known.get(set);
  if (!byNodes) {
    byNodes = new WeakMap();
    known.set(set, byNodes);
  }
  let pairs = byNodes.get(sequenceOf);
  if (!pairs) {
    pairs = layOutPairs(set, sequenceOf);
    byNodes.set(sequenceOf, pairs);
  }
  return pairs;
}

/** Rows are counted in int32. */
const mostPairs = 2 ** 31 - 1;

function layOutPairs({ name, sizes, begin: first }: SetParts, sequenceOf: Int32Array): Pairs {
  let total = 0;
  for (const s of sequenceOf) total += sizes[s]!;
  if (total > mostPairs)
    throw new StructureError(
      `the set "${name}" makes ${total} pairs of a node and a member, and at most ${mostPairs} can be counted: give the batch fewer sequences, or sequences fewer steps or members`,
    );
  const begin = new Int32Array(sequenceOf.length + 1);
  for (let n = 0; n < sequenceOf.length; n++) begin[n + 1] = begin[n]! + sizes[sequenceOf[n]!]!;
  const node = new Int32Array(begin.at(-1)!);
  const member = new Int32Array(node.length);
  for (let n = 0; n < sequenceOf.length; n++) {
    const from = first[sequenceOf[n]!]! - begin[n]!;
    node.fill(n, begin[n]!, begin[n + 1]!);
    for (let p = begin[n]!; p < begin[n + 1]!; p++) member[p] = from + p;
  }
  return { begin, node, member };
}

/** Sets by name. */
export const setsKind: RequiredKind = kind("a record of sets by name, such as { source: [3, 2] }", isRecord);
const sizesKind = listOf(
  count,
  "a list of sizes, one per sequence, or the structure whose nodes are the members",
);
