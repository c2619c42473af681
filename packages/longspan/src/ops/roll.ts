import { check, integer } from "../check/index.js";
import { axisOf, formatShape, ShapeError, type Tensor, Value } from "../tensor/index.js";
import { apply } from "./apply.js";
import { add, div, less, mul, sub, where } from "./arithmetic.js";
import { concatOp } from "./concat-op.js";
import { iotaOp } from "./constant.js";
import { gatherOp } from "./index-ops.js";
import { checkValue } from "./kinds.js";
import { takenAlong } from "./order-op.js";
import { broadcastToOp, reshapeOp, sliceOp } from "./shape-ops.js";

/**
 * Circular shift along an axis: y[(j + shift) mod n] = x[j]. What leaves at one end comes in at the other.
 * @param x any shape with at least one axis
 * @param shift how far: any integer, negative towards the front; or a scalar of type int32, which inside a cell may differ per
 *   sequence or per node
 * @param axis the last by default; negative numbers count from the end
 * @throws ShapeError if there is no such axis or the shift is no scalar; TypeError if the shift is no integer
 * @example
 * roll(tensor([1, 2, 3, 4]), 1) // [4, 1, 2, 3]
 * roll(tensor([[1, 2], [3, 4], [5, 6]]), tensor(-1, "int32"), 0) // [[3, 4], [5, 6], [1, 2]]
 */
export function roll(x: Tensor, shift: number | Tensor, axis?: number): Tensor;
export function roll(x: Value, shift: number | Value, axis?: number): Value;
export function roll(x: Value, shift: number | Value, axis = -1): Value {
  checkValue("roll", "x", x);
  const d = axisOf(axis, x.rank, "roll");
  if (!(shift instanceof Value)) {
    check("roll", "shift", shift, integer);
    return byNumber(x, shift, d);
  }
  if (shift.dtype !== "int32")
    throw new TypeError(
      `roll: shift is ${shift.dtype}, expected int32 (a whole number of places); use cast()`,
    );
  if (shift.rank !== 0)
    throw new ShapeError(`roll: shift has the shape ${formatShape(shift.shape)}, expected a scalar`);
  return byValue(x, shift, d);
}

function byNumber(x: Value, shift: number, axis: number): Value {
  const n = x.shape[axis]!;
  const forwards = n === 0 ? 0 : ((shift % n) + n) % n;
  if (forwards === 0) return x;
  const first = n - forwards;
  const part = (from: number, to: number) => {
    const starts = x.shape.map((_, d) => (d === axis ? from : 0));
    return apply(sliceOp, { starts, sizes: x.shape.map((m, d) => (d === axis ? to - from : m)) }, x);
  };
  return apply(concatOp, { axis }, part(first, n), part(0, first));
}

function byValue(x: Value, shift: Value, axis: number): Value {
  const n = x.shape[axis]!;
  if (x.size === 0) return x;
  // Division of integers leaves out the fraction, so that the rest has the sign of the shift.
  const rest = sub(shift, mul(div(shift, n), n));
  const from = sub(apply(iotaOp, { shape: [n], axis: 0 }), rest);
  const wrapped = where(less(from, 0), add(from, n), where(less(from, n), from, sub(from, n)));
  // Along the first axis whole rows move.
  if (axis === 0) return apply(gatherOp, {}, x, wrapped);
  const line = apply(reshapeOp, { shape: x.shape.map((_, d) => (d === axis ? n : 1)) }, wrapped);
  return takenAlong(x, apply(broadcastToOp, { shape: x.shape }, line), axis);
}
