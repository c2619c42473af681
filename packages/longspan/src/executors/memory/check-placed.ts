import type { Place, TypedArray } from "../../program/index.js";

/** Checks the arrays of `PreparedRuns.run`. */
export function checkPlaced(input: ArrayLike<number>, into: Place, output: TypedArray, from: Place): void {
  if (input.length !== into.length)
    throw new RangeError(`the input has ${input.length} elements, its place ${into.length}`);
  if (output.length !== from.length)
    throw new RangeError(`the output has ${output.length} elements, its place ${from.length}`);
}
