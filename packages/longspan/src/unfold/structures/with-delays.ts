import { type Delays, portsOf } from "./delays.js";
import { layOutChain } from "./lay-out-chain.js";
import { Structure, StructureError } from "./structure.js";

/**
 * The chain over the same rows in which edges have these delays, with the sets and the start of the other.
 * @throws StructureError for what is no chain of single steps
 */
export function withDelays(structure: Structure, delays: Delays): Structure {
  const ports = portsOf("withDelays", delays);
  const { chainOf, reverse } = chainsOf(structure);
  const { sequences, sources, sequenceOf, examples, start, sets } = structure.parts;
  const lengths = new Array<number>(sources).fill(0);
  const owners = Array.from({ length: sources }, (_, b) => b);
  chainOf.forEach((b, row) => {
    lengths[b]! += 1;
    owners[b] = sequenceOf[row]!;
  });
  return new Structure({
    ...layOutChain({ lengths, ports, reverse, owners, sequences, examples: Array.from(examples) }),
    ...(start ? { start } : {}),
    ...(sets ? { sets } : {}),
  });
}

/** The chain that each row belongs to, and whether chains run from their last step to the first. */
function chainsOf({ parts, levels, reads }: Structure): { chainOf: Int32Array; reverse: boolean } {
  const { clock, positions, sources, sinks, levelBegin, levelEnd } = parts;
  if (clock === null || !reads.onePerNode || sources !== sinks)
    throw new StructureError("delays are those of a chain, made by chain(lengths)");
  const chainOf = new Int32Array(parts.nodes);
  for (let l = 0; l < levels; l++)
    for (let row = levelBegin[l]!; row < levelEnd[l]!; row++) {
      const from = reads.from[row]!;
      chainOf[row] = from < 0 ? -from - 1 : chainOf[from]!;
    }
  return { chainOf, reverse: !positions.every((t, row) => t === clock[row]) };
}
