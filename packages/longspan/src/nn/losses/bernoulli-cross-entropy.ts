import { sum } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { bernoulliTerms } from "./bernoulli-terms.js";
import { meanOverRows } from "./mean.js";

/**
 * The cross-entropy of independent Bernoulli outputs, summed over all elements: the negative log-likelihood
 * of 0/1 targets (multi-label), in nats. From logits, so that nothing overflows and no logarithm sees 0:
 *
 *     L = - sum of ( y ln sigmoid(o) + (1 - y) ln(1 - sigmoid(o)) )
 *       = sum of ( max(o, 0) - o y + ln(1 + e^-|o|) )
 *
 * @param logits o [n, ...features] @param targets y of the same shape and type, in [0, 1]
 * @returns a scalar
 * @throws ShapeError if the shapes differ
 * @see Goodfellow, Bengio, Courville (2016), section 6.2.2.2
 * @example bernoulliCrossEntropySum(tensor([[0, 0]]), tensor([[0, 1]])) // 2 ln 2 = 1.3863
 */
export function bernoulliCrossEntropySum(logits: Value, targets: Value): Value {
  return sum(bernoulliTerms("bernoulliCrossEntropySum", logits, targets));
}

/**
 * `bernoulliCrossEntropySum` / n: summed over features, averaged over rows (steps), in nats per row.
 *
 * @param logits [n, ...features] @param targets of the same shape and type, in [0, 1]
 * @returns a scalar
 * @throws ShapeError if the shapes differ or there are no rows
 * @example bernoulliCrossEntropyMean(tensor([[0, 0], [0, 0]]), tensor([[0, 1], [1, 1]])) // 2 ln 2 = 1.3863
 */
export function bernoulliCrossEntropyMean(logits: Value, targets: Value): Value {
  const losses = bernoulliTerms("bernoulliCrossEntropyMean", logits, targets);
  const features = losses.shape.slice(1).map((_, d) => d + 1);
  return meanOverRows("bernoulliCrossEntropyMean", features.length === 0 ? losses : sum(losses, features));
}
