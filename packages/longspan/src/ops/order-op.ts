import { sizeOf, type Value } from "../tensor/index.js";
import { apply } from "./apply.js";
import { add, mul } from "./arithmetic.js";
import { iotaOp, literal } from "./constant.js";
import { gatherOp } from "./index-ops.js";
import type { Op } from "./record.js";
import { reshapeOp } from "./shape-ops.js";

interface OrderAttrs {
  readonly axis: number;
  readonly count: number;
  readonly descending: boolean;
}

/**
 * The places of the first `count` elements along an axis in their order (int32). Of equal elements the first comes first; NaN
 * counts as larger than every number.
 */
export const orderOp: Op<OrderAttrs> = {
  name: "order",
  infer: ({ axis, count }, [a]) => [
    { shape: a!.shape.map((n, d) => (d === axis ? count : n)), dtype: "int32" },
  ],
  jvp: () => [undefined],
  lowering: {
    kind: "instruction",
    accumulates: false,
    byRows: ({ axis, ...rest }) => (axis === 0 ? null : { attrs: { axis: axis - 1, ...rest }, rows: [true] }),
    build: ({ axis, count, descending }, [a], out, space) => ({
      kind: "order",
      space,
      out: out.view,
      a: a!.view,
      outer: sizeOf(a!.shape.slice(0, axis)),
      length: a!.shape[axis]!,
      inner: sizeOf(a!.shape.slice(axis + 1)),
      count,
      descending,
    }),
  },
  samples: [
    { attrs: { axis: 0, count: 5, descending: false }, inputs: [{ shape: [5] }] },
    { attrs: { axis: 1, count: 2, descending: true }, inputs: [{ shape: [2, 3, 2] }] },
    { attrs: { axis: 0, count: 2, descending: true }, inputs: [{ shape: [3, 2] }] },
  ],
};

/**
 * y[o, q, i] = x[o, index[o, q, i], i] along an axis, for indices that lie within it. As rows of one element of x laid out flat, so
 * that the derivative takes and puts back single elements.
 */
export function takenAlong(x: Value, index: Value, axis: number): Value {
  const inner = sizeOf(x.shape.slice(axis + 1));
  const outer = sizeOf(x.shape.slice(0, axis));
  const length = x.shape[axis]!;
  if (outer === 1 && inner === 1) {
    const line = apply(reshapeOp, { shape: [length] }, x);
    return apply(reshapeOp, { shape: index.shape }, apply(gatherOp, {}, line, index));
  }
  const counted = (shape: readonly number[], axis: number) => apply(iotaOp, { shape, axis });
  let positions = apply(reshapeOp, { shape: [outer, index.shape[axis]!, inner] }, index);
  if (inner > 1) positions = add(mul(positions, literal(inner, "int32")), counted([1, 1, inner], 2));
  if (outer > 1) positions = add(positions, mul(counted([outer, 1, 1], 0), literal(length * inner, "int32")));
  const flat = apply(reshapeOp, { shape: [x.size] }, x);
  return apply(reshapeOp, { shape: index.shape }, apply(gatherOp, {}, flat, positions));
}
