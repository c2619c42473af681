/** A structure that no schedule can serve, such as one with a cycle. */
export class StructureError extends Error {
  override name = "StructureError";
}
