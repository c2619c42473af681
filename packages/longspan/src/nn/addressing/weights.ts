import { check } from "../../check/index.js";
import { div, equal, exp, less, log, mul, stopGradient, sub, where } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { type Members, membersKind } from "./members.js";

/**
 * Scores as weights: a softmax over the members, or over those that a mask lets through.
 *
 *     w_m = e^score_m / sum of e^score over the members that count;   0 for the others
 *
 * Members are chosen, never subtracted from: what is masked takes no part in values or derivatives, whatever its score. If none is left,
 * all weights are 0.
 *
 * @param scores per member [], or [N]
 * @param mask where it is not 0, a member counts; of the shape of the scores. All count by default
 * @returns weights in the shape of the scores
 * @example
 * weightsOfScores(tensor([0, Math.log(3), 7]), rowMembers, tensor([1, 1, 0], "int32")) // [0.25, 0.75, 0]
 * weightsOfScores(tensor([5, 7]), rowMembers, tensor([0, 0], "int32")) // [0, 0]
 */
export function weightsOfScores(scores: Value, members: Members, mask?: Value): Value {
  const { exponents, total } = exponentials("weightsOfScores", scores, members, mask);
  return div(exponents, total);
}

/**
 * The natural logarithms of `weightsOfScores`, without cancellation: what a pointer's loss is made of. A member that is masked has
 * -infinity.
 *
 * @param scores per member [], or [N] @param mask as for `weightsOfScores`
 * @returns log-probabilities in the shape of the scores
 * @example logWeightsOfScores(tensor([1000, 0]), rowMembers) // [0, -1000]
 */
export function logWeightsOfScores(scores: Value, members: Members, mask?: Value): Value {
  const { shifted, total } = exponentials("logWeightsOfScores", scores, members, mask);
  return selected(mask, sub(shifted, log(total)), Number.NEGATIVE_INFINITY);
}

/**
 * Weights made sharper: each to a power, and brought back to the sum 1.
 *
 *     w'_m = w_m^gamma / sum over n of w_n^gamma
 *
 * gamma = 1 leaves them as they are, larger ones let the largest win; it may be huge. A weight of 0 stays 0, and no derivative goes to it.
 * Weights that are all 0 stay so.
 *
 * @param weights per member [], or [N], none below 0 @param gamma a number [], above 0
 * @returns weights in the same shape
 * @see Graves, Wayne, Danihelka (2014), equation 9
 * @example sharpen(tensor([0.2, 0.4, 0]), tensor(2), rowMembers) // [0.2, 0.8, 0]
 */
export function sharpen(weights: Value, gamma: Value, members: Members): Value {
  check("sharpen", "weights", weights, valueKind);
  check("sharpen", "gamma", gamma, valueKind);
  check("sharpen", "members", members, membersKind);
  const positive = less(0, weights);
  return weightsOfScores(mul(gamma, log(where(positive, weights, 1))), members, positive);
}

/** e^(score - top), their sum, and score - top; 0 for what is masked, and a sum of 1 where nothing is left. */
function exponentials(what: string, scores: Value, members: Members, mask: Value | undefined) {
  check(what, "scores", scores, valueKind);
  check(what, "members", members, membersKind);
  if (mask !== undefined) check(what, "mask", mask, valueKind);
  const largest = stopGradient(members.max(selected(mask, scores, Number.NEGATIVE_INFINITY)));
  // Where nothing is left, it is -infinity, from which nothing can be subtracted. An empty set has no member that would read it.
  const top = mask === undefined ? largest : where(equal(largest, Number.NEGATIVE_INFINITY), 0, largest);
  // Chosen before the exponential too: that of a masked score may be infinite, and 0 times infinity is the derivative then.
  const shifted = selected(mask, sub(scores, top), 0);
  const exponents = selected(mask, exp(shifted), 0);
  const sum = members.sum(exponents);
  return { shifted, exponents, total: mask === undefined ? sum : where(less(0, sum), sum, 1) };
}

function selected(mask: Value | undefined, x: Value, otherwise: number): Value {
  return mask === undefined ? x : where(mask, x, otherwise);
}
