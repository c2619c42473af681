import { check, checkSettings, finitePositive, flag, func, integer, optional, size } from "../check/index.js";
import { add, dot, type Linear, mul, normal, reshape, sum } from "../ops/index.js";
import {
  type Concrete,
  Key,
  leaves,
  mapTree,
  onCpu,
  scope,
  type Tensor,
  type Value,
} from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { grad, hessianVectorProduct } from "./transforms.js";

/** How far derivatives are from central differences: |a - b| / (|g| |v|). */
export interface DerivativeCheck {
  /** Largest relative error of g . v over the directions. */
  readonly first: number;
  /** Largest relative error of the Hessian-vector product, or null if it was not asked for. */
  readonly second: number | null;
}

/**
 * Compares derivatives of a scalar function with central differences along random directions. Use float64 and points
 * away from kinks.
 *
 * first: |(f(x + e v) - f(x - e v)) / 2e - g . v| / (|g| |v|); second: the same of w . g for w . H v.
 * @example
 * const cube = (x: Value) => sum(mul(x, square(x)));
 * const { first, second } = checkDerivatives(cube, tensor([0.5, -2], "float64"), { second: true });
 * // both about 1e-11
 */
export function checkDerivatives<P>(
  f: (params: P) => Value,
  params: Concrete<P>,
  options?: { directions?: number; epsilon?: number; second?: boolean; seed?: number },
): DerivativeCheck {
  check("checkDerivatives", "f", f, func);
  check("checkDerivatives", "params", params, treeKind);
  const {
    directions = 3,
    epsilon = 1e-5,
    second = false,
    seed = 0,
  } = checkSettings("checkDerivatives", options, {
    directions: optional(size),
    epsilon: optional(finitePositive),
    second: optional(flag),
    seed: optional(integer),
  });
  for (const v of leaves(params))
    if (v.dtype === "float32")
      throw new TypeError("checkDerivatives: differences need float64, got float32 parameters");
  let worst = 0;
  let worstSecond = 0;
  const along = (d: number): void => {
    const key = Key.of(seed).fold(d);
    const [kv, kw] = key.split(2);
    const v = directionLike(params, kv!);
    const moved = (s: number) => shifted(params, v, s);
    const g = grad(f)(params);
    const value = (p: Concrete<P>) => scalar(() => f(p as unknown as P));
    const difference = (value(moved(epsilon)) - value(moved(-epsilon))) / (2 * epsilon);
    worst = Math.max(worst, relative(difference, inner(g, v), norm(g) * norm(v)));
    if (second) {
      const w = directionLike(params, kw!);
      const slope = (p: Concrete<P>) => inner(grad(f)(p), w);
      const change = (slope(moved(epsilon)) - slope(moved(-epsilon))) / (2 * epsilon);
      const hv = hessianVectorProduct(f)(params, v);
      worstSecond = Math.max(
        worstSecond,
        relative(change, inner(hv, w), Math.max(norm(hv) * norm(w), norm(g) * norm(w))),
      );
    }
  };
  for (let d = 0; d < directions; d++) scope(() => along(d));
  return { first: worst, second: second ? worstSecond : null };
}

function relative(a: number, b: number, size: number): number {
  const error = Math.abs(a - b);
  return error === 0 ? 0 : error / Math.max(size, 1e-12);
}

function scalar(f: () => Value): number {
  return onCpu(scope(() => f() as Tensor)).item();
}

/** The inner product of two trees. */
function inner(a: unknown, b: unknown): number {
  const others = leaves(b);
  let total = 0;
  leaves(a).forEach((v, i) => {
    if (v.dtype !== "int32") total += scalar(() => dot(reshape(v, [-1]), reshape(others[i]!, [-1])));
  });
  return total;
}

function norm(a: unknown): number {
  return Math.sqrt(
    leaves(a).reduce((p, v) => p + (v.dtype === "int32" ? 0 : scalar(() => sum(mul(v, v)))), 0),
  );
}

function directionLike<P>(params: P, key: Key): P {
  let i = 0;
  return mapTree(params, (v) => (v.dtype === "int32" ? v : normal(key.fold(i++), v.shape, v.dtype)));
}

function shifted<P>(params: P, direction: P, s: number): P {
  const ds: Linear[] = leaves(direction);
  let i = 0;
  return mapTree(params, (v) => {
    const d = ds[i++]!;
    return v.dtype === "int32" ? v : add(v, mul(d, s));
  });
}
