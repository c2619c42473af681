import { markModelOutputs, rowFunction } from "../../autodiff/index.js";
import { check } from "../../check/index.js";
import { equal, iota, logSumExp, reshape, sub, sum, where } from "../../ops/index.js";
import { checkElements, formatShape, ShapeError, sameShape, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { meanOverRows } from "./mean.js";

/**
 * The cross-entropy of a softmax, summed over rows: the negative log-likelihood of the targets, in nats.
 *
 *     L = - sum over t of ln softmax(o(t))[y(t)]                              (10.12 to 10.14)
 *       = sum over t of ( ln sum over c of e^o(t)[c] - o(t)[y(t)] )
 *
 * @param logits o: unnormalised log-probabilities [n, classes], or [classes] for one row, as inside a cell
 * @param targets y: int32 [n], or [] for one row; each in 0..classes-1
 * @returns a scalar
 * @throws RangeError for a target out of range, naming it, where the targets lie on the CPU. On another
 * executor it counts as one more class whose logit is 0: check the data before.
 * @throws ShapeError if the shapes do not fit
 * @see Goodfellow, Bengio, Courville (2016), equations 10.12 to 10.14
 * @example crossEntropySum(tensor([[0, 0], [0, 0]]), tensor([0, 1], "int32")) // 2 ln 2 = 1.3863
 */
export function crossEntropySum(logits: Value, targets: Value): Value {
  return sum(perRow("crossEntropySum", logits, targets));
}

/**
 * The cross-entropy of a softmax, averaged over rows (tokens): `crossEntropySum` / n, in nats per token.
 * `perplexity` and `natsToBits` convert it.
 *
 * @param logits [n, classes] @param targets int32 [n]
 * @returns a scalar
 * @throws as `crossEntropySum`; ShapeError if there are no rows
 * @example crossEntropyMean(tensor([[0, 0], [0, 0]]), tensor([0, 1], "int32")) // ln 2 = 0.6931
 */
export function crossEntropyMean(logits: Value, targets: Value): Value {
  return meanOverRows("crossEntropyMean", perRow("crossEntropyMean", logits, targets));
}

/**
 * The cross-entropy of each row: the negative log-likelihood of its target, in nats.
 *
 * @param logits [n, classes], or [classes] @param targets int32 [n], or []
 * @returns [n], or []
 * @throws as `crossEntropySum`
 * @example crossEntropyPerRow(tensor([[0, 0]]), tensor([1], "int32")) // [0.6931]
 */
export function crossEntropyPerRow(logits: Value, targets: Value): Value {
  return perRow("crossEntropyPerRow", logits, targets);
}

function perRow(what: string, logits: Value, targets: Value): Value {
  check(what, "logits", logits, valueKind);
  check(what, "targets", targets, valueKind);
  if (logits.rank < 1 || logits.rank > 2 || !sameShape(targets.shape, logits.shape.slice(0, -1)))
    throw new ShapeError(
      `${what}: logits are ${formatShape(logits.shape)} and targets ${formatShape(targets.shape)}, expected [n, classes] and [n]`,
    );
  if (targets.dtype !== "int32")
    throw new TypeError(`${what}: targets are class numbers, int32, got ${targets.dtype}`);
  checkTargets(what, targets, logits.shape.at(-1)!);
  return ofRows(markModelOutputs(logits), targets);
}

/** One program, and one for each derivative: with a large vocabulary, what is as large as the logits decides what fits. */
const ofRows = rowFunction(
  "crossEntropy",
  ["vector", "number"],
  "number",
  (o: Value, targets: Value): Value => {
    const isTarget = equal(iota([o.shape.at(-1)!]), reshape(targets, [...targets.shape, 1]));
    return sub(logSumExp(o), sum(where(isTarget, o, 0), -1));
  },
);

/** Looks at the targets if that takes no waiting. */
function checkTargets(what: string, targets: Value, classes: number): void {
  checkElements(targets, (classNumbers) => {
    classNumbers.forEach((y, row) => {
      if (y < 0 || y >= classes)
        throw new RangeError(
          `${what}: target ${y} at row ${row} lies outside 0..${classes - 1}: the logits have ${classes} classes`,
        );
    });
  });
}
