import { check, count } from "../../check/index.js";
import type { Structure } from "../../unfold/index.js";
import { structureKind } from "../../unfold/kinds.js";

/**
 * The rows of a structure without each sequence's first steps: those that a readout is fitted on, since a reservoir's first states still
 * tell where it started. They are what layers take as `rows`.
 *
 * @param structure a chain, or another structure whose sequences count steps in the order of their nodes
 * @param washout steps at the beginning of each sequence that are left out
 * @returns row numbers, sequence after sequence, in the order of the steps
 * @throws RangeError naming the first sequence that has no step left
 * @example afterWashout(chain([4, 3]), 2) // Int32Array [ 4, 6, 5 ]: steps 2 and 3 of sequence 0, step 2 of sequence 1
 */
export function afterWashout(structure: Structure, washout: number): Int32Array {
  check("afterWashout", "structure", structure, structureKind);
  check("afterWashout", "washout", washout, count);
  structure.nodesPerSequence().forEach((steps, sequence) => {
    if (steps <= washout)
      throw new RangeError(
        `afterWashout: sequence ${sequence} has ${steps} steps, expected more than the washout, ${washout}, since nothing is left of it to fit a readout on; wash out fewer steps, or leave the sequence out`,
      );
  });
  const { order, sequenceOf } = structure.parts;
  const byStep = new Int32Array(order.length);
  order.forEach((position, row) => {
    byStep[position] = row;
  });
  const seen = new Int32Array(structure.sequences);
  return byStep.filter((row) => {
    const sequence = sequenceOf[row]!;
    seen[sequence]! += 1;
    return seen[sequence]! > washout;
  });
}
