import { check, listOf, positive } from "../check/index.js";
import { add, concat, div, reshape } from "../ops/index.js";
import { scope, type Tensor } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { mapFloats } from "./aligned.js";
import { scaledNorm } from "./joint-norm.js";
import { normClip } from "./norm-clip.js";

/** What `clipPerExample` gives. */
export interface ClippedPerExample<P> {
  /** The mean of the clipped gradients: tree of the parameters' form. */
  readonly grads: P;
  /** |g| of each example before: [examples]. */
  readonly norms: Tensor;
  /** What each was multiplied by: [examples]. */
  readonly factors: Tensor;
}

/**
 * Clips the gradient of each example by its joint norm, then takes their mean.
 *
 *     g = 1/B sum over b of g_b min(1, v / |g_b|)
 *
 * An example with a huge gradient is shortened alone; the others in its minibatch keep their full say, which they lose where the mean
 * is clipped (`clippingBias` measures it). The norm of the mean is at most v. Its direction is not that of the mean of the
 * gradients: large ones count less.
 *
 * A zero gradient stays zero. A gradient with Inf or NaN is passed on as it is, so that a guard against them (`onExplosion`)
 * sees it.
 *
 * @param gradients one tree per example, as `valueAndGradPerExample` gives them
 * @param threshold v, positive, in units of one example's gradient; Infinity never clips and still tells the norms.
 * @throws RangeError if the threshold is not positive or there is no example.
 * @throws ShapeError naming the path if the trees differ in form, shape or type.
 * @see Goodfellow, Bengio, Courville (2016), section 10.11.1, on the bias of clipping a minibatch's mean; the rule itself is that of
 * Abadi et al. (2016), algorithm 1, without noise.
 * @example
 * const { grads, factors } = clipPerExample([{ w: tensor([30, 40]) }, { w: tensor([0, 1]) }], 1);
 * // grads { w: [0.3, 0.9] }, factors [0.02, 1]
 */
export function clipPerExample<P>(gradients: readonly P[], threshold: number): ClippedPerExample<P> {
  check("clipPerExample", "gradients", gradients, trees);
  check("clipPerExample", "threshold", threshold, positive);
  const [first, ...others] = gradients;
  if (first === undefined) throw new RangeError("clipPerExample: gradients holds at least one, got none");
  return scope(() => {
    const clips = gradients.map((g) => {
      const found = scaledNorm(g);
      return { norm: found.norm, ...normClip(found, threshold) };
    });
    let total = mapFloats("clipPerExample", first, {}, (g) => clips[0]!.clip(g));
    others.forEach((one, i) => {
      total = mapFloats("clipPerExample", total, { gradient: one }, (t, { gradient }) =>
        add(t, clips[i + 1]!.clip(gradient)),
      );
    });
    const listed = (name: "norm" | "factor") =>
      concat(
        clips.map((c) => reshape(c[name], [1])),
        0,
      ) as Tensor;
    return {
      grads: mapFloats("clipPerExample", total, {}, (t) => div(t, gradients.length)),
      norms: listed("norm"),
      factors: listed("factor"),
    };
  });
}

const trees = listOf(treeKind, "a list of trees, one gradient per example");
