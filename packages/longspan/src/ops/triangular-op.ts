import { formatShape, type Shape, ShapeError, sameShape, sizeOf, type Value } from "../tensor/index.js";
import { apply } from "./apply.js";
import { addLinear, equal, less, lessEqual, mul, neg, selectOp } from "./arithmetic.js";
import { iotaOp, literal } from "./constant.js";
import { matmulOp } from "./product-ops.js";
import type { Aval, Op } from "./record.js";
import { broadcastToOp, permuteOp } from "./shape-ops.js";

/** Which triangle of the matrix is read, and whether it is read transposed. */
export interface TriangleAttrs {
  readonly lower: boolean;
  readonly transposeA: boolean;
}

/**
 * The solution X [..., n, m] of op(A) X = B, where A [..., n, n] is triangular: the other triangle is not read. Leading axes agree. Linear
 * in B.
 */
export const triangularSolveOp: Op<TriangleAttrs> = {
  name: "triangularSolve",
  infer(_, [a, b]) {
    needSquares("triangularSolve", a!);
    if (!sameShape([...a!.shape.slice(0, -1), b!.shape.at(-1)!], b!.shape))
      throw new ShapeError(
        `triangularSolve: a right side ${formatShape(b!.shape)} for matrices ${formatShape(a!.shape)}`,
      );
    return [{ shape: b!.shape, dtype: b!.dtype }];
  },
  jvp({ attrs, inputs: [a], outputs: [x] }, [ta, tb]) {
    const product = { transposeA: attrs.transposeA, transposeB: false };
    const moved = ta && neg(apply(matmulOp, product, partOf(ta, attrs.lower ? lowerPart : upperPart), x!));
    const t = addLinear(tb, moved);
    return [t && apply(triangularSolveOp, attrs, a!, t)];
  },
  transpose: ({ attrs, inputs: [a] }, [ct]) => [
    undefined,
    ct && apply(triangularSolveOp, { ...attrs, transposeA: !attrs.transposeA }, a!, ct),
  ],
  lowering: {
    kind: "instruction",
    accumulates: false,
    byRows: (attrs, [a]) => (a!.shape.length > 2 ? { attrs, rows: [true, true] } : null),
    build: ({ lower, transposeA }, [a, b], out, space) => ({
      kind: "triangularSolve",
      space,
      out: out.view,
      a: a!.view,
      b: b!.view,
      count: sizeOf(a!.shape.slice(0, -2)),
      n: a!.shape.at(-1)!,
      m: b!.shape.at(-1)!,
      lower,
      transposeA,
    }),
  },
  samples: [
    {
      attrs: { lower: true, transposeA: false },
      inputs: [{ shape: [3, 3], diagonal: 3 }, { shape: [3, 2] }],
    },
    { attrs: { lower: true, transposeA: true }, inputs: [{ shape: [3, 3], diagonal: 3 }, { shape: [3, 1] }] },
    {
      attrs: { lower: false, transposeA: false },
      inputs: [{ shape: [2, 2], diagonal: 3 }, { shape: [2, 2] }],
    },
    {
      attrs: { lower: false, transposeA: true },
      inputs: [{ shape: [2, 2, 2], diagonal: 3 }, { shape: [2, 2, 3] }],
    },
  ],
};

/**
 * The lower triangular L [..., n, n] with L L' = A. Of A only the lower triangle is read; where it is not that of a positive definite
 * matrix, all of L is NaN. dL = L phi(L^-1 dA L'^-1), where phi takes the lower triangle and half of the diagonal.
 */
export const choleskyOp: Op<Record<string, never>> = {
  name: "cholesky",
  infer(_, [a]) {
    needSquares("cholesky", a!);
    return [{ shape: a!.shape, dtype: a!.dtype }];
  },
  jvp({ outputs: [l] }, [t]) {
    if (t === undefined) return [undefined];
    const symmetric = addLinear(partOf(t, lowerPart), swapped(partOf(t, belowDiagonal)))!;
    const attrs = { lower: true, transposeA: false };
    const half = apply(triangularSolveOp, attrs, l!, symmetric);
    const both = apply(triangularSolveOp, attrs, l!, swapped(half));
    const phi = addLinear(partOf(both, belowDiagonal), mul(partOf(both, onDiagonal), 0.5))!;
    return [apply(matmulOp, { transposeA: false, transposeB: false }, l!, phi)];
  },
  lowering: {
    kind: "instruction",
    accumulates: false,
    byRows: (attrs, [a]) => (a!.shape.length > 2 ? { attrs, rows: [true] } : null),
    build: (_, [a], out, space) => ({
      kind: "cholesky",
      space,
      out: out.view,
      a: a!.view,
      count: sizeOf(a!.shape.slice(0, -2)),
      n: a!.shape.at(-1)!,
    }),
  },
  samples: [
    { attrs: {}, inputs: [{ shape: [3, 3], diagonal: 5 }] },
    { attrs: {}, inputs: [{ shape: [2, 2, 2], diagonal: 5 }] },
  ],
};

/** @throws ShapeError unless it is a square matrix or a stack of them; TypeError if it holds integers */
export function needSquares(name: string, a: Aval): void {
  if (a.shape.length < 2 || a.shape.at(-1) !== a.shape.at(-2))
    throw new ShapeError(`${name}: expected square matrices [..., n, n], got ${formatShape(a.shape)}`);
  if (a.dtype === "int32") throw new TypeError(`${name}: expected float32 or float64, got int32; use cast()`);
}

/** The last two axes swapped. */
export function swapped(x: Value): Value {
  const axes = x.shape.map((_, d) => d);
  axes.push(...axes.splice(-2).reverse());
  return apply(permuteOp, { axes }, x);
}

type Part = (row: Value, column: Value) => Value;

const lowerPart: Part = (row, column) => lessEqual(column, row);
const upperPart: Part = (row, column) => lessEqual(row, column);
const belowDiagonal: Part = (row, column) => less(column, row);
const onDiagonal: Part = (row, column) => equal(row, column);

/** A part of each matrix, zeros elsewhere: selected, so that NaN outside of it stays out. */
function partOf(x: Value, part: Part): Value {
  const shape: Shape = x.shape.slice(-2);
  const isIn = part(apply(iotaOp, { shape, axis: 0 }), apply(iotaOp, { shape, axis: 1 }));
  const mask = x.rank === 2 ? isIn : apply(broadcastToOp, { shape: x.shape }, isIn);
  return apply(selectOp, {}, mask, x, literal(0, x.dtype));
}
