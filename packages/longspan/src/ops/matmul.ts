import {
  broadcastShapes,
  formatShape,
  type Shape,
  ShapeError,
  sizeOf,
  type Tensor,
  type Value,
} from "../tensor/index.js";
import { apply, isRecording } from "./apply.js";
import { mul } from "./arithmetic.js";
import { checkValue } from "./kinds.js";
import { matmulOp, needFloats } from "./product-ops.js";
import { broadcastToOp, reduceSumOp, reshapeOp } from "./shape-ops.js";

/**
 * Matrix product, by NumPy's rules: y[..., i, j] = sum over p of a[..., i, p] b[..., p, j].
 *
 * - a [..., m, k] and b [..., k, n] give [..., m, n]. Leading axes broadcast against each other: those of size 1 repeat, missing
 *   ones are added in front.
 * - A vector on the left, a [k], is a row: with b [..., k, n] it gives [..., n].
 * - A vector on the right, b [k], is a column: with a [..., m, k] it gives [..., m].
 * - Two vectors give their inner product, a scalar.
 *
 * Inside a cell either operand can be a parameter, or differ per sequence or per node: a memory M [N, W] times a key w [W].
 * @throws ShapeError if the inner sizes differ, leading axes do not broadcast, or an operand is a scalar; TypeError unless both
 * are float32 or both float64
 * @example
 * matmul(tensor([[1, 2]]), tensor([[3], [4]])) // [[11]]
 * matmul(tensor([[1, 2], [3, 4]]), tensor([1, 10])) // [21, 43]
 * matmul(tensor([1, 2]), tensor([3, 4])) // 11
 */
export function matmul(a: Tensor, b: Tensor): Tensor;
export function matmul(a: Value, b: Value): Value;
export function matmul(a: Value, b: Value): Value {
  checkValue("matmul", "a", a);
  checkValue("matmul", "b", b);
  needFloats(a, b);
  if (a.rank === 0 || b.rank === 0)
    throw new ShapeError(
      `matmul: shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}; a scalar has no axis to sum over, use mul()`,
    );
  const [k, inner] = [a.shape.at(-1)!, b.shape.at(b.rank === 1 ? -1 : -2)!];
  if (k !== inner)
    throw new ShapeError(
      `matmul: shapes ${formatShape(a.shape)} and ${formatShape(b.shape)} do not fit: the inner sizes must be equal, they are ${k} and ${inner}`,
    );
  if (b.rank === 1) return a.rank === 1 ? innerProduct(a, b) : timesVector(a, b);
  if (b.rank === 2) return timesMatrix(a, b);
  if (a.rank === 1) {
    const row = stacked(reshaped(a, [1, k]), b);
    return reshaped(row, [...b.shape.slice(0, -2), b.shape.at(-1)!]);
  }
  return stacked(a, b);
}

const plain = { transposeA: false, transposeB: false };

/** Row-local: fuses with the work around it. */
function innerProduct(a: Value, b: Value): Value {
  return apply(reduceSumOp, { axes: [0] }, mul(a, b));
}

/** [..., m, k] times [k]. */
function timesVector(a: Value, b: Value): Value {
  const [k, rows] = [b.shape[0]!, a.shape.slice(0, -1)];
  const matrix = reshaped(a, [sizeOf(rows), k]);
  // In a cell the vector is the row of each node, which is multiplied by the transpose of one matrix for all, or of its own. A
  // single product goes through the rows of the matrix.
  const result = isRecording()
    ? apply(matmulOp, { transposeA: false, transposeB: true }, b, matrix)
    : apply(matmulOp, plain, matrix, reshaped(b, [k, 1]));
  return reshaped(result, rows);
}

/** [..., m, k] times [k, n]: as one matrix with all rows. */
function timesMatrix(a: Value, b: Value): Value {
  if (a.rank <= 2) return apply(matmulOp, plain, a, b);
  const rows = a.shape.slice(0, -1);
  const result = apply(matmulOp, plain, reshaped(a, [sizeOf(rows), a.shape.at(-1)!]), b);
  return reshaped(result, [...rows, b.shape[1]!]);
}

/** Matrices one by one, after their leading axes are made the same. */
function stacked(a: Value, b: Value): Value {
  const lead = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), "matmul (leading axes)");
  return apply(matmulOp, plain, spreadOver(lead, a), spreadOver(lead, b));
}

/** A stack of matrices, repeated along the leading axes `lead`. */
export function spreadOver(lead: Shape, matrices: Value): Value {
  const shape = [...lead, ...matrices.shape.slice(-2)];
  return shape.join() === matrices.shape.join() ? matrices : apply(broadcastToOp, { shape }, matrices);
}

/** The same elements under another shape. */
function reshaped(x: Value, shape: Shape): Value {
  return shape.join() === x.shape.join() ? x : apply(reshapeOp, { shape }, x);
}
