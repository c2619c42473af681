import { check } from "../../check/index.js";
import { add, cast, equal, less, log, maximum, neg, reshape, stopGradient, where } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { type Members, membersKind } from "./members.js";

/** A member that was drawn. */
export interface DrawnMember {
  /** 1 for it and 0 for the others, in the shape of the weights. It has no derivative. */
  readonly drawn: Value;
  /**
   * The logarithm of its probability: per query [], or [H, 1] for weights [H, N], or [1] for [N]. Its derivative is what `scoreFunction`
   * needs. 0 where there is no member with a weight.
   */
  readonly logProbability: Value;
}

/**
 * One member drawn at random, each with its weight as its probability: hard attention, or a hard read.
 *
 * The draw is that of the largest log(w_m) - log(-log(z_m)), for uniform z: exactly the distribution of the weights, without their sums one
 * after the other.
 *
 * @param weights per member [], or [N], or [H, N]; what they sum to does not matter for the draw, and is 1 for the log-probability to be one
 * @param noise z, uniform in [0, 1), in the shape of the weights: another one for each member
 * @see Williams (1992), "Simple statistical gradient-following algorithms for connectionist reinforcement learning"; Xu et al. (2015), "Show,
 * attend and tell", on hard attention
 * @example
 * const { drawn, logProbability } = drawMember(tensor([0.5, 0.5, 0]), tensor([0.1, 0.9, 0.99]), rowMembers);
 * drawn // [0, 1, 0]
 * logProbability // [-0.693]
 */
export function drawMember(weights: Value, noise: Value, members: Members): DrawnMember {
  check("drawMember", "weights", weights, valueKind);
  check("drawMember", "noise", noise, valueKind);
  check("drawMember", "members", members, membersKind);
  const fixed = stopGradient(weights);
  const possible = less(0, fixed);
  // A uniform number may be 0, whose logarithm would hide the member for good.
  const gumbel = neg(log(neg(log(maximum(noise, 1e-30)))));
  const score = where(possible, add(log(where(possible, fixed, 1)), gumbel), Number.NEGATIVE_INFINITY);
  const top = members.max(score);
  const before = neg(members.positions(reshape(fixed, [...fixed.shape, 1])));
  const isTop = where(possible, equal(score, top), 0);
  // Of equals the first: rounding makes some.
  const first = members.max(where(isTop, before, Number.NEGATIVE_INFINITY));
  const hit = where(isTop, equal(before, first), 0);
  const probability = members.sum(where(hit, weights, 0));
  return {
    drawn: cast(hit, weights.dtype),
    logProbability: log(where(less(0, probability), probability, 1)),
  };
}
