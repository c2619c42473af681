import { check, checkSettings, count, isRecord, kind, listOf, numbers } from "../check/index.js";
import { fromArray, type Tensor } from "../tensor/index.js";
import { chain, type Structure } from "../unfold/index.js";

/** A sequence of symbols, and the one that is to be made of it. */
export interface SymbolPair {
  readonly source: ArrayLike<number>;
  readonly target: ArrayLike<number>;
}

/** Pairs of sequences of symbols, laid out for an encoder and a decoder. */
export interface PackedPairs {
  /** The sources: int32 symbols in the rows of their structure. */
  readonly source: { readonly x: Tensor; readonly structure: Structure };
  /** What the decoder reads: begin, then the symbols of the target. Its structure's sequences carry those of the sources as a set, `source`. */
  readonly target: { readonly x: Tensor; readonly structure: Structure };
  /** What it is to answer, row by row: the symbols of the target, then end. int32 [target nodes]. */
  readonly answers: Tensor;
}

/**
 * Pairs of sequences, laid out so that the decoder reads each symbol of the target and answers the next (teacher forcing).
 *
 *     target.x   begin, y(1), ..., y(T)
 *     answers    y(1), ..., y(T), end
 *
 * Sources and targets have any lengths, 0 included; nothing is padded. A decoder stops when it answers `end`, so that the length is learned
 * too.
 *
 * @param config.begin the symbol that the decoder reads first @param config.end the one that it answers last
 * @throws RangeError for symbols that are no integers of at least 0
 * @example
 * const { source, target, answers } = packPairs([{ source: [3, 1], target: [2] }], { begin: 0, end: 1 });
 * target.x // [0, 2], int32
 * answers // [2, 1], int32
 */
export function packPairs(
  pairs: readonly SymbolPair[],
  config: { readonly begin: number; readonly end: number },
): PackedPairs {
  check("packPairs", "pairs", pairs, pairsKind);
  const { begin, end } = checkSettings("packPairs", config, { begin: count, end: count });
  const sources = laid(
    "source",
    pairs.map(({ source }) => Array.from(source)),
  );
  const targets = pairs.map(({ target }) => Array.from(target));
  const target = laid(
    "target",
    targets.map((symbols) => [begin, ...symbols]),
  );
  const structure = target.structure.withSets({ source: sources.structure });
  const answers = laid(
    "target",
    targets.map((symbols) => [...symbols, end]),
    structure,
  );
  return { source: sources, target: { x: target.x, structure }, answers: answers.x };
}

/** Sequences in the rows of a structure. */
function laid(
  name: string,
  sequences: readonly (readonly number[])[],
  structure = chain(sequences.map((symbols) => symbols.length)),
): { x: Tensor; structure: Structure } {
  sequences.forEach((symbols, i) => {
    for (const [t, symbol] of symbols.entries())
      if (!Number.isInteger(symbol) || symbol < 0)
        throw new RangeError(
          `packPairs: pairs[${i}].${name} holds ${symbol}, at ${t} of what is laid out; symbols are integers of at least 0`,
        );
  });
  const all = sequences.flat();
  const rows = Int32Array.from(structure.parts.order, (at) => all[at]!);
  return { x: fromArray(rows, [rows.length], "int32"), structure };
}

const pairsKind = listOf(
  kind("a pair { source, target } of lists of symbols", (value) => {
    return isRecord(value) && numbers.accepts(value.source) && numbers.accepts(value.target);
  }),
  "a list of pairs { source, target } of lists of symbols",
);
