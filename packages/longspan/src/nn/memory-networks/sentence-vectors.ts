import type { ParamValues } from "../../cell/index.js";
import { fromArray, type Value } from "../../tensor/index.js";
import { type Structure, unfold } from "../../unfold/index.js";
import type { Sequences } from "../sequence-to-sequence/check-sequences.js";
import type { wordBags } from "./word-bags.js";

/**
 * The vectors of sentences by each table of a cell of word bags: [sentences, width].
 * @param longest J for all sentences; each sentence's own by default
 */
export function sentenceVectors(
  cell: ReturnType<typeof wordBags>,
  tables: Readonly<Record<string, Value>>,
  { x: word, structure }: Sequences,
  longest?: number,
): Readonly<Record<string, Value>> {
  const { dtype } = Object.values(tables)[0]!;
  const position = Object.hasOwn(cell.inputs, "position")
    ? { position: fromArray(positionsOf(structure, longest), [structure.nodes], dtype) }
    : {};
  const inputs = { word, ...position } as never;
  const { sums } = unfold(cell, tables as ParamValues<typeof cell.specs> as never, inputs, structure);
  return sums as Readonly<Record<string, Value>>;
}

const known = new WeakMap<Structure, Map<number | undefined, Float64Array>>();

/** At each node its place in its sentence, j/J: 1 at the last, where J is the sentence's own. */
function positionsOf(structure: Structure, longest: number | undefined): Float64Array {
  const byLongest = known.get(structure) ?? new Map<number | undefined, Float64Array>();
  known.set(structure, byLongest);
  let shares = byLongest.get(longest);
  if (!shares) {
    const lengths = structure.nodesPerSequence();
    const { sequenceOf, positions } = structure.parts;
    shares = Float64Array.from(sequenceOf, (s, row) => (positions[row]! + 1) / (longest ?? lengths[s]!));
    byLongest.set(longest, shares);
  }
  return shares;
}
