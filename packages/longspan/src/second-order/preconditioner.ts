import type { GaussNewton } from "../autodiff/index.js";
import { add, less, mul, sqrt, square, uniform, where } from "../ops/index.js";
import { type Key, scope, type Tensor, type Value } from "../tensor/index.js";
import type { FlatVectors } from "./flat-vectors.js";

/**
 * The diagonal preconditioner (d + damping)^(3/4), d being about the mean over predictions of the squared gradient of each.
 *
 * Not each prediction's gradient is formed. Their sum with random signs e_r has the squares' sum as the mean of its own square,
 *
 *     E (sum_r e_r g_r)^2 = sum_r g_r^2,   element by element
 *
 * so that a few passes back, each with other signs, estimate d; `samples` passes are off by a factor of about
 * sqrt(2 / samples). That is enough for what only steers the solver: the solution does not depend on it.
 *
 * @see Martens (2010), section 4.7
 */
export function preconditioner<P>(
  curvature: GaussNewton<P>,
  flat: FlatVectors<P>,
  {
    key,
    samples,
    damping,
  }: { readonly key: Key; readonly samples: number; readonly damping: Value | number },
): Tensor {
  return scope(() => {
    let total: Value | null = null;
    for (let s = 0; s < samples; s++) {
      const signed = curvature.outputGradients.map((g, k) => {
        const rows = g.shape[0] ?? 1;
        const shape = g.rank === 0 ? [] : [rows, ...g.shape.slice(1).map(() => 1)];
        const draw = uniform(key.fold(s).fold(k), shape, g.dtype);
        // The loss is a mean over rows; what is wanted is the size of a row's own gradient.
        const size = Math.sqrt(rows);
        return mul(g, signs(draw, size));
      });
      const squares = square(flat.vector(curvature.pullback(signed)));
      total = total === null ? squares : add(total, squares);
    }
    const base = add(mul(total!, 1 / samples), damping);
    return mul(sqrt(base), sqrt(sqrt(base))) as Tensor;
  });
}

/** -size or size, each as often. */
function signs(draw: Value, size: number): Value {
  const zero = mul(draw, 0);
  return where(less(draw, 0.5), add(zero, -size), add(zero, size));
}
