import { fusedRows } from "../autodiff/index.js";
import { cast, div, less, mul, where } from "../ops/index.js";
import type { Value } from "../tensor/index.js";
import { perType } from "./aligned.js";
import type { ScaledNorm } from "./joint-norm.js";

/** What clipping by a norm does to the values that the norm is of. All tensors are scalars. */
export interface NormClip {
  /** min(1, v / |g|) */
  readonly factor: Value;
  /** |g| afterwards, from the factor: min(|g|, v). */
  readonly normAfter: Value;
  /** A value times the factor. */
  clip(g: Value): Value;
}

/** Clips to norm v = `threshold`. A norm that is not finite because an element is not clips nothing. */
export function normClip({ norm, scale, root, finite }: ScaledNorm, threshold: number | Value): NormClip {
  const clipped = mul(finite, less(threshold, norm));
  // v / |g| alone may be too small a number for float32; its two factors are not.
  const divisor = where(clipped, scale, 1);
  const multiplier = where(clipped, div(threshold, root), 1);
  const parts = perType((dtype) => [cast(divisor, dtype), cast(multiplier, dtype)] as const);
  return {
    factor: div(multiplier, divisor),
    normAfter: where(clipped, threshold, norm),
    clip(g) {
      const [d, m] = parts(g.dtype);
      return multiplied(g, d, m);
    },
  };
}

/** A value divided and multiplied: both factors of a small number. */
const multiplied = fusedRows("multiplied", "elements", (g: Value, divisor: Value, multiplier: Value) =>
  mul(div(g, divisor), multiplier),
);
