import { markModelOutputs } from "../../autodiff/index.js";
import { check } from "../../check/index.js";
import { mean, square, sub, sum } from "../../ops/index.js";
import { formatShape, ShapeError, sameShape, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { meanOverRows } from "./mean.js";

/**
 * The mean squared error of each row, summed over rows (steps):
 *
 *     L = sum over t of mean over features of (o(t) - y(t))^2
 *
 * Up to a constant, features / 2 times this is the negative log-likelihood under a Gaussian of mean o and
 * variance 1.
 *
 * @param outputs o [n, ...features] @param targets y of the same shape
 * @returns a scalar, in squared units of y
 * @throws ShapeError if the shapes differ
 * @see Goodfellow, Bengio, Courville (2016), section 6.2.2.1
 * @example meanSquaredErrorSum(tensor([[1, 3], [0, 0]]), tensor([[0, 0], [0, 0]])) // (1 + 9) / 2 = 5
 */
export function meanSquaredErrorSum(outputs: Value, targets: Value): Value {
  return sum(perRow("meanSquaredErrorSum", outputs, targets));
}

/**
 * The mean squared error over all rows and features: `meanSquaredErrorSum` / n.
 *
 * @param outputs [n, ...features] @param targets of the same shape
 * @returns a scalar, in squared units of the targets
 * @throws ShapeError if the shapes differ or there are no rows
 * @example meanSquaredErrorMean(tensor([[1, 3], [0, 0]]), tensor([[0, 0], [0, 0]])) // 2.5
 */
export function meanSquaredErrorMean(outputs: Value, targets: Value): Value {
  return meanOverRows("meanSquaredErrorMean", perRow("meanSquaredErrorMean", outputs, targets));
}

function perRow(what: string, outputs: Value, targets: Value): Value {
  check(what, "outputs", outputs, valueKind);
  check(what, "targets", targets, valueKind);
  if (outputs.rank < 1 || !sameShape(outputs.shape, targets.shape))
    throw new ShapeError(
      `${what}: outputs are ${formatShape(outputs.shape)} and targets ${formatShape(targets.shape)}, expected [n, ...features] twice`,
    );
  const errors = square(sub(markModelOutputs(outputs), targets));
  return errors.rank === 1
    ? errors
    : mean(
        errors,
        errors.shape.slice(1).map((_, d) => d + 1),
      );
}
