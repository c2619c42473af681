import { fusedRows } from "../autodiff/index.js";
import { check } from "../check/index.js";
import {
  abs,
  add,
  cast,
  div,
  equal,
  less,
  max,
  maximum,
  minimum,
  mul,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  where,
} from "../ops/index.js";
import { leaves, scope, type Tensor, type Value, zeros } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { floatTypeOf } from "./aligned.js";

/**
 * The Euclidean norm of all elements of a tree taken together.
 *
 *     |g| = sqrt(sum of g_i^2 over all elements of all leaves)
 *
 * Squares of float32 numbers are formed in float64, those of float64 numbers after division by the largest magnitude, so that they
 * neither overflow nor underflow. NaN gives NaN, else Inf gives Inf; no elements give 0. Leaves of type int32 do not count.
 *
 * @returns scalar, float64 if any leaf is, else float32.
 * @example jointNorm({ a: tensor([3e30]), b: tensor([4e30]) }) // 5e30
 */
export function jointNorm(tree: unknown): Tensor {
  check("jointNorm", "tree", tree, treeKind);
  return scope(() => scaledNorm(tree).norm as Tensor);
}

/** A norm in two factors, norm = scale * root, so that a division by it can avoid overflow. All scalars. */
export interface ScaledNorm {
  readonly norm: Value;
  /** A finite number of the size of the norm or of the largest magnitude; 1 if the norm is 0 or an element is not finite. */
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

/** What a step is told by a transform around another: the joint norm of the gradient that it hands on. */
export interface KnownNormSetting {
  readonly knownNorm?: KnownNorm;
}

/** The settings of a step with the norm of the tree that is handed on. */
export function withKnownNorm<T>(
  settings: T | undefined,
  tree: unknown,
  norm: ScaledNorm,
): T & KnownNormSetting {
  return { ...settings, knownNorm: { tree, norm } } as T & KnownNormSetting;
}

/** The joint norm with its parts. Call it inside a scope. */
export function scaledNorm(tree: unknown, known?: KnownNorm): ScaledNorm {
  if (known !== undefined && known.tree === tree) return known.norm;
  const dtype = floatTypeOf(tree);
  const rows = leaves(tree)
    .filter((v) => v.dtype !== "int32" && v.size > 0)
    .map((v) => cast(v.rank === 0 ? reshape(v, [1]) : v, dtype));
  return dtype === "float32" ? wideNorm(rows) : normAfterScaling(rows);
}

/** The norm of float32 numbers. In float64 no square of theirs overflows or underflows. */
function wideNorm(rows: readonly Value[]): ScaledNorm {
  const total = rows.map((v) => sum(wideSquares(v))).reduce((a, b) => add(a, b), zeros([], "float64"));
  const wide = sqrt(total);
  const finite = equal(sub(wide, wide), 0);
  const scale = where(mul(finite, less(0, wide)), cast(minimum(wide, largestFloat32), "float32"), 1);
  const root = cast(div(wide, cast(scale, "float64")), "float32");
  return { norm: mul(scale, root), scale, root, finite };
}

const largestFloat32 = (2 - 2 ** -23) * 2 ** 127;

/** The sum of the squares of each row of float32 numbers, in float64. */
const wideSquares = fusedRows(
  "wideSquares",
  "rows",
  (v: Value) => sum(square(cast(v, "float64")), -1),
  "float64",
);

function normAfterScaling(rows: readonly Value[]): ScaledNorm {
  const largest = rows.map((v) => max(magnitudes(v))).reduce((a, b) => maximum(a, b), zeros([], "float64"));
  // A maximum may drop a NaN; the sum of squares below does not.
  const bounded = equal(sub(largest, largest), 0);
  const scale = where(mul(bounded, less(0, largest)), largest, 1);
  const total = rows
    .map((v) => sum(scaledSquares(v, scale)))
    .reduce((a, b) => add(a, b), zeros([], "float64"));
  const root = sqrt(total);
  return { norm: mul(scale, root), scale, root, finite: equal(sub(root, root), 0) };
}

/** The largest magnitude of each row. */
const magnitudes = fusedRows("magnitudes", "rows", (v: Value) => max(abs(v), -1));

/** The sum of the squares of each row, after division by a scale. */
const scaledSquares = fusedRows("scaledSquares", "rows", (v: Value, scale: Value) =>
  sum(square(div(v, scale)), -1),
);
