import { checkSettings, flag, optional } from "../check/index.js";
import { axisOf, type Tensor, type Value } from "../tensor/index.js";
import { checkValue } from "./kinds.js";
import { runningProduct } from "./linear-recurrence-op.js";

/**
 * Cumulative products along an axis: y[j] = x[0] x[1] ... x[j]; with `reverse`, y[j] = x[j] ... x[n - 1]. Products are formed in double
 * precision; those of integers are exact up to 2^31. Derivatives divide by nothing: they are right where elements are 0.
 * @param x any shape with at least one axis
 * @param axis the last by default; negative numbers count from the end
 * @throws ShapeError if there is no such axis; TypeError if `reverse` is neither true nor false
 * @example
 * cumulativeProduct(tensor([[1, 2, 3], [4, 5, 6]])) // [[1, 2, 6], [4, 20, 120]]
 * cumulativeProduct(tensor([1, 2, 3]), 0, { reverse: true }) // [6, 6, 3]
 */
export function cumulativeProduct(x: Tensor, axis?: number, options?: { readonly reverse?: boolean }): Tensor;
export function cumulativeProduct(x: Value, axis?: number, options?: { readonly reverse?: boolean }): Value;
export function cumulativeProduct(x: Value, axis = -1, options?: { readonly reverse?: boolean }): Value {
  checkValue("cumulativeProduct", "x", x);
  const { reverse = false } = checkSettings("cumulativeProduct", options, { reverse: optional(flag) });
  return runningProduct(x, { axis: axisOf(axis, x.rank, "cumulativeProduct"), reverse });
}
