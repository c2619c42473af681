import { check, count, describe, integer, listOf, number, positive } from "../check/index.js";
import type { DType } from "../program/index.js";
import {
  axisOf,
  checkNumber,
  formatShape,
  fromArray,
  type Key,
  type Shape,
  ShapeError,
  sameShape,
  type Tensor,
  Value,
} from "../tensor/index.js";
import { dtypeKind, floatKind, keyKind, shapeKind, valueKind } from "../tensor/kinds.js";
import { apply } from "./apply.js";
import { add, cast, div, equal, less, lessEqual, maximum, mul, neg, sub, where } from "./arithmetic.js";
import { concatOp } from "./concat-op.js";
import { constantOp, iotaOp } from "./constant.js";
import { abs, cos, exp, log, log1p, sqrt } from "./elementary.js";
import type { Binary, Operand, Unary } from "./elementwise.js";
import { argmaxOp, reduceMaxOp } from "./extrema-ops.js";
import { gatherOp, indexSumOp } from "./index-ops.js";
import { axesKind, checkValue, noValue } from "./kinds.js";
import { outerOp } from "./product-ops.js";
import type { Op } from "./record.js";
import { clipGradientOp, stopGradientOp, uniformOp } from "./row-ops.js";
import { broadcastToOp, permuteOp, reduceSumOp, reshapeOp, sliceOp } from "./shape-ops.js";

export * from "./clamp.js";
export * from "./cumulative-product.js";
export * from "./cumulative-sum.js";
export * from "./elementary.js";
export type { Binary, Operand, Primitive, Unary } from "./elementwise.js";
export { matmul } from "./matmul.js";
export * from "./one-hot.js";
export { pow } from "./pow.js";
export * from "./roll.js";
export * from "./solve.js";
export * from "./sort.js";
export { type SparseMatrix, sparseMatmul } from "./sparse-op.js";
export { add, cast, div, equal, less, lessEqual, maximum, mul, neg, sub, where };

const valueList = listOf(valueKind, "a list of tensors");
const integers = listOf(integer, "a list of integers");

/**
 * The smaller of a and b; at a tie each side gets half of the derivative.
 * @example minimum(tensor([1, 5]), 3) // [1, 3]
 */
export const minimum: Binary = ((a: Operand, b: Operand) => {
  const isOperand = (v: unknown) => v instanceof Value || typeof v === "number";
  if (!isOperand(a) || !isOperand(b) || (typeof a === "number" && typeof b === "number"))
    throw noValue("minimum", a, b);
  const flip = (v: Operand) => (v instanceof Value ? neg(v) : -v);
  return neg(maximum(flip(a), flip(b)));
}) as Binary;
/**
 * x^2
 * @example square(tensor([-2, 3])) // [4, 9]
 */
export const square: Unary = ((x: Value) => {
  checkValue("square", "x", x);
  return mul(x, x);
}) as Unary;
/**
 * max(x, 0); the derivative at 0 is 0.
 * @example relu(tensor([-2, 3])) // [0, 3]
 */
export const relu: Unary = ((x: Value) => {
  checkValue("relu", "x", x);
  return where(less(0, x), x, 0);
}) as Unary;
/**
 * ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), without overflow; smooth at 0, where the slope is 1/2.
 * @example softplus(tensor([-1000, 0, 1000])) // [0, 0.693, 1000]
 */
export const softplus: Unary = ((x: Value) => {
  checkValue("softplus", "x", x);
  const positive = less(0, x);
  // Both terms choose the same side at 0, so that their slopes there add up.
  return add(where(positive, x, 0), log1p(exp(where(positive, neg(x), x))));
}) as Unary;

/**
 * Outer product of two vectors: y[i, j] = a[i] b[j].
 * @example outer(tensor([1, 2]), tensor([3, 4])) // [[3, 4], [6, 8]]
 */
export function outer(a: Value, b: Value): Value {
  checkValue("outer", "a", a);
  checkValue("outer", "b", b);
  return apply(outerOp, {}, a, b);
}

/**
 * Inner product over the last axis.
 * @example dot(tensor([[1, 2], [3, 4]]), tensor([1, 10])) // [21, 43]
 */
