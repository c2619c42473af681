import type { OuterSum, Space } from "../program/index.js";
import { formatShape, type Shape, ShapeError, sizeOf } from "../tensor/index.js";
import { apply } from "./apply.js";
import { addLinear } from "./arithmetic.js";
import type { Aval, BufferOperand, Op } from "./record.js";

/** Whether the operands of a product are read transposed: their last two axes swapped. */
export interface MatmulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** m, k, n and the leading axes of a product. A vector on the left is a row. */
function dimensions({ transposeA, transposeB }: MatmulAttrs, a: Shape, b: Shape) {
  const vector = a.length === 1;
  const lead = vector ? [] : a.slice(0, -2);
  const leadB = b.slice(0, -2);
  const [m, k] = vector ? [1, a[0]!] : transposeA ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!];
  const [kb, n] = transposeB ? [b.at(-1)!, b.at(-2)!] : [b.at(-2)!, b.at(-1)!];
  const fits = k === kb && lead.length === leadB.length && lead.every((s, i) => s === leadB[i]);
  return { vector, lead, m, k, n, fits };
}

/**
 * Matrix product op(a) op(b), where op transposes if flagged. a: [k] (a row vector) or [..., m, k]; b: [..., k, n];
 * leading axes agree and are worked through in step.
 */
export const matmulOp: Op<MatmulAttrs> = {
  name: "matmul",
  infer(attrs, [a, b]) {
    needFloats(a!, b!);
    if (a!.shape.length < 1 || b!.shape.length < 2)
      throw new ShapeError(
        `matmul: shapes ${formatShape(a!.shape)} and ${formatShape(b!.shape)}; the right side needs two axes`,
      );
    const { vector, lead, m, n, fits } = dimensions(attrs, a!.shape, b!.shape);
    if (!fits)
      throw new ShapeError(
        `matmul: shapes ${formatShape(a!.shape)}${attrs.transposeA ? " (transposed)" : ""} and ${formatShape(b!.shape)}${attrs.transposeB ? " (transposed)" : ""} do not fit: the inner sizes must be equal`,
      );
    return [{ shape: vector ? [n] : [...lead, m, n], dtype: a!.dtype }];
  },
  jvp: ({ attrs, inputs: [a, b] }, [ta, tb]) => [
    addLinear(ta && apply(matmulOp, attrs, ta, b!), tb && apply(matmulOp, attrs, a!, tb)),
  ],
  transpose({ attrs: { transposeA, transposeB }, inputs: [a, b], linear }, [ct]) {
    if (ct === undefined) return [undefined, undefined];
    if (a!.shape.length === 1)
      return [
        linear[0] ? apply(matmulOp, { transposeA: false, transposeB: !transposeB }, ct, b!) : undefined,
        linear[1] ? (transposeB ? apply(outerOp, {}, ct, a!) : apply(outerOp, {}, a!, ct)) : undefined,
      ];
    const wrtA = () =>
      transposeA
        ? apply(matmulOp, { transposeA: transposeB, transposeB: true }, b!, ct)
        : apply(matmulOp, { transposeA: false, transposeB: !transposeB }, ct, b!);
    const wrtB = () =>
      transposeB
        ? apply(matmulOp, { transposeA: true, transposeB: transposeA }, ct, a!)
        : apply(matmulOp, { transposeA: !transposeA, transposeB: false }, a!, ct);
    return [linear[0] ? wrtA() : undefined, linear[1] ? wrtB() : undefined];
  },
  lowering: {
    kind: "instruction",
    accumulates: true,
    byRows(attrs, [a, b]) {
      if (a!.shape.length > 2) return { attrs, rows: [true, true] };
      return a!.shape.length === 2 && b!.shape.length === 2 && !attrs.transposeA
        ? { attrs, rows: [true, false] }
        : null;
    },
    whole: ({ transposeA, transposeB }, [a, b]) =>
      a!.shape.length === 2 && b!.shape.length === 2 && transposeA && !transposeB
        ? {
            rows: [true, true],
            build: (_, inputs, out, space, accumulate) => sumOfOuters(inputs, out, space, accumulate),
          }
        : null,
    build(attrs, [a, b], out, space, accumulate) {
      const { vector, lead, m, k, n } = dimensions(attrs, a!.shape, b!.shape);
      if (vector && b!.view.rows === "fixed")
        return {
          kind: "gemm",
          space,
          out: out.view,
          a: a!.view,
          b: b!.view,
          k,
          n,
          transposeB: attrs.transposeB,
          accumulate,
        };
      return {
        kind: "batchedMatmul",
        space,
        out: out.view,
        a: a!.view,
        b: b!.view,
        count: sizeOf(lead),
        m,
        k,
        n,
        transposeA: !vector && attrs.transposeA,
        transposeB: attrs.transposeB,
        accumulate,
      };
    },
  },
  samples: [
    { attrs: { transposeA: false, transposeB: false }, inputs: [{ shape: [3] }, { shape: [3, 2] }] },
    { attrs: { transposeA: false, transposeB: true }, inputs: [{ shape: [3] }, { shape: [2, 3] }] },
    { attrs: { transposeA: false, transposeB: false }, inputs: [{ shape: [2, 3] }, { shape: [3, 4] }] },
    { attrs: { transposeA: true, transposeB: false }, inputs: [{ shape: [3, 2] }, { shape: [3, 4] }] },
    { attrs: { transposeA: false, transposeB: true }, inputs: [{ shape: [2, 3] }, { shape: [4, 3] }] },
    { attrs: { transposeA: true, transposeB: true }, inputs: [{ shape: [3, 2] }, { shape: [4, 3] }] },
    { attrs: { transposeA: false, transposeB: false }, inputs: [{ shape: [2, 2, 3] }, { shape: [2, 3, 2] }] },
  ],
};

