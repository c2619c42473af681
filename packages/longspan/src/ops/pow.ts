import type { Value } from "../tensor/index.js";
import { apply } from "./apply.js";
import { addLinear, equal, less, mul, selectOp, sub } from "./arithmetic.js";
import { literal } from "./constant.js";
import { log } from "./elementary.js";
import { type Binary, binary, type Primitive, spread } from "./elementwise.js";

/** Both conditions (0 or 1). */
const both = (p: Value, q: Value) => mul(p, q);

/** b a^(b - 1), the slope along a. Where b = 0 it is 0, also at a = 0, where the formula would be 0 times infinity. */
function slopeOfBase(a: Value, b: Value): Value {
  const zero = literal(0, a.dtype);
  const corner = both(equal(a, zero), equal(b, zero));
  const base = apply(selectOp, {}, corner, literal(1, a.dtype), a);
  return apply(selectOp, {}, corner, zero, mul(b, pow(base, sub(b, 1))));
}

/** a^b ln a, the slope along b. At a = 0 it is 0 for b >= 0, where the formula would be 0 times infinity. */
function slopeOfExponent(a: Value, b: Value, y: Value): Value {
  const zero = literal(0, a.dtype);
  const flat = both(equal(a, zero), sub(literal(1, "int32"), less(b, zero)));
  return mul(y, log(apply(selectOp, {}, flat, literal(1, a.dtype), a)));
}

/**
 * a^b, element by element. A negative a has powers of whole b only; others are NaN. a^0 is 1 and 1^b is 1, whatever the other is.
 *
 * Derivatives: b a^(b - 1) along a, which is 0 where b = 0, and a^b ln a along b, which is 0 where a = 0 and b >= 0, and NaN where a < 0.
 * So at a = 0 the slope along a is 0 for b > 1, 1 for b = 1, infinite for 0 < b < 1. An exponent that is a number is not differentiated.
 * @throws TypeError unless both operands are float32 or both float64; ShapeError if they do not broadcast
 * @example
 * pow(tensor([1, 2, 3]), 2) // [1, 4, 9]
 * pow(2, tensor([-1, 0.5, 10])) // [0.5, 1.414, 1024]
 */
export const pow: Binary & Primitive = binary(
  "pow",
  "pow",
  {
    jvp: ({ inputs: [a, b], outputs: [y] }, [ta, tb]) => [
      addLinear(
        ta && spread(mul(ta, slopeOfBase(a!, b!)), y!.shape),
        tb && spread(mul(tb, slopeOfExponent(a!, b!, y!)), y!.shape),
      ),
    ],
  },
  [
    { attrs: {}, inputs: [{ shape: [2, 3], range: [0.4, 2] }, { shape: [2, 3] }] },
    { attrs: {}, inputs: [{ shape: [], range: [0.4, 2] }, { shape: [2, 3] }] },
    { attrs: {}, inputs: [{ shape: [3], range: [0.4, 2] }, { shape: [] }] },
  ],
);
