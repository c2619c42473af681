import { markModelOutputs } from "../../autodiff/index.js";
import { check } from "../../check/index.js";
import { add, exp, less, log1p, mul, neg, sub, sum, where } from "../../ops/index.js";
import { formatShape, ShapeError, sameShape, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
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
  return sum(perElement("bernoulliCrossEntropySum", logits, targets));
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
  const losses = perElement("bernoulliCrossEntropyMean", logits, targets);
  const features = losses.shape.slice(1).map((_, d) => d + 1);
  return meanOverRows("bernoulliCrossEntropyMean", features.length === 0 ? losses : sum(losses, features));
}

/**
 * Written with one choice of side at o = 0, so that the derivatives there are right: sigmoid(0) - y, and 1/4.
 */
function perElement(what: string, logits: Value, targets: Value): Value {
  check(what, "logits", logits, valueKind);
  check(what, "targets", targets, valueKind);
  if (logits.rank < 1 || !sameShape(logits.shape, targets.shape))
    throw new ShapeError(
      `${what}: logits are ${formatShape(logits.shape)} and targets ${formatShape(targets.shape)}, expected [n, ...features] twice`,
    );
  const o = markModelOutputs(logits);
  const negative = less(o, 0);
  const positivePart = where(negative, 0, o);
  const minusSize = where(negative, o, neg(o));
  return add(sub(positivePart, mul(o, targets)), log1p(exp(minusSize)));
}
