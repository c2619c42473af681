import type { ParamValues } from "../../cell/index.js";
import { fromArray, type Value } from "../../tensor/index.js";
import { type Structure, unfold } from "../../unfold/index.js";
import type { Sequences } from "../sequence-to-sequence/check-sequences.js";
import type { wordBags } from "./word-bags.js";

/** The vectors of sentences by each table of a cell of word bags: [sentences, width]. */
export function sentenceVectors(
  cell: ReturnType<typeof wordBags>,
  tables: Readonly<Record<string, Value>>,
  { x: word, structure }: Sequences,
): Readonly<Record<string, Value>> {
  const position = Object.hasOwn(cell.inputs, "position")
    ? { position: fromArray(positionsOf(structure), [structure.nodes], Object.values(tables)[0]!.dtype) }
    : {};
  const inputs = { word, ...position } as never;
  const { sums } = unfold(cell, tables as ParamValues<typeof cell.specs> as never, inputs, structure);
  return sums as Readonly<Record<string, Value>>;
}

const known = new WeakMap<Structure, Float64Array>();

/** At each node its place in its sequence, j/J: 1 at the last. */
function positionsOf(structure: Structure): Float64Array {
  let shares = known.get(structure);
  if (!shares) {
    const lengths = structure.nodesPerSequence();
    const { sequenceOf, positions } = structure.parts;
    shares = Float64Array.from(sequenceOf, (s, row) => (positions[row]! + 1) / lengths[s]!);
    known.set(structure, shares);
  }
  return shares;
}
