import {
  check,
  count,
  integer,
  isRecord,
  type KindsOf,
  kind,
  listOf,
  optional,
  size,
} from "../../check/index.js";
import type { Key, Value } from "../../tensor/index.js";
import { keyKind, treeKind } from "../../tensor/kinds.js";
import { type SetSizes, Structure, StructureError } from "../../unfold/index.js";

/** Inputs besides x, by name; for a set, its members' inputs by name. */
export type FurtherInputs = Readonly<Record<string, Value | Readonly<Record<string, Value>>>>;

/** What a stream goes over. All of it is held until the stream is disposed of. */
export interface StreamOptions {
  /** How many sequences go on side by side, each with one row at first; as many as sets have sizes for by default, or 1. */
  readonly sequences?: number;
  /** The sets that sequences carry, as for `structure.withSets`. */
  readonly sets?: SetSizes;
  /** Inputs that stay as they are: of sequences [sequences, ...], shared ones, and those of the members of sets. A later `write` is seen. */
  readonly inputs?: FurtherInputs;
  /** The key of random draws: step t draws what the whole sequence draws there. Nothing is drawn without it, as in evaluation. */
  readonly key?: Key;
  /** Names of the sequences in random streams; 0, 1, 2, ... by default. */
  readonly examples?: readonly number[];
}

const record = kind("a record by name", isRecord);
const setKind = listOf(count, "a list of sizes, one per sequence");

/** Kinds of the options of streams. */
export const streamKinds: KindsOf<StreamOptions> = {
  sequences: optional(size),
  sets: optional(record),
  inputs: optional(treeKind),
  key: optional(keyKind),
  examples: optional(listOf(integer, "a list of names, integers")),
};

/** Checks that what a stream goes over fits together. @returns how many sequences that is @throws StructureError where parts do not fit one another */
export function checkStreamOptions(what: string, options: StreamOptions | undefined): number {
  const { sets = {}, sequences, examples } = options ?? {};
  for (const [name, of] of Object.entries(sets))
    if (!(of instanceof Structure)) check(what, `sets.${name}`, of, setKind);
  const sizes = Object.entries(sets).map(
    ([name, of]) => [name, of instanceof Structure ? of.sequences : of.length] as const,
  );
  const all = sequences ?? sizes[0]?.[1] ?? 1;
  for (const [name, n] of sizes) if (n !== all) throw misfit(`${what}: sets.${name} is given for ${n}`, all);
  if (examples && examples.length !== all) throw misfit(`${what}: examples names ${examples.length}`, all);
  if (all === 0)
    throw new StructureError(`${what}: sets are given for no sequences; a stream has at least one`);
  return all;
}

function misfit(which: string, sequences: number): StructureError {
  return new StructureError(`${which} sequences, the stream goes over ${sequences}; sequences says how many`);
}
