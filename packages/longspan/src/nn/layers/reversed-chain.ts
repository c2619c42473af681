import { chain, type Structure, StructureError } from "../../unfold/index.js";

const known = new WeakMap<Structure, Structure>();

/**
 * The chain that runs the other way over the same rows: `chain(lengths, { reverse: true })` for
 * `chain(lengths)`, and back.
 * @throws StructureError if the structure is not a chain
 */
export function reversedChain(structure: Structure): Structure {
  let other = known.get(structure);
  if (!other) {
    const { clock, positions, sequenceOf, examples } = checkChain(structure);
    const lengths = new Array<number>(structure.sequences).fill(0);
    for (const b of sequenceOf) lengths[b]! += 1;
    const isForward = positions.every((t, row) => clock[row] === t);
    // A chain of sequences of one step each is its own reverse.
    other = chain(lengths, { reverse: isForward, examples: Array.from(examples) });
    known.set(structure, other);
    known.set(other, structure);
  }
  return other;
}

function checkChain({ parts }: Structure) {
  const { clock, edges, nodes, sequences, sources, sinks, inPorts } = parts;
  const plain =
    edges.from.length === nodes + sequences &&
    sources === sequences &&
    sinks === sequences &&
    inPorts.length === 1;
  if (clock === null || !plain)
    throw new StructureError("a reversed or bidirectional layer needs a chain, made by chain(lengths)");
  return { ...parts, clock };
}
