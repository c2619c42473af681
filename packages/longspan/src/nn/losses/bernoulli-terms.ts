import { markModelOutputs } from "../../autodiff/index.js";
import { check } from "../../check/index.js";
import { add, exp, less, log1p, mul, neg, sub, where } from "../../ops/index.js";
import { formatShape, ShapeError, sameShape, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";

/**
 * The cross-entropy of each Bernoulli output. Written with one choice of side at o = 0, so that the derivatives there are right: sigmoid(0) - y, and 1/4.
 */
export function bernoulliTerms(what: string, logits: Value, targets: Value): Value {
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
