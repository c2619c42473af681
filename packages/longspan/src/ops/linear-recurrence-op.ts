import { type Shape, sizeOf, type Value } from "../tensor/index.js";
import { apply } from "./apply.js";
import { addLinear, mul } from "./arithmetic.js";
import type { Op } from "./record.js";
import { padOp, sliceOp } from "./shape-ops.js";

interface Along {
  readonly axis: number;
  readonly reverse: boolean;
}

/**
 * y[j] = a[j] y[j - 1] + b[j] along an axis, from 0 before the first element (y[j + 1] from the other end with `reverse`); a of the first
 * element is not used. Linear in b. A tangent of y follows the same recurrence, so that no derivative divides by an element.
 */
export const linearRecurrenceOp: Op<Along> = {
  name: "linearRecurrence",
  infer: (_, [, b]) => [{ shape: b!.shape, dtype: b!.dtype }],
  jvp({ attrs, inputs: [a], outputs: [y] }, [ta, tb]) {
    const along = ta && mul(ta, moved(y!, attrs));
    const t = addLinear(along, tb);
    return [t && apply(linearRecurrenceOp, attrs, a!, t)];
  },
  // The cotangent at j passes to j - 1 by way of a[j].
  transpose({ attrs, inputs: [a] }, [ct]) {
    const back = { ...attrs, reverse: !attrs.reverse };
    return [undefined, ct && apply(linearRecurrenceOp, back, moved(a!, back), ct)];
  },
  lowering: {
    kind: "instruction",
    accumulates: false,
    byRows: ({ axis, reverse }) =>
      axis === 0 ? null : { attrs: { axis: axis - 1, reverse }, rows: [true, true] },
    build: ({ axis, reverse }, [a, b], out, space) => ({
      kind: "linearRecurrence",
      space,
      out: out.view,
      a: a!.view,
      b: b!.view,
      outer: sizeOf(out.shape.slice(0, axis)),
      length: out.shape[axis]!,
      inner: sizeOf(out.shape.slice(axis + 1)),
      reverse,
    }),
  },
  samples: [
    { attrs: { axis: 0, reverse: false }, inputs: [{ shape: [5] }, { shape: [5] }] },
    { attrs: { axis: 1, reverse: false }, inputs: [{ shape: [2, 3, 2] }, { shape: [2, 3, 2] }] },
    { attrs: { axis: 0, reverse: true }, inputs: [{ shape: [3, 2] }, { shape: [3, 2] }] },
  ],
};

/** What stands before each element in the order of the recurrence: x[j - 1], 0 before the first. */
function moved(x: Value, { axis, reverse }: Along): Value {
  const length = x.shape[axis]!;
  if (length === 0) return x;
  const starts = (first: number) => x.shape.map((_, d) => (d === axis ? first : 0));
  const sizes: Shape = x.shape.map((n, d) => (d === axis ? length - 1 : n));
  const kept = apply(sliceOp, { starts: starts(reverse ? 1 : 0), sizes }, x);
  return apply(padOp, { starts: starts(reverse ? 0 : 1), shape: x.shape }, kept);
}

/** Products along an axis: y[j] = x[j] y[j - 1], from y[0] = x[0]. */
export function runningProduct(x: Value, along: Along): Value {
  const { axis, reverse } = along;
  const length = x.shape[axis]!;
  if (length === 0) return x;
  const starts = x.shape.map((_, d) => (d === axis && reverse ? length - 1 : 0));
  const first = apply(sliceOp, { starts, sizes: x.shape.map((n, d) => (d === axis ? 1 : n)) }, x);
  return apply(linearRecurrenceOp, along, x, apply(padOp, { starts, shape: x.shape }, first));
}
