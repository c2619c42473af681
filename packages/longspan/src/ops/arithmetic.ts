import { check } from "../check/index.js";
import type { DType } from "../program/index.js";
import { broadcastShapes, type Shape, sameShape, Value } from "../tensor/index.js";
import { dtypeKind } from "../tensor/kinds.js";
import { apply } from "./apply.js";
import { literal } from "./constant.js";
import {
  type Binary,
  binary,
  commonShape,
  gatherTo,
  type Operand,
  operandLike,
  type Primitive,
  sameType,
  spread,
  type Unary,
  unary,
} from "./elementwise.js";
import { checkValue, noValue } from "./kinds.js";
import type { Linear, Op, Sample } from "./record.js";
import { broadcastToOp } from "./shape-ops.js";

// Arithmetic, comparisons, choice and conversion: what the derivatives of all ops are made of.

/** Adds two tangents, either of which may be a known zero. */
export function addLinear(a: Linear, b: Linear): Linear {
  return a === undefined ? b : b === undefined ? a : apply(add.op, {}, a, b);
}

const times = (t: Linear, factor: () => Value) =>
  t === undefined ? undefined : apply(mul.op, {}, t, factor());

/**
 * -x
 * @example neg(tensor([1, -2])) // [-1, 2]
 */
export const neg: Unary & Primitive = unary("neg", (t) => apply(neg.op, {}, t), {
  transpose: (ct) => apply(neg.op, {}, ct),
});

/**
 * a + b
 * @example add(tensor([[1, 2], [3, 4]]), tensor([10, 20])) // [[11, 22], [13, 24]]
 */
export const add: Binary & Primitive = binary("add", "add", {
  jvp: ({ outputs }, [ta, tb]) => [addLinear(spread(ta, outputs[0]!.shape), spread(tb, outputs[0]!.shape))],
  transpose: ({ inputs }, [ct]) => inputs.map((v) => ct && gatherTo(ct, v)),
});

/**
 * a - b
 * @example sub(1, tensor([0.25, 2])) // [0.75, -1]
 */
export const sub: Binary & Primitive = binary("sub", "sub", {
  jvp: ({ outputs }, [ta, tb]) => [
    addLinear(spread(ta, outputs[0]!.shape), spread(tb && apply(neg.op, {}, tb), outputs[0]!.shape)),
  ],
  transpose: ({ inputs }, [ct]) => [
    ct && gatherTo(ct, inputs[0]!),
    ct && gatherTo(apply(neg.op, {}, ct), inputs[1]!),
  ],
});

/**
 * a b, element by element
 * @example mul(tensor([1, 2]), tensor([3, 4])) // [3, 8]
 */
export const mul: Binary & Primitive = binary("mul", "mul", {
  jvp: ({ inputs: [a, b], outputs }, [ta, tb]) => [
    addLinear(
      spread(
        times(ta, () => b!),
        outputs[0]!.shape,
      ),
      spread(
        times(tb, () => a!),
        outputs[0]!.shape,
      ),
    ),
  ],
  transpose: ({ inputs: [a, b], linear }, [ct]) => [
    ct && linear[0] ? gatherTo(apply(mul.op, {}, ct, b!), a!) : undefined,
    ct && linear[1] ? gatherTo(apply(mul.op, {}, ct, a!), b!) : undefined,
  ],
});

/**
 * a / b, element by element
 * @example div(tensor([1, -1, 0]), 0) // [Infinity, -Infinity, NaN]
 */
export const div: Binary & Primitive = binary(
  "div",
  "div",
  {
    jvp: ({ inputs: [, b], outputs: [y] }, [ta, tb]) => [
      addLinear(
        ta && spread(apply(div.op, {}, ta, b!), y!.shape),
        tb && spread(apply(neg.op, {}, apply(mul.op, {}, tb, apply(div.op, {}, y!, b!))), y!.shape),
      ),
    ],
    transpose: ({ inputs: [a, b] }, [ct]) => [ct && gatherTo(apply(div.op, {}, ct, b!), a!), undefined],
  },
  [
    { attrs: {}, inputs: [{ shape: [2, 3] }, { shape: [2, 3], range: [0.4, 2] }] },
    { attrs: {}, inputs: [{ shape: [] }, { shape: [2, 3], range: [0.4, 2] }] },
    { attrs: {}, inputs: [{ shape: [3] }, { shape: [], range: [0.4, 2] }] },
  ],
);

/**
 * The larger of a and b; at a tie each side gets half of the derivative.
 * @example maximum(tensor([1, 5]), tensor([3, 2])) // [3, 5]
 */
export const maximum: Binary & Primitive = binary(
  "maximum",
  "max",
  {
    jvp: ({ inputs: [a, b], outputs: [y] }, [ta, tb]) => {
      if (ta === undefined && tb === undefined) return [undefined];
      const zero = literal(0, y!.dtype);
      const [sa, sb] = [spread(ta, y!.shape) ?? zero, spread(tb, y!.shape) ?? zero];
      const half = apply(mul.op, {}, apply(add.op, {}, sa, sb), literal(0.5, y!.dtype));
      const other = apply(selectOp, {}, apply(less.op, {}, a!, b!), sb, half);
      return [apply(selectOp, {}, apply(less.op, {}, b!, a!), sa, other)];
    },
  },
  [
    {
      attrs: {},
      inputs: [
        { shape: [4], range: [0.5, 1] },
        { shape: [4], range: [-1, 0.4] },
      ],
    },
  ],
);

