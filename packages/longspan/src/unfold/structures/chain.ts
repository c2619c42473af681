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
import { type Delays, delaysKind, portsOf } from "./delays.js";
import { layOutChain } from "./lay-out-chain.js";
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
  /**
   * By in-port, how many steps back its edge reads: `{ near: 1, far: 8 }`. A list of delays leads several edges to one port, where the states
   * are added up. By default a step reads the one before, `{ in: 1 }`.
   */
  readonly delays?: Delays;
}

/**
 * Sequences of the given lengths, 0 included, each a chain: step t reads step t - 1. Initial states come in per sequence, in
 * the order given, and final states go out likewise; a sequence of length 0 hands its initial state on.
 *
 * Rows are time-major and packed: all first steps (longest sequence first), then all second steps, and so on. A reversed
 * chain has the same rows.
 *
 * With `delays`, step t reads step t - d for each delay d (section 10.9.1). Steps before the first are read too: with D the longest delay,
 * the initial states are those of D steps, and the final ones those of the last D steps, so that the final states of one part of a sequence
 * are the initial ones of the next. They have D rows per sequence, the oldest first, sequence after sequence; zeros by default, or what
 * the cell starts from, at each of them. Where the shortest delay is longer than 1, so many steps run side by side.
 *
 * @throws StructureError if a length is not a non-negative integer, or a delay not a positive one
 * @example
 * chain([3, 1]).nodes // 4
 * const delayed = chain([100], { delays: { near: 1, far: 10 } }); // for a cell with the ports near and far
 * chain([100], { delays: { in: 10 } }).levels // 10: for any cell of chains, with every edge ten steps long
 */
export function chain(lengths: readonly number[], options?: ChainOptions): Structure {
  check("chain", "lengths", lengths, list);
  const {
    reverse = false,
    examples,
    owners,
    sequences: named,
    delays = { in: 1 },
  } = checkSettings("chain", options, {
    reverse: optional(flag),
    examples: optional(listOf(integer, "a list of names, integers")),
    owners: optional(listOf(count, "a list of sequences, by number")),
    sequences: optional(count),
    delays: optional(delaysKind),
  });
  lengths.forEach((n, i) => {
    if (!Number.isInteger(n) || n < 0)
      throw new StructureError(`chain: lengths[${i}] is ${describe(n)}; lengths are non-negative integers`);
  });
  const sequences = checkOwners(lengths, owners, named);
  if (examples && examples.length !== sequences)
    throw new StructureError(`chain: examples has ${examples.length} names for ${sequences} sequences`);
  const ports = portsOf("chain", delays);
  return new Structure(layOutChain({ lengths, ports, reverse, owners, sequences, examples }));
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