export function dot(a: Value, b: Value): Value {
  checkValue("dot", "a", a);
  checkValue("dot", "b", b);
  return sum(mul(a, b), -1);
}

/**
 * The same elements under another shape; one size may be -1 and is worked out.
 * @example reshape(zeros([2, 3, 4]), [2, -1]).shape // [ 2, 12 ]
 */
export function reshape(x: Tensor, shape: Shape): Tensor;
export function reshape(x: Value, shape: Shape): Value;
export function reshape(x: Value, shape: Shape): Value {
  checkValue("reshape", "x", x);
  if (!Array.isArray(shape)) check("reshape", "shape", shape, integers);
  // In one pass: a reshape moves no data, so that what it checks is what it costs.
  let [open, rest, isSound] = [0, 1, true];
  for (const n of shape)
    if (n === -1) open += 1;
    else {
      isSound &&= Number.isInteger(n) && n >= 0;
      rest *= n;
    }
  const { size } = x;
  const missing = size / rest;
  if (!isSound || open > 1 || (open === 1 ? !Number.isInteger(missing) : rest !== size))
    throw new ShapeError(
      `reshape: ${formatShape(x.shape)} has ${size} elements, which cannot be laid out in the shape ${formatShape(shape)} (sizes are non-negative integers, one may be -1)`,
    );
  const full = shape.map((n) => (n === -1 ? missing : n));
  return sameShape(full, x.shape) ? x : apply(reshapeOp, { shape: full }, x);
}

/**
 * Repeats axes of size 1 and adds axes in front.
 * @example broadcastTo(tensor([[1], [2]]), [2, 3]) // [[1, 1, 1], [2, 2, 2]]
 */
export function broadcastTo(x: Value, shape: Shape): Value {
  checkValue("broadcastTo", "x", x);
  check("broadcastTo", "shape", shape, shapeKind);
  return sameShape(x.shape, shape) ? x : apply(broadcastToOp, { shape }, x);
}

/**
 * Axis d of the result is axis `axes[d]` of x; without `axes`, the order is reversed.
 * @example permute(zeros([2, 3, 4]), [2, 0, 1]).shape // [ 4, 2, 3 ]
 */
export function permute(x: Value, axes?: readonly number[]): Value {
  checkValue("permute", "x", x);
  if (axes !== undefined) check("permute", "axes", axes, integers);
  return apply(permuteOp, { axes: axes ?? x.shape.map((_, d) => x.rank - 1 - d) }, x);
}

function reduction(op: Op, x: Value, axis: number | readonly number[] | undefined, name: string): Value {
  checkValue(name, "x", x);
  if (axis !== undefined) check(name, "axis", axis, axesKind);
  const axes =
    axis === undefined
      ? x.shape.map((_, d) => d)
      : [...new Set((typeof axis === "number" ? [axis] : axis).map((a) => axisOf(a, x.rank, name)))].sort(
          (p, q) => p - q,
        );
  if (axes.length === 0) return x;
  // Sums over everything go over the leading axis last, which keeps them in rows.
  if (axes.length === x.rank && x.rank > 1)
    return reduction(op, apply(op, { axes: axes.slice(1) }, x), 0, name);
  return apply(op, { axes }, x);
}

/**
 * Sum over the given axes, or over all.
 * @example sum(tensor([[1, 2], [3, 4]]), 0) // [4, 6]
 */
export function sum(x: Tensor, axis?: number | readonly number[]): Tensor;
export function sum(x: Value, axis?: number | readonly number[]): Value;
export function sum(x: Value, axis?: number | readonly number[]): Value {
  return reduction(reduceSumOp, x, axis, "sum");
}

/**
 * Mean over the given axes, or over all.
 * @example mean(tensor([[1, 2], [3, 4]])) // 2.5
 */
export function mean(x: Tensor, axis?: number | readonly number[]): Tensor;
export function mean(x: Value, axis?: number | readonly number[]): Value;
export function mean(x: Value, axis?: number | readonly number[]): Value {
  const s = reduction(reduceSumOp, x, axis, "mean");
  return div(s, x.size / Math.max(1, s.size));
}

/**
 * Maximum over the given axes, or over all; equal maxima share the derivative.
 * @example max(tensor([[1, 5], [7, 3]]), -1) // [5, 7]
 */
