import { atLeastZero, check, checkSettings, func, optional, size } from "../check/index.js";
import { add, div, mul, sub } from "../ops/index.js";
import { scope, type Tensor } from "../tensor/index.js";
import { tensorKind } from "../tensor/kinds.js";
import { inner } from "./inner-product.js";

/** Settings of `conjugateGradient`. Vectors are of one shape, float64 as a rule. */
export interface ConjugateGradientOptions {
  /** x0; zeros by default. */
  readonly start?: Tensor;
  /** The diagonal of M, all positive; ones by default. */
  readonly preconditioner?: Tensor;
  /** 300 by default. */
  readonly maxSteps?: number;
  /** epsilon: ends when less of q than this was won per step; 0.0005 by default, 0 for never. */
  readonly progress?: number;
}

/** A stage of a solution. */
export interface CgIterate {
  readonly step: number;
  readonly x: Tensor;
  /** q(x) = x' A x / 2 - b' x */
  readonly q: number;
}

/** What `conjugateGradient` gives. */
export interface CgSolution {
  /** Some stages on the way, at steps that grow by a factor of 1.3, first to last; the last is the solution. */
  readonly iterates: readonly CgIterate[];
  readonly steps: number;
  /**
   * Why it ended: too little was won, the steps were used up, nothing was left to solve, a direction p had p' A p < 0, or
   * something was not finite.
   */
  readonly ended: "progress" | "steps" | "solved" | "negative curvature" | "not finite";
  /** p' A p / p' p of the direction of negative curvature, if one was met. The solution is what it was before. */
  readonly negativeCurvature: number | null;
}

/**
 * Minimises q(x) = x' A x / 2 - b' x, that is, solves A x = b, by preconditioned conjugate gradients, for a symmetric A that is known by
 * its products only.
 *
 * It ends as soon as over the last k = max(10, step / 10) steps q fell by less than k epsilon of itself. Where p' A p is not positive, there is no minimum in that
 * direction: it ends there, reports it, and does not divide by it.
 *
 * @param product A x @param b of one shape with x
 * @throws RangeError if a setting is out of range
 * @see Martens (2010), "Deep learning via Hessian-free optimization", sections 4.4 and 4.7
 * @example
 * const A = tensor([[4, 1], [1, 3]], "float64");
 * const solution = conjugateGradient((x) => matmul(x, A), tensor([1, 2], "float64"), { progress: 0 });
 * solution.iterates.at(-1)!.x; // [1/11, 7/11]
 */
export function conjugateGradient(
  product: (x: Tensor) => Tensor,
  b: Tensor,
  options?: ConjugateGradientOptions,
): CgSolution {
  check("conjugateGradient", "product", product, func);
  check("conjugateGradient", "b", b, tensorKind);
  const {
    start,
    preconditioner,
    maxSteps = 300,
    progress = 0.0005,
  } = checkSettings("conjugateGradient", options, {
    start: optional(tensorKind),
    preconditioner: optional(tensorKind),
    maxSteps: optional(size),
    progress: optional(atLeastZero),
  });
  const solve = (r: Tensor) => (preconditioner ? div(r, preconditioner) : mul(r, 1));
  return scope(() => {
    let x = (start ? mul(start, 1) : mul(b, 0)) as Tensor;
    let r = (start ? sub(b, product(start)) : mul(b, 1)) as Tensor;
    let p = solve(r) as Tensor;
    let rz = inner(r, p);
    const quadratic = () => -0.5 * (inner(x, r) + inner(x, b));
    const values = [quadratic()];
    const iterates: CgIterate[] = [];
    let kept = 1;
    let ended: CgSolution["ended"] = "steps";
    let negativeCurvature: number | null = null;
    let step = 0;
    while (step < maxSteps) {
      if (rz === 0) {
        ended = "solved";
        break;
      }
      const Ap = scope(() => product(p));
      const curvature = inner(p, Ap);
      if (!(curvature > 0) || !Number.isFinite(rz)) {
        if (curvature <= 0) negativeCurvature = curvature / inner(p, p);
        ended = curvature <= 0 ? "negative curvature" : "not finite";
        break;
      }
      const alpha = rz / curvature;
      const before = rz;
      const last = x;
      const next = scope(() => {
        const after = sub(r, mul(Ap, alpha)) as Tensor;
        const z = solve(after);
        rz = inner(after, z as Tensor);
        return { x: add(x, mul(p, alpha)) as Tensor, r: after, p: add(z, mul(p, rz / before)) as Tensor };
      });
      for (const t of [r, p, Ap]) t.dispose();
      if (iterates.at(-1)?.x !== last) last.dispose();
      ({ x, r, p } = next);
      step += 1;
      const q = quadratic();
      values.push(q);
      if (step >= kept) {
        iterates.push({ step, x, q });
        kept = Math.max(step + 1, Math.ceil(kept * 1.3));
      }
      const k = Math.max(10, Math.floor(step / 10));
      if (step > k && q < 0 && (q - values[step - k]!) / q < k * progress) {
        ended = "progress";
        break;
      }
    }
    if (iterates.at(-1)?.x !== x) iterates.push({ step, x, q: values[step]! });
    return { iterates, steps: step, ended, negativeCurvature };
  });
}
