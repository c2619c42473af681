import { check, type RequiredKind } from "../check/index.js";
import { cast } from "../ops/index.js";
import { formatShape, full, ShapeError, type Tensor, type Value } from "../tensor/index.js";
import { floatTypeOf } from "./aligned.js";
import { own } from "./own.js";

/**
 * A setting of a step as a scalar of the parameters' type. It is a tensor of its own: a shared constant would be released with
 * the state that records it, and a number baked into a program would be compiled again when it changes.
 *
 * @param what the transform; `name` the setting
 * @param value a number in `range`, or a scalar
 * @throws ShapeError if it is a tensor and no scalar, RangeError if it is a number outside its range
 */
export function stepScalar(
  what: string,
  name: string,
  params: unknown,
  value: number | Value,
  range: RequiredKind,
): Tensor {
  const dtype = floatTypeOf(params);
  if (typeof value === "number") {
    check(what, name, value, range);
    return full([], value, dtype);
  }
  if (value.rank !== 0)
    throw new ShapeError(`${what}: ${name} is a scalar, got shape ${formatShape(value.shape)}`);
  return (value.dtype === dtype ? own(value) : cast(value, dtype)) as Tensor;
}
