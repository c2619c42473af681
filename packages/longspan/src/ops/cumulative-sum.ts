import { checkSettings, flag, optional } from "../check/index.js";
import { axisOf, sizeOf, type Tensor, type Value } from "../tensor/index.js";
import { apply } from "./apply.js";
import type { Primitive } from "./elementwise.js";
import { checkValue } from "./kinds.js";
import type { Op } from "./record.js";

/** Sums along an axis, from one of its ends. A tensor gives a tensor; a traced value gives a traced value. */
export interface CumulativeSumFunction {
  (x: Tensor, axis?: number, options?: { readonly reverse?: boolean }): Tensor;
  (x: Value, axis?: number, options?: { readonly reverse?: boolean }): Value;
}

/** y[j] = sum over q <= j of x[q], or over q >= j. Linear; its transpose sums from the other end. */
const op: Op<{ axis: number; reverse: boolean }> = {
  name: "cumulativeSum",
  infer: (_, [x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  jvp: ({ attrs }, [t]) => [t && apply(op, attrs, t)],
  transpose: ({ attrs }, [ct]) => [ct && apply(op, { ...attrs, reverse: !attrs.reverse }, ct)],
  lowering: {
    kind: "instruction",
    accumulates: true,
    byRows: ({ axis, reverse }) => (axis === 0 ? null : { attrs: { axis: axis - 1, reverse }, rows: [true] }),
    build: ({ axis, reverse }, [a], out, space, accumulate) => ({
      kind: "cumulativeSum",
      space,
      out: out.view,
      a: a!.view,
      outer: sizeOf(out.shape.slice(0, axis)),
      length: out.shape[axis]!,
      inner: sizeOf(out.shape.slice(axis + 1)),
      reverse,
      accumulate,
    }),
  },
  samples: [
    { attrs: { axis: 0, reverse: false }, inputs: [{ shape: [5] }] },
    { attrs: { axis: 1, reverse: false }, inputs: [{ shape: [2, 3, 2] }] },
    { attrs: { axis: 1, reverse: true }, inputs: [{ shape: [3, 4] }] },
    { attrs: { axis: 0, reverse: true }, inputs: [{ shape: [3, 2] }] },
  ],
};

/**
 * Cumulative sums along an axis: y[j] = x[0] + ... + x[j]; with `reverse`, y[j] = x[j] + ... + x[n - 1]. Sums are formed in double
 * precision. The derivative of one is the other.
 * @param x any shape with at least one axis
 * @param axis the last by default; negative numbers count from the end
 * @throws ShapeError if there is no such axis; TypeError if `reverse` is neither true nor false
 * @example
 * cumulativeSum(tensor([[1, 2, 3], [4, 5, 6]])) // [[1, 3, 6], [4, 9, 15]]
 * cumulativeSum(tensor([1, 2, 3]), 0, { reverse: true }) // [6, 5, 3]
 */
export const cumulativeSum: CumulativeSumFunction & Primitive = Object.assign(
  ((x: Value, axis = -1, options?: { readonly reverse?: boolean }) => {
    checkValue("cumulativeSum", "x", x);
    const { reverse = false } = checkSettings("cumulativeSum", options, { reverse: optional(flag) });
    return apply(op, { axis: axisOf(axis, x.rank, "cumulativeSum"), reverse }, x);
  }) as CumulativeSumFunction,
  { op },
);
