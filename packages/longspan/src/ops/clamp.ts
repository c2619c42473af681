import { check, kind } from "../check/index.js";
import { type Tensor, Value } from "../tensor/index.js";
import { less, where } from "./arithmetic.js";
import type { Operand } from "./elementwise.js";
import { checkValue } from "./kinds.js";

const bound = kind(
  "a number or a value",
  (value) => value instanceof Value || (typeof value === "number" && !Number.isNaN(value)),
);

/**
 * x where it lies between the bounds, the nearer bound where it does not: y = low if x < low, high if x > high, else x. NaN stays NaN.
 *
 * The derivative is 1 to x between the bounds and at them, and 0 beyond, where that of a bound that is a value is 1. To limit a gradient and
 * not a value, see `clipGradient`.
 * @param low the lower bound, a number or a value that broadcasts against x; -Infinity for none
 * @param high the upper bound, at least `low`; Infinity for none
 * @throws RangeError if both bounds are numbers and low is larger than high, or one is NaN
 * @example
 * clamp(tensor([-3, 0.5, 3]), -1, 1) // [-1, 0.5, 1]
 * clamp(tensor([-3, 0.5, 3]), 0, Infinity) // [0, 0.5, 3]
 */
export function clamp(x: Tensor, low: number | Tensor, high: number | Tensor): Tensor;
export function clamp(x: Value, low: Operand, high: Operand): Value;
export function clamp(x: Value, low: Operand, high: Operand): Value {
  checkValue("clamp", "x", x);
  check("clamp", "low", low, bound);
  check("clamp", "high", high, bound);
  if (typeof low === "number" && typeof high === "number" && low > high)
    throw new RangeError(`clamp: low ${low} is larger than high ${high}`);
  return where(less(x, low), low, where(less(high, x), high, x));
}
