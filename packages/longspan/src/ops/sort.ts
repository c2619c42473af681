import { check, checkSettings, count, flag, optional } from "../check/index.js";
import { axisOf, formatShape, ShapeError, type Tensor, type Value } from "../tensor/index.js";
import { apply } from "./apply.js";
import { checkValue } from "./kinds.js";
import { orderOp, takenAlong } from "./order-op.js";

/** Elements in order, and the places along the axis that they come from. */
export interface Ordered<V extends Value = Value> {
  /** The elements. */
  readonly values: V;
  /** Where each stood (int32), in the shape of `values`. */
  readonly indices: V;
}

/**
 * Elements in order along an axis, from the smallest, or from the largest with `descending`: values[j] = x[indices[j]]. Equal
 * elements keep their order; NaN counts as larger than every number. The derivative follows the elements to where they stood; the
 * indices have none. In a cell, what is not used of the two is not computed.
 * @param x any shape with at least one axis
 * @param axis the last by default; negative numbers count from the end
 * @throws ShapeError if there is no such axis; TypeError if `descending` is neither true nor false
 * @example
 * sort(tensor([3, 1, 2])).values // [1, 2, 3]
 * sort(tensor([3, 1, 2])).indices // [1, 2, 0], int32
 * sort(tensor([[3, 1, 2], [4, 6, 5]]), -1, { descending: true }).values // [[3, 2, 1], [6, 5, 4]]
 */
export function sort(x: Tensor, axis?: number, options?: { readonly descending?: boolean }): Ordered<Tensor>;
export function sort(x: Value, axis?: number, options?: { readonly descending?: boolean }): Ordered;
export function sort(x: Value, axis = -1, options?: { readonly descending?: boolean }): Ordered {
  checkValue("sort", "x", x);
  const { descending = false } = checkSettings("sort", options, { descending: optional(flag) });
  const d = axisOf(axis, x.rank, "sort");
  return ordered(x, d, x.shape[d]!, descending);
}

/**
 * The k largest elements along an axis, from the largest on: values[j] = x[indices[j]]. Of equal elements the first comes first;
 * NaN counts as larger than every number. The derivative goes to the elements that were chosen; the indices have none.
 * @param x any shape with at least one axis
 * @param k how many, at most as many as the axis has
 * @param axis the last by default; negative numbers count from the end
 * @throws ShapeError if there is no such axis or k is larger than it; TypeError if k is not a whole number from 0 on
 * @example
 * topK(tensor([3, 1, 4, 1, 5]), 2).values // [5, 4]
 * topK(tensor([3, 1, 4, 1, 5]), 2).indices // [4, 2], int32
 */
export function topK(x: Tensor, k: number, axis?: number): Ordered<Tensor>;
export function topK(x: Value, k: number, axis?: number): Ordered;
export function topK(x: Value, k: number, axis = -1): Ordered {
  checkValue("topK", "x", x);
  check("topK", "k", k, count);
  const d = axisOf(axis, x.rank, "topK");
  if (k > x.shape[d]!)
    throw new ShapeError(
      `topK: k is ${k}, and axis ${d} of ${formatShape(x.shape)} has ${x.shape[d]} elements`,
    );
  return ordered(x, d, k, true);
}

function ordered(x: Value, axis: number, count: number, descending: boolean): Ordered {
  const indices = apply(orderOp, { axis, count, descending }, x);
  return { values: takenAlong(x, indices, axis), indices };
}
