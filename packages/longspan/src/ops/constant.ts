import type { DType } from "../program/index.js";
import { defaultExecutor, full, keep, type Shape, type Tensor, type Value } from "../tensor/index.js";
import { apply, isRecording } from "./apply.js";
import type { Aval, Op } from "./record.js";

/** A number that is part of the function's text. */
export const constantOp: Op<{ value: number; shape: Shape; dtype: DType }> = {
  name: "constant",
  infer: ({ shape, dtype }) => [{ shape, dtype }],
  jvp: () => [undefined],
  lowering: { kind: "map", emit: ({ value }, _, out, map) => map.constant(value, out) },
  cheap: true,
  samples: [{ attrs: { value: 1.5, shape: [2], dtype: "float64" }, inputs: [] }],
};

/** 0, 1, 2, ... along `axis` (int32). */
export const iotaOp: Op<{ shape: Shape; axis: number }> = {
  name: "iota",
  infer: ({ shape }) => [{ shape, dtype: "int32" }],
  jvp: () => [undefined],
  lowering: {
    kind: "map",
    emit({ axis }, _, out, map) {
      const r = map.register(out);
      map.push({ op: "iota", out: r, axis });
      return r;
    },
  },
  cheap: true,
  samples: [{ attrs: { shape: [2, 3], axis: 1 }, inputs: [] }],
};

const scalars = new Map<string, Tensor>();

/**
 * A scalar of the given type: recorded while a cell is traced, a shared tensor otherwise.
 * @example literal(0.5, "float64") // 0.5, a scalar
 */
export function literal(value: number, dtype: DType): Value {
  return isRecording() ? apply(constantOp, { value, shape: [], dtype }) : scalarTensor(value, dtype);
}

/** The shared tensor of a scalar. */
function scalarTensor(value: number, dtype: DType): Tensor {
  const executor = defaultExecutor();
  const key = `${Object.is(value, -0) ? "-0" : value}:${dtype}`;
  let t = scalars.get(key);
  if (t === undefined || t.isReleased || t.executor !== executor) {
    t = full([], value, dtype);
    // Numbers that change at every step are not worth keeping; they belong to the scope that uses them.
    if (scalars.size < 256) scalars.set(key, keep(t));
  }
  return t;
}

/**
 * Zeros of a shape and type: recorded while a cell is traced, data otherwise.
 * @example zerosLike({ shape: [2], dtype: "float64" }) // [0, 0]
 */
export function zerosLike({ shape, dtype }: Aval): Value {
  return shape.length === 0 ? literal(0, dtype) : apply(constantOp, { value: 0, shape, dtype });
}

/** The number 1 beside `v`. */
export function onesLike(v: Value): Value {
  return literal(1, v.dtype);
}
