import { checkSettings, optional } from "../../check/index.js";
import { add, mul, square, stopGradient, sub } from "../../ops/index.js";
import { formatShape, ShapeError, sameShape, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";

/** What `scoreFunction` makes a loss of. */
export interface ScoreFunctionTerms {
  /** The cost of each sequence, which is to become small: [sequences]. Minus the reward, where there is one. */
  readonly cost: Value;
  /** The logarithm of the probability of all that was drawn for each, [sequences]: such as `sums.logProbability` of a cell that draws. */
  readonly logProbability: Value;
  /**
   * What the cost is expected to be, whatever is drawn: [sequences], or [] for all of them; 0 by default. A parameter, or what a net makes of
   * the inputs: it is learned along, by its squared error. It must not depend on the draws.
   */
  readonly baseline?: Value;
}

/**
 * The cost of sequences for which something was drawn at random, with a gradient that is right on average: the score-function estimator, or
 * REINFORCE.
 *
 *     gradient = d cost + (cost - baseline) d logProbability,   whose mean over draws is that of d E[cost]
 *
 * No derivative has to go through the draws. A baseline near the mean cost leaves the mean of the gradient as it is, and makes it vary less;
 * its own gradient is that of (cost - baseline)^2 / 2. The value is the cost alone, whatever the other terms. Second derivatives are not those
 * of the expected cost.
 *
 * @returns [sequences], the values of `cost`
 * @throws ShapeError if the shapes do not fit
 * @see Williams (1992), "Simple statistical gradient-following algorithms for connectionist reinforcement learning"
 * @example
 * // A coin that falls with probability p costs 3: the expected cost is 3 p, its derivative 3.
 * const loss = (p: Value) => scoreFunction({ cost: tensor([3]), logProbability: log(reshape(p, [1])) });
 * grad((p: Value) => sum(loss(p)))(tensor(0.25)) // 12: 3 / p, once in four times
 */
export function scoreFunction(terms: ScoreFunctionTerms): Value {
  const { cost, logProbability, baseline } = checkSettings("scoreFunction", terms, {
    cost: valueKind,
    logProbability: valueKind,
    baseline: optional(valueKind),
  });
  if (!sameShape(cost.shape, logProbability.shape))
    throw new ShapeError(
      `scoreFunction: cost is ${formatShape(cost.shape)} and logProbability ${formatShape(logProbability.shape)}, expected a number per sequence of both`,
    );
  if (baseline && baseline.rank > 0 && !sameShape(baseline.shape, cost.shape))
    throw new ShapeError(
      `scoreFunction: baseline is ${formatShape(baseline.shape)}, expected ${formatShape(cost.shape)} as the cost, or []`,
    );
  const found = stopGradient(cost);
  const advantage = baseline ? sub(found, stopGradient(baseline)) : found;
  const scored = add(cost, mul(advantage, derivativeAlone(logProbability)));
  return baseline ? add(scored, derivativeAlone(mul(0.5, square(sub(found, baseline))))) : scored;
}

/** Zeros with the derivative of x. */
function derivativeAlone(x: Value): Value {
  return sub(x, stopGradient(x));
}
