import { check, describe, kind, listOf, numbers, type RequiredKind } from "../check/index.js";
import type { Sequences } from "../nn/index.js";
import { fromArray } from "../tensor/index.js";
import { chain } from "../unfold/index.js";
import type { Symbols } from "./allowed.js";

/** Sources of an encoder-decoder: lists of symbols, or rows of anything and where they lie. */
export type Sources = readonly Symbols[] | Sequences;

/** Sources as rows. Other records are left to the model, which says what it reads. @throws RangeError for symbols that are none, or no sources */
export function packedSources(what: string, sources: Sources): Sequences {
  if (!Array.isArray(sources)) {
    check(what, "sources", sources, sourcesKind);
    return sources as Sequences;
  }
  check(what, "sources", sources, listsOfSymbols);
  if (sources.length === 0)
    throw new RangeError(`${what}: sources is an empty list; give one per sequence that is to be written`);
  return packed(`${what}: sources`, sources);
}

/** Lists of symbols as rows of a chain each. */
export function packed(
  what: string,
  sequences: readonly Symbols[],
  structure = chain(sequences.map((symbols) => symbols.length)),
): Sequences {
  sequences.forEach((symbols, s) => {
    for (let i = 0; i < symbols.length; i++)
      if (!Number.isInteger(symbols[i]) || symbols[i]! < 0)
        throw new RangeError(
          `${what}[${s}][${i}] is ${describe(symbols[i])}, expected a symbol: an integer of at least 0`,
        );
  });
  const laid = sequences.flatMap((symbols) => Array.from(symbols));
  const rows = Int32Array.from(structure.parts.order, (at) => laid[at]!);
  return { x: fromArray(rows, [rows.length], "int32"), structure };
}

const listsOfSymbols = listOf(kind("a list of symbols", numbers.accepts), "a list of lists of symbols");
const sourcesKind: RequiredKind = kind(
  "lists of symbols, or a record { x, structure }",
  (value) => typeof value === "object" && value !== null && "structure" in value,
);