/** @throws TypeError unless both operands of a product are of one floating-point type */
export function needFloats(a: Aval, b: Aval): void {
  if (a.dtype !== b.dtype) throw new TypeError(`matmul: operands are ${a.dtype} and ${b.dtype}; use cast()`);
  if (a.dtype === "int32") throw new TypeError("matmul: expected float32 or float64, got int32; use cast()");
}

/** Outer product y[i, j] = a[i] b[j]. Its sum over rows is one product of matrices. */
export const outerOp: Op<Record<string, never>> = {
  name: "outer",
  infer(_, [a, b]) {
    if (a!.shape.length !== 1 || b!.shape.length !== 1 || a!.dtype !== b!.dtype)
      throw new ShapeError(`outer: two vectors of one type, got ${describe(a!)} and ${describe(b!)}`);
    return [{ shape: [a!.shape[0]!, b!.shape[0]!], dtype: a!.dtype }];
  },
  jvp: ({ inputs: [a, b] }, [ta, tb]) => [
    addLinear(ta && apply(outerOp, {}, ta, b!), tb && apply(outerOp, {}, a!, tb)),
  ],
  transpose: ({ inputs: [a, b], linear }, [ct]) => [
    ct && linear[0] ? apply(matmulOp, { transposeA: false, transposeB: true }, b!, ct) : undefined,
    ct && linear[1] ? apply(matmulOp, { transposeA: false, transposeB: false }, a!, ct) : undefined,
  ],
  lowering: {
    kind: "map",
    emit(_, [a, b], out, map) {
      const column = map.register({ shape: [out.shape[0]!, 1], dtype: out.dtype });
      map.push({ op: "reshape", out: column, a: a! });
      return map.binary("mul", map.expand(column, out.shape), map.expand(b!, out.shape), out.dtype);
    },
    summed: (_, inputs, out, space, accumulate) => sumOfOuters(inputs, out, space, accumulate),
  },
  samples: [{ attrs: {}, inputs: [{ shape: [3] }, { shape: [2] }] }],
};

/** The sum over rows of a[i] b[j]: a product of matrices. */
function sumOfOuters(
  [a, b]: readonly BufferOperand[],
  out: BufferOperand,
  space: Space,
  accumulate: boolean,
): OuterSum {
  return {
    kind: "outerSum",
    space,
    out: out.view,
    a: a!.view,
    b: b!.view,
    m: a!.shape[0]!,
    n: b!.shape[0]!,
    accumulate,
  };
}

function describe(a: Aval): string {
  return `${a.dtype} ${formatShape(a.shape)}`;
}
