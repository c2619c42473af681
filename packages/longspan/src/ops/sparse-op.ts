import { checkSettings } from "../check/index.js";
import type { Space, SparseOuter } from "../program/index.js";
import { formatShape, ShapeError, sameShape, sizeOf, type Tensor, type Value } from "../tensor/index.js";
import { valueKind } from "../tensor/kinds.js";
import { apply } from "./apply.js";
import { addLinear } from "./arithmetic.js";
import { checkValue } from "./kinds.js";
import { needFloats } from "./product-ops.js";
import type { Aval, BufferOperand, Op } from "./record.js";
import { reshapeOp } from "./shape-ops.js";

/** A matrix of which every column has the same number of elements that are not zero: only those are kept. */
export interface SparseMatrix<V = Value> {
  /** The elements, [nonZeros, columns]. */
  readonly values: V;
  /** The row that each stands in, int32 [nonZeros, columns]. Of several in one place, the sum counts. */
  readonly from: V;
}

const sparseKinds = { values: valueKind, from: valueKind };

interface SparseAttrs {
  /** Rows of the matrix. */
  readonly size: number;
  readonly transposed: boolean;
}

/** y[j] = sum over k of a[from[k, j]] values[k, j]; transposed: y[from[k, j]] += a[j] values[k, j]. Linear in a and in values. */
export const sparseProductOp: Op<SparseAttrs> = {
  name: "sparseProduct",
  infer({ size, transposed }, [a, values, from]) {
    needSparse(values!, from!);
    needFloats(a!, values!);
    const columns = values!.shape[1]!;
    const [read, written] = transposed ? [columns, size] : [size, columns];
    if (a!.shape.length > 2 || a!.shape.at(-1) !== read)
      throw new ShapeError(
        `sparseProduct: the operand is ${formatShape(a!.shape)}, expected [${read}] or [n, ${read}]`,
      );
    return [{ shape: [...a!.shape.slice(0, -1), written], dtype: a!.dtype }];
  },
  jvp: ({ attrs, inputs: [a, values, from] }, [ta, tv]) => [
    addLinear(
      ta && apply(sparseProductOp, attrs, ta, values!, from!),
      tv && apply(sparseProductOp, attrs, a!, tv, from!),
    ),
  ],
  transpose({ attrs: { size, transposed }, inputs: [a, values, from], linear }, [ct]) {
    if (ct === undefined) return [undefined, undefined, undefined];
    const [read, column] = transposed ? [ct, a!] : [a!, ct];
    return [
      linear[0] ? apply(sparseProductOp, { size, transposed: !transposed }, ct, values!, from!) : undefined,
      linear[1] ? apply(sparseOuterOp, {}, read, column, from!) : undefined,
      undefined,
    ];
  },
  lowering: {
    kind: "instruction",
    accumulates: true,
    byRows: (attrs, [a]) => (a!.shape.length === 2 ? { attrs, rows: [true, false, false] } : null),
    build: ({ size, transposed }, [a, values, from], out, space, accumulate) => ({
      kind: "sparseProduct",
      space,
      out: out.view,
      a: a!.view,
      b: values!.view,
      from: from!.view,
      count: vectorsOf(a!),
      size,
      columns: values!.shape[1]!,
      nonZeros: values!.shape[0]!,
      transposed,
      accumulate,
    }),
  },
  samples: [false, true].flatMap((transposed) =>
    [[], [5]].map((rows) => ({
      attrs: { size: 4, transposed },
      inputs: [{ shape: [...rows, transposed ? 3 : 4] }, { shape: [2, 3] }, { shape: [2, 3], below: 4 }],
    })),
  ),
};

