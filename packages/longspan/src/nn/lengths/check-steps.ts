import { check } from "../../check/index.js";
import { type Structure, StructureError } from "../../unfold/index.js";
import { structureKind } from "../../unfold/kinds.js";

/** Checks that a structure has steps. @throws StructureError for trees and graphs */
export function checkSteps(what: string, structure: Structure): void {
  check(what, "structure", structure, structureKind);
  if (structure.parts.clock === null)
    throw new StructureError(
      `${what}: the structure has no steps, as trees and graphs have none; give a chain, made by chain(lengths)`,
    );
}