export function max(x: Value, axis?: number | readonly number[]): Value {
  return reduction(reduceMaxOp, x, axis, "max");
}

/**
 * Place of the first maximum along an axis (int32).
 * @example argmax(tensor([[1, 5, 5], [7, 3, 0]])) // [1, 0], int32
 */
export function argmax(x: Value, axis = -1): Value {
  checkValue("argmax", "x", x);
  return apply(argmaxOp, { axes: [axisOf(axis, x.rank, "argmax")] }, x);
}

/**
 * Elements [start, end) along one axis.
 * @example slice(tensor([[1, 2, 3], [4, 5, 6]]), -1, 1, 3) // [[2, 3], [5, 6]]
 */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  checkValue("slice", "x", x);
  const d = axisOf(axis, x.rank, "slice");
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end > x.shape[d]! || start > end)
    throw new ShapeError(
      `slice: start ${describe(start)} and end ${describe(end)} along axis ${d}, which has ${x.shape[d]}`,
    );
  if (start === 0 && end === x.shape[d]) return x;
  const starts = x.shape.map((_, q) => (q === d ? start : 0));
  return apply(sliceOp, { starts, sizes: x.shape.map((n, q) => (q === d ? end - start : n)) }, x);
}

/** A list of `N` values, as a tuple where N is known. */
export type Parts<N extends number, List extends Value[] = []> = number extends N
  ? Value[]
  : List["length"] extends N
    ? List
    : Parts<N, [...List, Value]>;

/**
 * Cuts the last axis into equal parts, such as the gates of a cell.
 * @throws ShapeError if the axis does not divide evenly.
 * @example const [i, f] = split(tensor([1, 2, 3, 4]), 2); // [1, 2] and [3, 4]
 */
export function split<N extends number>(x: Value, parts: N): Parts<N> {
  checkValue("split", "x", x);
  const n = x.shape.at(-1) ?? 0;
  if (!Number.isInteger(parts) || parts < 1 || n % parts !== 0)
    throw new ShapeError(
      `split: the last axis has ${n} elements, which do not make ${describe(parts)} equal parts`,
    );
  const width = n / parts;
  return Array.from({ length: parts }, (_, i) => slice(x, -1, i * width, (i + 1) * width)) as Parts<N>;
}

/**
 * Joins values along an axis.
 * @example concat([tensor([[1], [2]]), tensor([[3], [4]])]) // [[1, 3], [2, 4]]
 */
export function concat(values: readonly Value[], axis = -1): Value {
  check("concat", "values", values, valueList);
  if (values.length === 0) throw new ShapeError("concat: values is an empty list; there is nothing to join");
  if (values.length === 1) return values[0]!;
  return apply(concatOp, { axis: axisOf(axis, values[0]!.rank, "concat") }, ...values);
}

/**
 * Rows of a table by number: y[i, :] = table[index[i], :].
 * @example gather(tensor([[1, 2], [3, 4], [5, 6]]), tensor([2, 0], "int32")) // [[5, 6], [1, 2]]
 */
export function gather(table: Value, index: Value): Value {
  checkValue("gather", "table", table);
  checkValue("gather", "index", index);
  return apply(gatherOp, {}, table, index);
}

/**
 * y[v, :] = sum over i with index[i] = v of values[i, :], v < size.
 * @example indexSum(tensor([[1], [2], [4]]), tensor([0, 2, 0], "int32"), 3) // [[5], [0], [2]]
 */
export function indexSum(values: Value, index: Value, size: number): Value {
  checkValue("indexSum", "values", values);
  checkValue("indexSum", "index", index);
  check("indexSum", "size", size, count);
  return apply(indexSumOp, { size }, values, index);
}

/**
 * ln of the sum of e^x over the last axis, without overflow. That of a row of -Infinity is -Infinity, and has no gradient (NaN).
 * @example logSumExp(tensor([1000, 1000])) // 1000.693
 */
export function logSumExp(x: Value): Value {
  checkValue("logSumExp", "x", x);
  // Where every element is -Infinity, or one is Infinity, the shift would be Infinity - Infinity.
  const peak = stopGradient(max(x, -1));
  const top = where(less(abs(peak), Number.POSITIVE_INFINITY), peak, 0);
  const shifted = sub(x, reshape(top, [...top.shape, 1]));
  return add(log(sum(exp(shifted), -1)), top);
}

