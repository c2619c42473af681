import { check } from "../check/index.js";
import { axisOf, broadcastShapes, formatShape, ShapeError, type Value } from "../tensor/index.js";
import {
  abs,
  div,
  dot,
  equal,
  less,
  max,
  mul,
  reshape,
  sqrt,
  square,
  stopGradient,
  sum,
  where,
} from "./functions.js";
import { axesKind, checkValue } from "./kinds.js";

/**
 * The Euclidean norm over the given axes, or over all:
 *
 *     |x| = sqrt(sum of x^2)
 *
 * Where x is 0 throughout, the norm is 0 and so are its derivatives of every order, where those of `sqrt(sum(square(x)))` are NaN.
 * Elsewhere the gradient is x / |x|. Elements are scaled by the largest of them, so that no square overflows or underflows.
 *
 * @throws TypeError for int32
 * @example norm(tensor([[3, 4], [0, 0]]), -1) // [5, 0]
 */
export function norm(x: Value, axis?: number | readonly number[]): Value {
  const { scale, root, isZero } = scaled("norm", x, axis);
  return where(isZero, 0, mul(root, scale));
}

/**
 * The cosine of the angle between a and b over the last axis, the others broadcast:
 *
 *     a . b / (|a| |b|)
 *
 * A vector of zeros has no direction: beside one, the similarity is 0 and so are its derivatives of every order, with respect to
 * both.
 *
 * @param a [..., n] @param b [..., n] @returns [...]
 * @throws TypeError for int32 @throws ShapeError if the shapes do not broadcast
 * @example cosineSimilarity(tensor([[3, 4], [0, 0]]), tensor([1, 0])) // [0.6, 0]
 */
export function cosineSimilarity(a: Value, b: Value): Value {
  checkValue("cosineSimilarity", "a", a);
  checkValue("cosineSimilarity", "b", b);
  broadcastShapes(a.shape, b.shape, "cosineSimilarity");
  return dot(direction(a), direction(b));
}

/** x / |x| over the last axis; 0 where x is. */
function direction(x: Value): Value {
  if (x.rank === 0)
    throw new ShapeError(`cosineSimilarity: expected at least one axis, got ${formatShape(x.shape)}`);
  const { unscaled, root, isZero } = scaled("cosineSimilarity", x, -1);
  const perRow = [...x.shape.slice(0, -1), 1];
  return where(reshape(isZero, perRow), 0, div(unscaled, reshape(root, perRow)));
}

/**
 * |x| = scale root. Any scale gives the same derivatives, so it is held constant. Where all is zero, `root` is 1: an operand is
 * chosen before the root is taken, since the slope of the root at 0 is infinite.
 */
function scaled(what: string, x: Value, axis: number | readonly number[] | undefined) {
  checkValue(what, "x", x);
  if (axis !== undefined) check(what, "axis", axis, axesKind);
  if (x.dtype === "int32") throw new TypeError(`${what}: expected float32 or float64, got int32; use cast()`);
  const axes = (typeof axis === "number" ? [axis] : axis)?.map((a) => axisOf(a, x.rank, what));
  const largest = max(abs(stopGradient(x)), axis);
  const isUsable = mul(less(0, largest), less(largest, Number.POSITIVE_INFINITY));
  const scale = where(isUsable, largest, 1);
  const kept = x.shape.map((n, d) => (axes === undefined || axes.includes(d) ? 1 : n));
  const unscaled = div(x, reshape(scale, kept));
  const total = sum(square(unscaled), axis);
  const isZero = equal(total, 0);
  return { scale, unscaled, isZero, root: sqrt(where(isZero, 1, total)) };
}
