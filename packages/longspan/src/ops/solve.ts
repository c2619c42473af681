import { checkSettings, flag, optional } from "../check/index.js";
import { broadcastShapes, formatShape, ShapeError, type Tensor, type Value } from "../tensor/index.js";
import { apply } from "./apply.js";
import { add, mul } from "./arithmetic.js";
import { sameType } from "./elementwise.js";
import { checkValue } from "./kinds.js";
import { spreadOver } from "./matmul.js";
import { reshapeOp } from "./shape-ops.js";
import { choleskyOp, needSquares, swapped, triangularSolveOp } from "./triangular-op.js";

/** Which triangular system is meant. */
export interface TriangularSolveOptions {
  /** Whether the upper triangle of `a` counts; false by default: the lower one. */
  readonly upper?: boolean;
  /** Whether the system is that of the transpose of `a`; false by default. */
  readonly transpose?: boolean;
}

/**
 * The solution x of a x = b with triangular a (of a' x = b with `transpose`). Only one triangle of a is read, the lower one by default,
 * and derivatives go to no other element.
 *
 * A zero on the diagonal is no error: x has infinite or NaN elements, as its divisions give them.
 * @param a [..., n, n]
 * @param b a vector [n], or right sides side by side [..., n, m]; leading axes broadcast against those of a, as in `matmul`
 * @returns the shape of b, with the leading axes of both
 * @throws ShapeError if a is not square, or b has other rows than a; TypeError unless both are float32 or both float64
 * @example
 * triangularSolve(tensor([[2, 0], [1, 4]]), tensor([2, 9])) // [1, 2]
 * triangularSolve(tensor([[2, 0], [1, 4]]), tensor([[2, 4], [9, 2]])) // [[1, 2], [2, 0]]
 */
export function triangularSolve(a: Tensor, b: Tensor, options?: TriangularSolveOptions): Tensor;
export function triangularSolve(a: Value, b: Value, options?: TriangularSolveOptions): Value;
export function triangularSolve(a: Value, b: Value, options?: TriangularSolveOptions): Value {
  checkValue("triangularSolve", "a", a);
  checkValue("triangularSolve", "b", b);
  const what = { upper: optional(flag), transpose: optional(flag) };
  const { upper = false, transpose = false } = checkSettings("triangularSolve", options, what);
  needSquares("triangularSolve", a);
  sameType("triangularSolve", [a, b]);
  const n = a.shape.at(-1)!;
  if (b.rank === 0 || b.shape.at(b.rank === 1 ? -1 : -2) !== n)
    throw new ShapeError(
      `triangularSolve: b ${formatShape(b.shape)} does not fit a ${formatShape(a.shape)}: expected [${n}] or [..., ${n}, m]`,
    );
  const columns = b.rank === 1 ? apply(reshapeOp, { shape: [n, 1] }, b) : b;
  const lead = broadcastShapes(
    a.shape.slice(0, -2),
    columns.shape.slice(0, -2),
    "triangularSolve (leading axes)",
  );
  const attrs = { lower: !upper, transposeA: transpose };
  const x = apply(triangularSolveOp, attrs, spreadOver(lead, a), spreadOver(lead, columns));
  return b.rank === 1 ? apply(reshapeOp, { shape: [...lead, n] }, x) : x;
}

/**
 * The Cholesky factor: the lower triangular l with positive diagonal for which l l' = (a + a') / 2, which is a where a is symmetric. So
 * the gradient of a is symmetric.
 *
 * A matrix that is not positive definite is no error, since it may be one of many in a stack, or of a node in a cell: all elements of its
 * factor are NaN, and no others.
 * @param a [..., n, n]
 * @returns [..., n, n], zero above the diagonal
 * @throws ShapeError if a is not square; TypeError if it holds integers
 * @example
 * cholesky(tensor([[4, 2], [2, 10]])) // [[2, 0], [1, 3]]
 * cholesky(tensor([[1, 2], [2, 1]])) // [[NaN, NaN], [NaN, NaN]]
 */
export function cholesky(a: Tensor): Tensor;
export function cholesky(a: Value): Value;
export function cholesky(a: Value): Value {
  checkValue("cholesky", "a", a);
  needSquares("cholesky", a);
  return apply(choleskyOp, {}, mul(add(a, swapped(a)), 0.5));
}
