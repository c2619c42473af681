import { kind, oneOf, type RequiredKind } from "../check/index.js";
import type { DType } from "../program/index.js";
import { formatShape, ShapeError } from "./shape.js";

const dtypes: readonly DType[] = ["float32", "float64", "int32"];

/** An element type. */
export const dtypeKind: RequiredKind = oneOf(...dtypes);

/** An element type that is a float. */
export const floatKind: RequiredKind = oneOf("float32", "float64");

const sizes = kind("a shape, a list of integers of at least 0 such as [2, 3]", isShape);

/** Asked for every view, so as plain as it can be. */
function isShape(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  for (let d = 0; d < value.length; d++) if (!(Number.isSafeInteger(value[d]) && value[d] >= 0)) return false;
  return true;
}

/** Sizes of axes. */
export const shapeKind: RequiredKind = {
  ...sizes,
  refusal: (subject, value) =>
    Array.isArray(value)
      ? new ShapeError(`${subject} ${formatShape(value)} is not a shape (sizes are non-negative integers)`)
      : sizes.refusal(subject, value),
};