/**
 * e^x / sum of e^x over the last axis. An element of -Infinity gets 0. There is no distribution over nothing: a row of -Infinity
 * throughout gives 0 / 0, which is NaN, and NaN for its gradient. Where such a row is to give zeros, choose it before and after:
 *
 *     const none = reshape(equal(max(x, -1), Number.NEGATIVE_INFINITY), [...x.shape.slice(0, -1), 1]);
 *     where(none, 0, softmax(where(none, 0, x)))
 *
 * @example softmax(tensor([0, Math.log(3)])) // [0.25, 0.75]
 */
export function softmax(x: Value): Value {
  checkValue("softmax", "x", x);
  return exp(logSoftmax(x));
}

/**
 * x - ln(sum of e^x) over the last axis. A row of -Infinity throughout gives NaN, as for `softmax`.
 * @example logSoftmax(tensor([1000, 0])) // [0, -1000]
 */
export function logSoftmax(x: Value): Value {
  checkValue("logSoftmax", "x", x);
  const total = logSumExp(x);
  return sub(x, reshape(total, [...total.shape, 1]));
}

/**
 * Identity whose derivative is zero.
 * @example grad((x: Value) => mul(stopGradient(x), x))(tensor(3)) // 3, not 6
 */
export function stopGradient(x: Value): Value {
  return apply(stopGradientOp, {}, x);
}

/**
 * Identity whose incoming gradient is clipped to [-limit, limit], element by element (Graves 2013).
 * @example grad((x: Value) => mul(10, clipGradient(x, 1)))(tensor(3)) // 1, not 10
 */
export function clipGradient(x: Value, limit: number): Value {
  checkValue("clipGradient", "x", x);
  check("clipGradient", "limit", limit, positive);
  return apply(clipGradientOp, { limit }, x);
}

/**
 * 0, 1, 2, ... along an axis of the given shape (int32).
 * @example iota([2, 3]) // [[0, 1, 2], [0, 1, 2]], int32
 */
export function iota(shape: Shape, axis = -1): Value {
  check("iota", "shape", shape, shapeKind);
  return apply(iotaOp, { shape, axis: axisOf(axis, shape.length, "iota") });
}

/**
 * A value filled with one number; inside a cell it is part of the cell's text.
 * @example constant(0.5, [2]) // [0.5, 0.5]
 */
export function constant(value: number, shape: Shape, dtype: DType = "float32"): Value {
  check("constant", "value", value, number);
  check("constant", "shape", shape, shapeKind);
  check("constant", "dtype", dtype, dtypeKind);
  checkNumber("constant", value, dtype);
  return apply(constantOp, { value, shape, dtype });
}

/**
 * Uniform numbers in [0, 1): the same key and shape give the same bits everywhere.
 * @example uniform(Key.of(1), [2, 3]).shape // [ 2, 3 ]
 */
export function uniform(key: Key, shape: Shape, dtype: DType = "float32"): Tensor {
  return draws("uniform", key, shape, dtype);
}

function draws(what: string, key: Key, shape: Shape, dtype: DType): Tensor {
  check(what, "key", key, keyKind);
  check(what, "shape", shape, shapeKind);
  check(what, "dtype", dtype, floatKind);
  const words = fromArray(key.words, [2], "int32");
  const zero = fromArray([0], [], "int32");
  return apply(uniformOp, { shape, dtype, site: 0 }, words, zero, zero) as Tensor;
}

/**
 * Standard normal numbers by the Box-Muller transform of two uniforms.
 * @example normal(Key.of(1), [2, 3]).shape // [ 2, 3 ]
 */
export function normal(key: Key, shape: Shape, dtype: DType = "float32"): Tensor {
  check("normal", "key", key, keyKind);
  const [ka, kb] = key.split(2);
  // 1 - u lies in (0, 1], so the logarithm is finite.
  const radius = sqrt(mul(-2, log(sub(1, draws("normal", ka!, shape, dtype)))));
  return mul(radius, cos(mul(2 * Math.PI, draws("normal", kb!, shape, dtype))));
}
