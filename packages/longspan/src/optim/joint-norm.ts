import {
  abs,
  add,
  cast,
  div,
  equal,
  less,
  max,
  maximum,
  mul,
  sqrt,
  square,
  sub,
  sum,
  where,
} from "../ops/index.js";
import { leaves, scope, type Tensor, type Value, zeros } from "../tensor/index.js";
import { floatTypeOf } from "./aligned.js";

/**
 * The Euclidean norm of all elements of a tree taken together.
 *
 *     |g| = sqrt(sum of g_i^2 over all elements of all leaves)
 *
 * The squares are formed after division by the largest magnitude, so they neither overflow nor underflow, in float32
 * too. NaN gives NaN, else Inf gives Inf; no elements give 0. Leaves of type int32 do not count.
 *
 * @returns scalar, float64 if any leaf is, else float32.
 * @example jointNorm({ a: tensor([3e30]), b: tensor([4e30]) }) // 5e30
 */
export function jointNorm(tree: unknown): Tensor {
  return scope(() => scaledNorm(tree).norm as Tensor);
}

/** A norm in two factors, norm = scale * root, so that a division by it can avoid overflow. All scalars. */
export interface ScaledNorm {
  readonly norm: Value;
  /** The largest magnitude, or 1 if that is 0 or not finite. */
  readonly scale: Value;
  readonly root: Value;
  /** 1 if no element is infinite or NaN, else 0 (int32). The norm itself may overflow to Infinity all the same. */
  readonly finite: Value;
}

/** The norm of a tree that was worked out before, so that it need not be worked out again for that very tree. */
export interface KnownNorm {
  readonly tree: unknown;
  readonly norm: ScaledNorm;
}

/** The joint norm with its parts. Call it inside a scope. */
export function scaledNorm(tree: unknown, known?: KnownNorm): ScaledNorm {
  if (known !== undefined && known.tree === tree) return known.norm;
  const dtype = floatTypeOf(tree);
  const floats = leaves(tree).filter((v) => v.dtype !== "int32" && v.size > 0);
  let largest: Value = zeros([], dtype);
  for (const v of floats) largest = maximum(largest, cast(max(abs(v)), dtype));
  // A maximum may drop a NaN; the sum of squares below does not.
  const bounded = equal(sub(largest, largest), 0);
  const scale = where(mul(bounded, less(0, largest)), largest, 1);
  let total: Value = zeros([], dtype);
  for (const v of floats) total = add(total, sum(square(div(cast(v, dtype), scale))));
  const root = sqrt(total);
  return { norm: mul(scale, root), scale, root, finite: equal(sub(root, root), 0) };
}