/** y[k, j] = a[from[k, j]] b[j], summed over the rows of a and b where they have some. */
export const sparseOuterOp: Op<Record<string, never>> = {
  name: "sparseOuter",
  infer(_, [a, b, from]) {
    needSparse({ shape: from!.shape, dtype: b!.dtype }, from!);
    needFloats(a!, b!);
    return [{ shape: from!.shape, dtype: b!.dtype }];
  },
  jvp: ({ inputs: [a, b, from] }, [ta, tb]) => [
    addLinear(ta && apply(sparseOuterOp, {}, ta, b!, from!), tb && apply(sparseOuterOp, {}, a!, tb, from!)),
  ],
  transpose({ inputs: [a, b, from], linear }, [ct]) {
    if (ct === undefined) return [undefined, undefined, undefined];
    const size = a!.shape.at(-1)!;
    return [
      linear[0] ? apply(sparseProductOp, { size, transposed: true }, b!, ct, from!) : undefined,
      linear[1] ? apply(sparseProductOp, { size, transposed: false }, a!, ct, from!) : undefined,
      undefined,
    ];
  },
  lowering: {
    kind: "instruction",
    accumulates: true,
    whole: (_, [a]) => (a!.shape.length === 2 ? { rows: [true, true, false], build: outer } : null),
    build: outer,
    summed: outer,
  },
  samples: [
    { attrs: {}, inputs: [{ shape: [4] }, { shape: [3] }, { shape: [2, 3], below: 4 }] },
    { attrs: {}, inputs: [{ shape: [5, 4] }, { shape: [5, 3] }, { shape: [2, 3], below: 4 }] },
  ],
};

function outer(
  _: unknown,
  [a, b, from]: readonly BufferOperand[],
  out: BufferOperand,
  space: Space,
  accumulate: boolean,
): SparseOuter {
  return {
    kind: "sparseOuter",
    space,
    out: out.view,
    a: a!.view,
    b: b!.view,
    from: from!.view,
    count: vectorsOf(a!),
    size: a!.shape.at(-1)!,
    columns: from!.shape[1]!,
    nonZeros: from!.shape[0]!,
    accumulate,
  };
}

/** Vectors in an operand: one, or the rows of a matrix. */
function vectorsOf({ shape }: Aval): number {
  return shape.length === 1 ? 1 : shape[0]!;
}

function needSparse(values: Aval, from: Aval): void {
  if (from.dtype !== "int32") throw new TypeError(`sparseMatmul: from is ${from.dtype}, expected int32`);
  if (values.shape.length !== 2 || !sameShape(values.shape, from.shape))
    throw new ShapeError(
      `sparseMatmul: values are ${formatShape(values.shape)} and from is ${formatShape(from.shape)}; both are [nonZeros, columns], an element and the row that it stands in`,
    );
}

/**
 * A matrix product with a sparse matrix, of which only the elements that are not zero are kept and multiplied.
 *
 *     y[..., j] = sum over k of x[..., W.from[k, j]] W.values[k, j]
 *
 * That is x W for the matrix W [rows, columns] with the elements W.values, [nonZeros, columns], in the rows W.from; a column with fewer elements
 * is filled up with zeros. Every column takes `nonZeros` multiplications, whatever the number of rows, so it pays where that is a tenth of the rows or
 * less.
 *
 * Differentiable in x and in the values, and only in these: an element that is not there has no gradient.
 *
 * @param x [..., rows]: in a cell, or with rows of a batch before
 * @param W its elements and, int32, the row of each
 * @returns [..., columns]
 * @throws ShapeError if values and rows differ in shape, or x is a scalar; TypeError unless x and the values are of one floating-point type;
 * IndexError, when it runs, for a row that x does not have
 * @example
 * const W = { values: tensor([[2, 3]]), from: tensor([[1, 1]], "int32") };
 * sparseMatmul(tensor([[5, 7]]), W) // [[14, 21]]
 */
export function sparseMatmul(x: Tensor, W: SparseMatrix<Tensor>): Tensor;
export function sparseMatmul(x: Value, W: SparseMatrix): Value;
export function sparseMatmul(x: Value, W: SparseMatrix): Value {
  checkValue("sparseMatmul", "x", x);
  const { values, from } = checkSettings("sparseMatmul", W, sparseKinds);
  needSparse(values, from);
  if (x.dtype === "int32" || x.dtype !== values.dtype)
    throw new TypeError(
      `sparseMatmul: x is ${x.dtype} and the values are ${values.dtype}, expected both float32 or both float64; use cast()`,
    );
  if (x.rank === 0)
    throw new ShapeError("sparseMatmul: x is a scalar, expected [..., rows]: its last axis is summed over");
  const attrs = { size: x.shape.at(-1)!, transposed: false };
  if (x.rank <= 2) return apply(sparseProductOp, attrs, x, values, from);
  const lead = x.shape.slice(0, -1);
  const rows = apply(reshapeOp, { shape: [sizeOf(lead), attrs.size] }, x);
  return apply(
    reshapeOp,
    { shape: [...lead, values.shape[1]!] },
    apply(sparseProductOp, attrs, rows, values, from),
  );
}
