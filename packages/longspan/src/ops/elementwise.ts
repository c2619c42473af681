import { type BinaryCode, binaryCodes, type DType, type UnaryCode, unaryCodes } from "../program/index.js";
import {
  broadcastShapes,
  checkNumber,
  formatShape,
  type Shape,
  ShapeError,
  sameShape,
  type Tensor,
  Value,
} from "../tensor/index.js";
import { apply } from "./apply.js";
import { literal } from "./constant.js";
import { notAnOperand, noValue } from "./kinds.js";
import type { Aval, Linear, Op, Sample } from "./record.js";
import { broadcastToOp, reduceSumOp } from "./shape-ops.js";

/** A value, or a number that takes the other operand's type. */
export type Operand = Value | number;

/** One operand. A tensor gives a tensor; a traced value gives a traced value. */
export interface Unary {
  (a: Tensor): Tensor;
  (a: Value): Value;
}

/** Two operands, broadcast against each other (see `broadcastShapes`). */
export interface Binary {
  (a: Tensor, b: Tensor | number): Tensor;
  (a: number, b: Tensor): Tensor;
  (a: Operand, b: Operand): Value;
}

/** A function that is one op: `op` is its record. */
export interface Primitive {
  readonly op: Op;
}

/** An op is cheaper to compute again than to store up to so many additions per element. */
const cheapest = 2;

const typeOf = (result: "same" | "any" | "int32", operands: DType): DType =>
  result === "int32" ? "int32" : operands;

type UnaryRule = (t: Value, x: Value, y: Value) => Linear;

/**
 * The function of a unary code, with its record: its type rule and whether it is cheap follow from the table of codes.
 * @param rule the tangent of y = f(x) from that of x, which is known not to be zero
 */
export function unary(
  code: Exclude<UnaryCode, "cast">,
  rule: UnaryRule,
  options: { range?: readonly [number, number]; transpose?: (ct: Value) => Value } = {},
): Unary & Primitive {
  const input = options.range ? { shape: [2, 3], range: options.range } : { shape: [2, 3] };
  const { transpose } = options;
  const row = unaryCodes[code];
  const op: Op<Record<string, never>> = {
    name: code,
    infer(_, [x]) {
      if (row.takes === "floats") needFloat(code, x!.dtype);
      return [{ shape: x!.shape, dtype: x!.dtype }];
    },
    jvp: ({ inputs, outputs }, [t]) => [t && rule(t, inputs[0]!, outputs[0]!)],
    ...(transpose ? { transpose: (_: unknown, [ct]: readonly Linear[]) => [ct && transpose(ct)] } : {}),
    lowering: {
      kind: "map",
      elementwise: true,
      emit: (_, [a], out, map) => map.unary(code, a!, out.dtype),
    },
    cheap: row.cost <= cheapest,
    samples: [{ attrs: {}, inputs: [input] }],
  };
  return Object.assign(((a: Value) => apply(op, {}, a)) as Unary, { op });
}

/** The function of a binary code, with its record. */
export function binary(
  name: string,
  code: BinaryCode,
  rules: Pick<Op, "jvp"> & Partial<Pick<Op, "transpose">>,
  samples: readonly Sample[] = [
    { attrs: {}, inputs: [{ shape: [2, 3] }, { shape: [2, 3] }] },
    { attrs: {}, inputs: [{ shape: [] }, { shape: [2, 3] }] },
    { attrs: {}, inputs: [{ shape: [3] }, { shape: [] }] },
  ],
): Binary & Primitive {
  const row = binaryCodes[code];
  const op: Op = {
    name,
    infer(_, inputs) {
      const dtype = sameType(name, inputs);
      if (row.takes === "floats") needFloat(name, dtype);
      return [{ shape: commonShape(name, inputs), dtype: typeOf(row.result, dtype) }];
    },
    ...rules,
    lowering: {
      kind: "map",
      elementwise: true,
      emit: (_, [a, b], out, map) => map.binary(code, a!, b!, out.dtype),
    },
    cheap: row.cost <= cheapest,
    samples,
  };
  const call = (a: Operand, b: Operand) => {
    const like = a instanceof Value ? a : b;
    if (!(like instanceof Value)) throw noValue(name, a, b);
    const [x, y] = [operandLike(name, a, like), operandLike(name, b, like)];
    const [p, q] = aligned(name, x, y);
    return apply(op, {}, p, q);
  };
  return Object.assign(call as Binary, { op });
}

/** The operand itself, or a number as a value of the other operand's type. */
export function operandLike(name: string, v: Operand, like: Value): Value {
  if (v instanceof Value) return v;
  if (typeof v === "number") {
    if (like.dtype === "int32") checkNumber(name, v, "int32");
    return literal(v, like.dtype);
  }
  throw notAnOperand(name, v);
}

/** Makes broadcasts explicit, except for scalars, which element-wise ops take as they are. */
function aligned(name: string, x: Value, y: Value): [Value, Value] {
  if (sameShape(x.shape, y.shape) || x.rank === 0 || y.rank === 0) return [x, y];
  const shape = broadcastShapes(x.shape, y.shape, name);
  const fit = (v: Value) => (sameShape(v.shape, shape) ? v : apply(broadcastToOp, { shape }, v));
  return [fit(x), fit(y)];
}

/** Shapes of an element-wise op: all equal, or scalars beside one shape. Other broadcasts are made explicit before. */
export function commonShape(name: string, inputs: readonly Aval[]): Shape {
  let shape: Shape = [];
  for (const a of inputs) {
    if (a.shape.length === 0 || sameShape(a.shape, shape)) continue;
    if (shape.length !== 0)
      throw new ShapeError(`${name}: shapes ${formatShape(shape)} and ${formatShape(a.shape)} differ`);
    shape = a.shape;
  }
  return shape;
}

export function sameType(name: string, inputs: readonly Aval[]): DType {
  const dtype = inputs[0]!.dtype;
  for (const a of inputs)
    if (a.dtype !== dtype)
      throw new TypeError(
        `${name}: operands are ${dtype} and ${a.dtype}; types are never promoted silently, use cast()`,
      );
  return dtype;
}

function needFloat(name: string, dtype: DType): void {
  if (dtype === "int32") throw new TypeError(`${name}: expected float32 or float64, got int32; use cast()`);
}

/** Brings a tangent of a scalar operand to the shape of the result. */
export function spread(t: Linear, shape: Shape): Linear {
  return t === undefined || sameShape(t.shape, shape) ? t : apply(broadcastToOp, { shape }, t);
}

/** Brings the cotangent of a result to the shape of an operand, which is the same or a scalar. */
export function gatherTo(ct: Value, input: Aval): Value {
  if (sameShape(ct.shape, input.shape)) return ct;
  return apply(reduceSumOp, { axes: ct.shape.map((_, d) => d) }, ct);
}