const flat: Pick<Op, "jvp"> = { jvp: () => [undefined] };
const compareSamples: Sample[] = [
  {
    attrs: {},
    inputs: [
      { shape: [4], range: [0.5, 1] },
      { shape: [4], range: [-1, 0.4] },
    ],
  },
];

/**
 * 1 where a < b, else 0 (int32).
 * @example less(tensor([1, 2, 3]), 2) // [1, 0, 0], int32
 */
export const less: Binary & Primitive = binary("less", "less", flat, compareSamples);

/**
 * 1 where a <= b, else 0 (int32).
 * @example lessEqual(tensor([1, 2, 3]), 2) // [1, 1, 0], int32
 */
export const lessEqual: Binary & Primitive = binary("lessEqual", "lessEqual", flat, compareSamples);

/**
 * 1 where a = b, else 0 (int32).
 * @example equal(tensor([1, 2, NaN]), tensor([1, 0, NaN])) // [1, 0, 0], int32
 */
export const equal: Binary & Primitive = binary("equal", "equal", flat, compareSamples);

/**
 * a where the condition is not 0, else b. Selected, never multiplied by a mask: a NaN in what is not chosen stays out of
 * the value, and the branch not chosen gets a gradient of exactly 0. An op with an infinite slope behind that branch
 * still makes 0 times infinity of it: choose the operand before such an op, not its result.
 * @example
 * const x = tensor([-1, 4]);
 * where(less(0, x), x, 0) // [0, 4]
 */
export function where(condition: Value, a: Operand, b: Operand): Value {
  checkValue("where", "condition", condition);
  const like = a instanceof Value ? a : b;
  if (!(like instanceof Value)) throw noValue("where", a, b);
  const [x, y] = [operandLike("where", a, like), operandLike("where", b, like)];
  let shape: Shape = broadcastShapes(condition.shape, x.shape, "where");
  shape = broadcastShapes(shape, y.shape, "where");
  const fit = (v: Value) =>
    v.rank === 0 || sameShape(v.shape, shape) ? v : apply(broadcastToOp, { shape }, v);
  return apply(selectOp, {}, fit(condition), fit(x), fit(y));
}

/**
 * Converts to another type. Types are never promoted silently.
 * @example cast(tensor([1, 2], "int32"), "float32") // [1, 2], float32
 */
export function cast(x: Value, dtype: DType): Value {
  checkValue("cast", "x", x);
  check("cast", "dtype", dtype, dtypeKind);
  return x.dtype === dtype ? x : apply(castOp, { dtype }, x);
}

/** y = a where condition is not 0, else b. The other branch is never multiplied, so its NaN stays out. */
export const selectOp: Op = {
  name: "select",
  infer(_, [c, a, b]) {
    if (c!.dtype !== "int32")
      throw new TypeError(`select: the condition is ${c!.dtype}, expected int32 (a comparison)`);
    return [{ shape: commonShape("select", [c!, a!, b!]), dtype: sameType("select", [a!, b!]) }];
  },
  jvp({ inputs: [c], outputs: [y] }, [, ta, tb]) {
    if (ta === undefined && tb === undefined) return [undefined];
    const zero = literal(0, y!.dtype);
    return [spread(apply(selectOp, {}, c!, ta ?? zero, tb ?? zero), y!.shape)];
  },
  transpose({ inputs: [c, a, b], linear }, [ct]) {
    if (ct === undefined) return [undefined, undefined, undefined];
    const zero = literal(0, ct.dtype);
    return [
      undefined,
      linear[1] ? gatherTo(apply(selectOp, {}, c!, ct, zero), a!) : undefined,
      linear[2] ? gatherTo(apply(selectOp, {}, c!, zero, ct), b!) : undefined,
    ];
  },
  lowering: {
    kind: "map",
    elementwise: true,
    chooses: true,
    emit(_, [condition, a, b], out, map) {
      const r = map.register(out);
      map.push({
        op: "select",
        out: r,
        condition: map.expand(condition!, out.shape),
        a: map.expand(a!, out.shape),
        b: map.expand(b!, out.shape),
      });
      return r;
    },
  },
  cheap: true,
  samples: [
    { attrs: {}, inputs: [{ shape: [5], below: 2 }, { shape: [5] }, { shape: [5] }] },
    { attrs: {}, inputs: [{ shape: [5], below: 2 }, { shape: [5] }, { shape: [] }] },
    { attrs: {}, inputs: [{ shape: [], below: 2 }, { shape: [] }, { shape: [4] }] },
  ],
};

/** Conversion between types. The derivative of a conversion to or from integers is 0. */
export const castOp: Op<{ dtype: DType }> = {
  name: "cast",
  infer: ({ dtype }, [a]) => [{ shape: a!.shape, dtype }],
  jvp: ({ attrs, inputs }, [t]) =>
    t && attrs.dtype !== "int32" && inputs[0]!.dtype !== "int32" ? [apply(castOp, attrs, t)] : [undefined],
  transpose: ({ inputs }, [ct]) => [ct && apply(castOp, { dtype: inputs[0]!.dtype }, ct)],
  lowering: { kind: "map", elementwise: true, emit: (_, [a], out, map) => map.unary("cast", a!, out.dtype) },
  cheap: true,
  samples: [{ attrs: { dtype: "float64" }, inputs: [{ shape: [2, 3] }] }],
};
