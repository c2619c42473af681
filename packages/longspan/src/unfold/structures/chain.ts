import {
  check,
  checkSettings,
  count,
  describe,
  flag,
  integer,
  list,
  listOf,
  optional,
} from "../../check/index.js";
import { Structure, StructureError } from "./structure.js";

/** How a chain is laid out. */
export interface ChainOptions {
  /** Run from the last step to the first: the backward half of a bidirectional network. The row order stays. */
  readonly reverse?: boolean;
  /** Names of the sequences in random streams; 0, 1, 2, ... by default. */
  readonly examples?: readonly number[];
  /**
   * Per chain, the sequence that it belongs to, where several belong to one, as the beams of a search belong to a source: they read the
   * same sets and sequence inputs, draw alike, and their sums are added. Each chain is a sequence of its own by default. Initial and
   * final states have a row per chain all the same.
   */
  readonly owners?: readonly number[];
  /** How many sequences there are, where `owners` names them; up to the last that is named by default. */
  readonly sequences?: number;
}

/**
 * Sequences of the given lengths, 0 included, each a chain: step t reads step t - 1. Initial states come in per sequence, in
 * the order given, and final states go out likewise; a sequence of length 0 hands its initial state on.
 *
 * Rows are time-major and packed: all first steps (longest sequence first), then all second steps, and so on. A reversed
 * chain has the same rows.
 *
 * @throws StructureError if a length is not a non-negative integer.
 * @example chain([3, 1]).nodes // 4
 */
export function chain(lengths: readonly number[], options?: ChainOptions): Structure {
  check("chain", "lengths", lengths, list);
  const {
    reverse = false,
    examples,
    owners,
    sequences: named,
  } = checkSettings("chain", options, {
    reverse: optional(flag),
    examples: optional(listOf(integer, "a list of names, integers")),
    owners: optional(listOf(count, "a list of sequences, by number")),
    sequences: optional(count),
  });
  lengths.forEach((n, i) => {
    if (!Number.isInteger(n) || n < 0)
      throw new StructureError(`chain: lengths[${i}] is ${describe(n)}; lengths are non-negative integers`);
  });
  const B = lengths.length;
  const sequences = checkOwners(lengths, owners, named);
  if (examples && examples.length !== sequences)
    throw new StructureError(`chain: examples has ${examples.length} names for ${sequences} sequences`);
  const byLength = lengths.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const T = B === 0 ? 0 : lengths[byLength[0]!]!;
  const nodes = lengths.reduce((p, n) => p + n, 0);
  const starts = new Int32Array(B);
  for (let b = 1; b < B; b++) starts[b] = starts[b - 1]! + lengths[b - 1]!;

  const levelBegin = new Int32Array(T);
  const levelEnd = new Int32Array(T);
  const sequenceOf = new Int32Array(nodes);
  const positions = new Int32Array(nodes);
  const clock = new Int32Array(nodes);
  const order = new Int32Array(nodes);
  const last = new Int32Array(B).fill(-1);
  let [from, to]: [number[], number[]] = [[], []];
  const previous = new Int32Array(B);
  let row = 0;
  for (let t = 0; t < T; t++) {
    levelBegin[t] = row;
    for (const b of byLength) {
      if (lengths[b]! <= t) break;
      sequenceOf[row] = owners?.[b] ?? b;
      positions[row] = t;
      clock[row] = reverse ? lengths[b]! - 1 - t : t;
      order[row] = starts[b]! + t;
      if (!reverse) {
        from.push(t === 0 ? -(b + 1) : previous[b]!);
        to.push(row);
      } else if (t > 0) {
        from.push(row);
        to.push(previous[b]!);
      }
      previous[b] = row;
      if (t === 0 || !reverse) last[b] = row;
      row += 1;
    }
    levelEnd[t] = row;
  }
  if (reverse) {
    // Each sequence enters at its last step; edges are sorted by the row that reads.
    for (let b = 0; b < B; b++) {
      if (lengths[b]! === 0) continue;
      from.push(-(b + 1));
      to.push(previous[b]!);
    }
    const sorted = from.map((_, e) => e).sort((p, q) => to[p]! - to[q]!);
    [from, to] = [sorted.map((e) => from[e]!), sorted.map((e) => to[e]!)];
    levelBegin.reverse();
    levelEnd.reverse();
  }
  for (let b = 0; b < B; b++) {
    from.push(lengths[b]! === 0 ? -(b + 1) : last[b]!);
    to.push(-(b + 1));
  }
  return new Structure({
    nodes,
    sequences,
    sources: B,
    sinks: B,
    edges: {
      from: Int32Array.from(from),
      fromPort: new Int32Array(from.length),
      to: Int32Array.from(to),
      toPort: new Int32Array(to.length),
    },
    levelBegin,
    levelEnd,
    inPorts: ["in"],
    outPorts: ["out"],
    sequenceOf,
    examples: Int32Array.from(examples ?? Array(sequences).keys()),
    positions,
    clock,
    order,
    edgeOrder: order,
    own: Int32Array.from(to, (t) => (t >= 0 ? 1 : 0)),
    pushes: false,
  });
}

/** The number of sequences that chains belong to. @throws StructureError where they do not fit */
function checkOwners(
  lengths: readonly number[],
  owners: readonly number[] | undefined,
  sequences: number | undefined,
): number {
  if (owners === undefined) {
    if (sequences === undefined || sequences === lengths.length) return lengths.length;
    throw new StructureError(
      `chain: sequences is ${sequences} and there are ${lengths.length} lengths; owners says which sequence each chain belongs to`,
    );
  }
  if (owners.length !== lengths.length)
    throw new StructureError(`chain: owners names ${owners.length} sequences for ${lengths.length} chains`);
  const most = owners.reduce((a, b) => Math.max(a, b), -1);
  if (sequences !== undefined && most >= sequences)
    throw new StructureError(
      `chain: owners names sequence ${most}, and sequences is ${sequences}: they are 0..${sequences - 1}`,
    );
  const empty = lengths.indexOf(0);
  if (empty >= 0)
    throw new StructureError(
      `chain: lengths[${empty}] is 0; chains that are given an owner have at least one step`,
    );
  return sequences ?? most + 1;
}
