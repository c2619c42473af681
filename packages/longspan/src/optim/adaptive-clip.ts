import { checkSettings, optional, positive, share, size } from "../check/index.js";
import {
  add,
  cast,
  equal,
  iota,
  less,
  lessEqual,
  max,
  maximum,
  mul,
  neg,
  reshape,
  sub,
  sum,
  where,
} from "../ops/index.js";
import { full, scope, type Tensor, type Value, zeros } from "../tensor/index.js";
import { floatTypeOf, mapFloats } from "./aligned.js";
import { checked } from "./checked.js";
import type { NormState } from "./clip-by-joint-norm.js";
import { type KnownNormSetting, type ScaledNorm, scaledNorm } from "./joint-norm.js";
import { knownNormKinds } from "./kinds.js";
import { normClip } from "./norm-clip.js";
import { own } from "./own.js";
import type { Transform } from "./transform.js";

const unlimited = Number.POSITIVE_INFINITY;

/** Settings of `adaptiveClip`. */
export interface AdaptiveOptions {
  /** Share of the norms seen that lie at or below the threshold: in (0, 1]; 0.9 by default. */
  readonly quantile?: number;
  /** N, how many of the last norms the quantile is taken of; 100 by default. */
  readonly window?: number;
  /** Norms seen before the quantile counts, 1 to N; 10 by default, or N if that is less. */
  readonly after?: number;
  /** The threshold until then, positive; Infinity by default: the first steps are not clipped. */
  readonly start?: number;
}

/** State of `adaptiveClip`: what the last step did, and the norms that the next threshold is made of. */
export interface AdaptiveClipState extends NormState {
  /** v of the last step: scalar. */
  readonly threshold: Tensor;
  /** The last norms, in the order of a ring: [window]. Infinity where there is none yet. */
  readonly recent: Tensor;
  /** The place in the ring of the next norm: int32 scalar. */
  readonly next: Tensor;
  /** How many norms there are, at most the window: int32 scalar. */
  readonly seen: Tensor;
}

/**
 * Clips the gradient by its joint norm, with a threshold that follows the norms of the run.
 *
 *     v = the quantile q of the last N norms, before clipping, not counting this step's own
 *     if |g| > v:  g <- g v / |g|          (10.48, 10.49)
 *
 * The quantile is the value at place ceil(q n) of n norms in ascending order: one of the norms, not a mixture of two. In a run whose
 * norms are alike, a share of 1 - q of the steps is clipped, whatever their unit; a single explosion does not move v.
 *
 * Start: until `after` norms have been seen, v is `start`. A norm that is not finite does not enter the window; the gradient is
 * passed on as it is (see `onExplosion`, around this). Norms enter unclipped, so that v can grow with them. Should the quantile
 * be 0, nothing is clipped. The direction stays and the norm is at most v, as with `clipByJointNorm`.
 *
 * A quantile rather than a multiple of a mean norm, or of the exponential of a mean logarithm: those have a scale that must be
 * tuned to how widely the norms of a task scatter, while q is the share of steps left alone.
 *
 * The state consists of tensors, and the window is sorted by comparison on the executor, N^2 of them: nothing is read
 * back.
 *
 * @throws RangeError if a setting is out of its range.
 * @see Seetharaman, Wichern, Pardo, Le Roux (2020), "AutoClip: Adaptive gradient clipping for source separation networks", which
 * takes the quantile of all norms since the beginning (q = 0.1); a window forgets the start of the training.
 * @example
 * const clip = adaptiveClip({ quantile: 0.5, window: 3, after: 1 });
 * const params = { w: tensor([0, 0]) };
 * const first = clip.update({ w: tensor([3, 4]) }, clip.init(params), params); // not clipped: nothing has been seen
 * const { updates, state } = clip.update({ w: tensor([30, 40]) }, first.state, params);
 * // updates { w: [3, 4] }, state.threshold 5, state.factor 0.1
 */
export function adaptiveClip(options: AdaptiveOptions = {}): Transform<AdaptiveClipState, KnownNormSetting> {
  checkSettings("adaptiveClip", options, kinds);
  const { quantile = 0.9, window = 100, start = unlimited } = options;
  const { after = Math.min(10, window) } = options;
  if (after > window)
    throw new RangeError(
      `adaptiveClip: after is ${after}, the norms seen before the quantile counts, but the window holds ${window}; give at most as many`,
    );
  return checked(
    "adaptiveClip",
    ["threshold", "recent", "next", "seen"],
    {
      init(params) {
        const dtype = floatTypeOf(params);
        return {
          norm: zeros([], dtype),
          normAfter: zeros([], dtype),
          factor: full([], 1, dtype),
          threshold: full([], start, dtype),
          recent: full([window], unlimited, dtype),
          next: zeros([], "int32"),
          seen: zeros([], "int32"),
        };
      },
      update: (grads, before, params, settings) =>
        scope(() => {
          const found = scaledNorm(grads, settings?.knownNorm);
          const usual = quantileOf(before.recent, before.seen, quantile);
          const threshold = where(less(before.seen, after), start, where(less(0, usual), usual, unlimited));
          const { clip, normAfter, factor } = normClip(found, threshold);
          const updates = mapFloats("adaptiveClip", grads, { parameter: params }, clip);
          return {
            updates,
            state: {
              norm: own(found.norm) as Tensor,
              normAfter: normAfter as Tensor,
              factor: factor as Tensor,
              threshold: threshold as Tensor,
              ...entered(before, found),
            },
          };
        }),
    },
    knownNormKinds,
  );
}

/** The value at place ceil(q n) of the first n norms in ascending order; those that are not there yet are infinite. */
function quantileOf(recent: Value, seen: Value, quantile: number): Value {
  const { dtype } = recent;
  const n = recent.size;
  // A little less than q n, so that rounding does not carry it past a whole number; its ceiling is a place from 1 on.
  const rank = maximum(sub(mul(cast(seen, dtype), quantile), 1e-4), 0.5);
  // The least norm up to which there are that many.
  const isUpTo = lessEqual(reshape(recent, [1, n]), reshape(recent, [n, 1]));
  const upTo = sum(cast(isUpTo, dtype), 1);
  return neg(max(neg(where(lessEqual(rank, upTo), recent, unlimited))));
}

/** The window after a step: a norm that is finite takes the place of the oldest. */
function entered(
  { recent, next, seen }: AdaptiveClipState,
  { norm }: ScaledNorm,
): Pick<AdaptiveClipState, "recent" | "next" | "seen"> {
  const window = recent.size;
  const enters = equal(sub(norm, norm), 0);
  const here = mul(equal(iota([window]), next), enters);
  const following = add(next, enters);
  return {
    recent: where(here, norm, recent) as Tensor,
    next: where(equal(following, window), 0, following) as Tensor,
    seen: where(less(seen, window), add(seen, enters), seen) as Tensor,
  };
}

const kinds = {
  quantile: optional(share),
  window: optional(size),
  after: optional(size),
  start: optional(positive),
};
