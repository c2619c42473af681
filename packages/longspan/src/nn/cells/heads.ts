import type { ParamSpec } from "../../cell/index.js";
import { optional, size } from "../../check/index.js";
import { add, div, matmul, mul, reshape, sqrt, square, sum } from "../../ops/index.js";
import { fromArray, ShapeError, type Value } from "../../tensor/index.js";
import { specOf } from "../init/spec.js";
import { sizes } from "./settings.js";

/** Settings of the cells whose state is a matrix per head. */
export interface FastWeightConfig {
  /** Features of x. */
  readonly input: number;
  /** Features of the output: those of all heads, one head after the other. */
  readonly hidden: number;
  /** Memories side by side, each with keys and values of its own; by default one for each 64 units of `hidden`, and one where 64 do not divide it. */
  readonly heads?: number;
  /** Features of a key and of a query of one head; by default as many as a value has, `hidden` / `heads`. */
  readonly keys?: number;
}

/** What the settings of a cell with heads may be. */
export const fastWeightKinds = { ...sizes, heads: optional(size), keys: optional(size) };

/** The widths of one head. @throws ShapeError if `hidden` does not fall into `heads` equal parts */
export function widthsOf(
  what: string,
  { hidden, heads = hidden % 64 === 0 ? hidden / 64 : 1, keys }: Omit<FastWeightConfig, "input">,
): { readonly heads: number; readonly values: number; readonly keys: number } {
  if (hidden % heads !== 0)
    throw new ShapeError(
      `${what}: ${hidden} hidden features do not fall into ${heads} heads of equal width; make hidden a multiple of heads`,
    );
  const values = hidden / heads;
  return { heads, values, keys: keys ?? values };
}

/** [heads * width] as [heads, width]. */
export function perHead(x: Value, heads: number): Value {
  return reshape(x, [heads, x.shape[0]! / heads]);
}

/** The heads' parts, [heads, width], as one vector [heads * width]. */
export function joined(x: Value): Value {
  return reshape(x, [x.shape[0]! * x.shape[1]!]);
}

/** What a memory [heads, values, keys] holds under keys [heads, keys]: its product with each, [heads, values]. */
export function recall(memory: Value, key: Value): Value {
  const [heads, values, keys] = memory.shape as [number, number, number];
  return reshape(matmul(memory, reshape(key, [heads, keys, 1])), [heads, values]);
}

/** The outer products v k' of values [heads, values] and keys [heads, keys]: [heads, values, keys]. */
export function association(value: Value, key: Value): Value {
  const [heads, values] = value.shape as [number, number];
  return mul(reshape(value, [heads, values, 1]), reshape(key, [heads, 1, key.shape[1]!]));
}

/** A number per head, [heads], times what each head has, [heads, ...]. */
export function scaled(factor: Value, x: Value): Value {
  return mul(reshape(factor, [factor.shape[0]!, ...x.shape.slice(1).map(() => 1)]), x);
}

/**
 * Rows of length 1: k / sqrt(|k|^2 + 1e-6). The constant keeps it smooth at a row of zeros, which stays one, and shortens a row by less
 * than a thousandth from length 0.03 on.
 */
export function unitRows(x: Value): Value {
  const length = sqrt(add(sum(square(x), -1), 1e-6));
  return div(x, reshape(length, [...length.shape, 1]));
}

/** A bias per head, spread evenly from the first number to the last and mapped by `f`; one head has the number in the middle. */
export function spreadBias(
  what: string,
  heads: number,
  [first, last]: readonly [number, number],
  f = (v: number) => v,
): ParamSpec {
  const at = (j: number) => (heads === 1 ? 0.5 : j / (heads - 1));
  const numbers = Array.from({ length: heads }, (_, j) => f(first + at(j) * (last - first)));
  return specOf(what, [heads], (_, shape, dtype) => fromArray(numbers, shape, dtype));
}
