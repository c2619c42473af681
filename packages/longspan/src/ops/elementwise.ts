import type { BinaryCode, DType, UnaryCode } from "../program/index.js";
import { formatShape, type Shape, ShapeError, sameShape, type Value } from "../tensor/index.js";
import { apply } from "./apply.js";
import { literal, onesLike } from "./constant.js";
import type { Aval, Linear, Op, Sample } from "./record.js";
import { broadcastToOp, reduceSumOp } from "./shape-ops.js";

/** Shapes of an element-wise op: all equal, or scalars beside one shape. Other broadcasts are made explicit before. */
function commonShape(name: string, inputs: readonly Aval[]): Shape {
  let shape: Shape = [];
  for (const a of inputs) {
    if (a.shape.length === 0 || sameShape(a.shape, shape)) continue;
    if (shape.length !== 0)
      throw new ShapeError(`${name}: shapes ${formatShape(shape)} and ${formatShape(a.shape)} differ`);
    shape = a.shape;
  }
  return shape;
}

function sameType(name: string, inputs: readonly Aval[]): DType {
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

/** Adds two tangents, either of which may be a known zero. */
export function addLinear(a: Linear, b: Linear): Linear {
  return a === undefined ? b : b === undefined ? a : apply(addOp, {}, a, b);
}

/** Brings a tangent of a scalar operand to the shape of the result. */
function spread(t: Linear, shape: Shape): Linear {
  return t === undefined || sameShape(t.shape, shape) ? t : apply(broadcastToOp, { shape }, t);
}

/** Brings the cotangent of a result to the shape of an operand, which is the same or a scalar. */
function gatherTo(ct: Value, input: Aval): Value {
  if (sameShape(ct.shape, input.shape)) return ct;
  return apply(reduceSumOp, { axes: ct.shape.map((_, d) => d) }, ct);
}

const mul = (a: Value, b: Value) => apply(mulOp, {}, a, b);
const times = (t: Linear, factor: () => Value) => (t === undefined ? undefined : mul(t, factor()));

type UnaryRule = (t: Value, x: Value, y: Value) => Linear;

function unary(
  code: Exclude<UnaryCode, "cast">,
  rule: UnaryRule,
  options: { range?: readonly [number, number]; cheap?: boolean; transpose?: (ct: Value) => Value } = {},
): Op<Record<string, never>> {
  const input = options.range ? { shape: [2, 3], range: options.range } : { shape: [2, 3] };
  const samples: Sample<Record<string, never>>[] = [{ attrs: {}, inputs: [input] }];
  const { transpose } = options;
  return {
    name: code,
    infer(_, inputs) {
      if (code !== "neg" && code !== "abs" && code !== "sign") needFloat(code, inputs[0]!.dtype);
      return [{ shape: inputs[0]!.shape, dtype: inputs[0]!.dtype }];
    },
    jvp: ({ inputs, outputs }, [t]) => [t && rule(t, inputs[0]!, outputs[0]!)],
    ...(transpose ? { transpose: (_: unknown, [ct]: readonly Linear[]) => [ct && transpose(ct)] } : {}),
    lowering: {
      kind: "map",
      elementwise: true,
      emit: (_, [a], out, map) => map.unary(code, a!, out.dtype),
    },
    cheap: options.cheap ?? false,
    samples,
  };
}

/** y = -x */
export const negOp: Op = unary("neg", (t) => apply(negOp, {}, t), {
  cheap: true,
  transpose: (ct) => apply(negOp, {}, ct),
});
/** y = e^x */
export const expOp: Op = unary("exp", (t, _, y) => mul(t, y));
/** y = e^x - 1, exact near 0 */
export const expm1Op: Op = unary("expm1", (t, _, y) => mul(t, apply(addOp, {}, y, onesLike(y))));
/** y = ln x */
export const logOp: Op = unary("log", (t, x) => apply(divOp, {}, t, x), { range: [0.3, 2] });
/** y = ln(1 + x), exact near 0 */
export const log1pOp: Op = unary("log1p", (t, x) => apply(divOp, {}, t, apply(addOp, {}, x, onesLike(x))), {
  range: [-0.5, 2],
});
/** y = tanh x; dy/dx = 1 - y^2 */
export const tanhOp: Op = unary("tanh", (t, _, y) => mul(t, apply(subOp, {}, onesLike(y), mul(y, y))));
/** y = 1 / (1 + e^-x); dy/dx = y (1 - y) */
export const sigmoidOp: Op = unary("sigmoid", (t, _, y) => mul(t, mul(y, apply(subOp, {}, onesLike(y), y))));
/** y = sqrt x; infinite slope at 0 */
export const sqrtOp: Op = unary("sqrt", (t, _, y) => apply(divOp, {}, t, mul(literal(2, y.dtype), y)), {
  range: [0.3, 2],
});
/** y = sin x */
export const sinOp: Op = unary("sin", (t, x) => mul(t, apply(cosOp, {}, x)));
/** y = cos x */
export const cosOp: Op = unary("cos", (t, x) => mul(t, apply(negOp, {}, apply(sinOp, {}, x))));
/** y = |x|; the derivative at 0 is taken as 0 */
export const absOp: Op = unary("abs", (t, x) => mul(t, apply(signOp, {}, x)), {
  range: [0.3, 2],
  cheap: true,
});
/** y = -1, 0 or 1; the derivative is 0 */
export const signOp: Op = unary("sign", () => undefined, { range: [0.3, 2], cheap: true });

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

function binary(
  name: string,
  code: BinaryCode,
  rules: Pick<Op, "jvp"> & Partial<Pick<Op, "transpose">>,
  options: { result?: DType; cheap?: boolean; samples?: readonly Sample[] } = {},
): Op {
  return {
    name,
    infer(_, inputs) {
      const dtype = sameType(name, inputs);
      return [{ shape: commonShape(name, inputs), dtype: options.result ?? dtype }];
    },
    ...rules,
    lowering: {
      kind: "map",
      elementwise: true,
      emit: (_, [a, b], out, map) => map.binary(code, a!, b!, out.dtype),
    },
    cheap: options.cheap ?? true,
    samples: options.samples ?? [
      { attrs: {}, inputs: [{ shape: [2, 3] }, { shape: [2, 3] }] },
      { attrs: {}, inputs: [{ shape: [] }, { shape: [2, 3] }] },
      { attrs: {}, inputs: [{ shape: [3] }, { shape: [] }] },
    ],
  };
}

/** y = a + b */
export const addOp: Op = binary("add", "add", {
  jvp: ({ outputs }, [ta, tb]) => [addLinear(spread(ta, outputs[0]!.shape), spread(tb, outputs[0]!.shape))],
  transpose: ({ inputs }, [ct]) => inputs.map((v) => ct && gatherTo(ct, v)),
});
/** y = a - b */
export const subOp: Op = binary("sub", "sub", {
  jvp: ({ outputs }, [ta, tb]) => [
    addLinear(spread(ta, outputs[0]!.shape), spread(tb && apply(negOp, {}, tb), outputs[0]!.shape)),
  ],
  transpose: ({ inputs }, [ct]) => [
    ct && gatherTo(ct, inputs[0]!),
    ct && gatherTo(apply(negOp, {}, ct), inputs[1]!),
  ],
});
/** y = a b, element by element */
export const mulOp: Op = binary("mul", "mul", {
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
    ct && linear[0] ? gatherTo(mul(ct, b!), a!) : undefined,
    ct && linear[1] ? gatherTo(mul(ct, a!), b!) : undefined,
  ],
});
/** y = a / b, element by element */
export const divOp: Op = binary(
  "div",
  "div",
  {
    jvp: ({ inputs: [, b], outputs: [y] }, [ta, tb]) => [
      addLinear(
        ta && spread(apply(divOp, {}, ta, b!), y!.shape),
        tb && spread(apply(negOp, {}, mul(tb, apply(divOp, {}, y!, b!))), y!.shape),
      ),
    ],
    transpose: ({ inputs: [a, b] }, [ct]) => [ct && gatherTo(apply(divOp, {}, ct, b!), a!), undefined],
  },
  {
    samples: [
      { attrs: {}, inputs: [{ shape: [2, 3] }, { shape: [2, 3], range: [0.4, 2] }] },
      { attrs: {}, inputs: [{ shape: [] }, { shape: [2, 3], range: [0.4, 2] }] },
      { attrs: {}, inputs: [{ shape: [3] }, { shape: [], range: [0.4, 2] }] },
    ],
  },
);
/** y = max(a, b); at a tie each side gets half of the derivative */
export const maximumOp: Op = binary(
  "maximum",
  "max",
  {
    jvp: ({ inputs: [a, b], outputs: [y] }, [ta, tb]) => {
      if (ta === undefined && tb === undefined) return [undefined];
      const zero = literal(0, y!.dtype);
      const [sa, sb] = [spread(ta, y!.shape) ?? zero, spread(tb, y!.shape) ?? zero];
      const half = mul(apply(addOp, {}, sa, sb), literal(0.5, y!.dtype));
      const other = apply(selectOp, {}, apply(lessOp, {}, a!, b!), sb, half);
      return [apply(selectOp, {}, apply(lessOp, {}, b!, a!), sa, other)];
    },
  },
  {
    samples: [
      {
        attrs: {},
        inputs: [
          { shape: [4], range: [0.5, 1] },
          { shape: [4], range: [-1, 0.4] },
        ],
      },
    ],
  },
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
/** 1 where a < b, else 0 (int32) */
export const lessOp: Op = binary("less", "less", flat, { result: "int32", samples: compareSamples });
/** 1 where a <= b, else 0 (int32) */
export const lessEqualOp: Op = binary("lessEqual", "lessEqual", flat, {
  result: "int32",
  samples: compareSamples,
});
/** 1 where a = b, else 0 (int32) */
export const equalOp: Op = binary("equal", "equal", flat, { result: "int32", samples: compareSamples });

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
