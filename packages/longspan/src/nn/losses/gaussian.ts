import { markModelOutputs } from "../../autodiff/index.js";
import {
  check,
  checkSettings,
  isRecord,
  type KindsOf,
  kind,
  optional,
  type RequiredKind,
} from "../../check/index.js";
import { add, div, exp, log, mul, neg, square, sub, sum } from "../../ops/index.js";
import { checkElements, formatShape, ShapeError, sameShape, Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { meanOverRows } from "./mean.js";

/**
 * Independent Gaussians, one per feature: their means, and how wide they are, in one of two ways. What a net gives freely is a
 * `logVariance`. A `scale` is the standard deviation itself, and positive: a number, or such as `add(softplus(o), 1e-3)`.
 */
export type Gaussian =
  | { readonly mean: Value; readonly logVariance: Value }
  | { readonly mean: Value; readonly scale: Value | number };

/**
 * The negative log-likelihood of targets under Gaussians, summed over features and rows, in nats:
 *
 *     L = sum over t and features of ( (y - m)^2 / (2 s^2) + ln s + ln(2 pi) / 2 ),   s^2 = e^logVariance
 *
 * It is a density's, so it may be negative, and falls without end where a scale goes to 0 on a target that is hit: give scales a floor
 * where that can happen. With a scale that is one number the loss is convex in the means, and marks them as a model's outputs for
 * `gaussNewton`; with a scale that is learned it is not convex, and marks nothing.
 *
 * @param gaussian mean [n, features], and logVariance or scale of the same shape; [features] for one row, as inside a cell
 * @param targets y, of the shape of the mean
 * @returns a scalar
 * @throws ShapeError if the shapes differ; RangeError for a scale that is not positive, where it lies on the CPU
 * @see Goodfellow, Bengio, Courville (2016), section 6.2.2.4, and equations 10.12 and 10.13 for the sum over steps
 * @example
 * const [mean, targets] = [tensor([[1, 2]]), tensor([[1, 2]])];
 * gaussianLossSum({ mean, logVariance: zeros([1, 2]) }, targets); // ln(2 pi) = 1.8379
 */
export function gaussianLossSum(gaussian: Gaussian, targets: Value): Value {
  return sum(perRow("gaussianLossSum", gaussian, targets));
}

/**
 * `gaussianLossSum` / n: summed over features, averaged over rows (steps), in nats per row.
 *
 * @param gaussian as for `gaussianLossSum` @param targets of the shape of the mean
 * @returns a scalar
 * @throws as `gaussianLossSum`; ShapeError if there are no rows
 * @example gaussianLossMean({ mean: zeros([4, 1]), scale: 1 }, zeros([4, 1])) // ln(2 pi) / 2 = 0.9189
 */
export function gaussianLossMean(gaussian: Gaussian, targets: Value): Value {
  return meanOverRows("gaussianLossMean", perRow("gaussianLossMean", gaussian, targets));
}

/**
 * The negative log-likelihood of each row under Gaussians, summed over its features, in nats.
 *
 * @param gaussian as for `gaussianLossSum` @param targets of the shape of the mean
 * @returns [n]; a scalar for one row, as inside a cell
 * @throws as `gaussianLossSum`
 * @example gaussianLossPerRow({ mean: tensor([[0], [0]]), scale: 1 }, tensor([[0], [2]])) // [0.9189, 2.9189]
 */
export function gaussianLossPerRow(gaussian: Gaussian, targets: Value): Value {
  return perRow("gaussianLossPerRow", gaussian, targets);
}

const scaleKind: RequiredKind = kind(
  "a tensor or a positive number",
  (supplied) =>
    supplied instanceof Value || (typeof supplied === "number" && supplied > 0 && Number.isFinite(supplied)),
);
interface Supplied {
  readonly mean: Value;
  readonly logVariance?: Value;
  readonly scale?: Value | number;
}
const kinds: KindsOf<Supplied> = {
  mean: valueKind,
  logVariance: optional(valueKind),
  scale: optional(scaleKind),
};

function perRow(what: string, gaussian: Gaussian, targets: Value): Value {
  if (!isRecord(gaussian)) check(what, "gaussian", gaussian, record);
  const { mean, logVariance, scale } = checkSettings<Supplied>(what, gaussian as Supplied, kinds);
  check(what, "targets", targets, valueKind);
  if ((logVariance === undefined) === (scale === undefined))
    throw new TypeError(
      `${what}: gaussian has ${scale === undefined ? "neither" : "both"} logVariance ${scale === undefined ? "nor" : "and"} scale, expected one of the two: either says how wide it is`,
    );
  const width = logVariance ?? scale;
  const widths = width instanceof Value ? [width] : [];
  if (mean.rank < 1 || ![targets, ...widths].every((v) => sameShape(v.shape, mean.shape)))
    throw new ShapeError(
      `${what}: mean is ${formatShape(mean.shape)}, ${width instanceof Value ? `${logVariance ? "logVariance" : "scale"} ${formatShape(width.shape)}, ` : ""}targets ${formatShape(targets.shape)}, expected [n, features] throughout, or [features]`,
    );
  if (logVariance) {
    const terms = add(mul(square(sub(mean, targets)), exp(neg(logVariance))), logVariance);
    return mul(sum(add(terms, ln2Pi), -1), 0.5);
  }
  if (typeof scale === "number") {
    const z = div(sub(markModelOutputs(mean), targets), scale);
    return sum(add(mul(square(z), 0.5), Math.log(scale) + ln2Pi / 2), -1);
  }
  checkScale(what, scale!);
  const z = div(sub(mean, targets), scale!);
  return sum(add(mul(square(z), 0.5), add(log(scale!), ln2Pi / 2)), -1);
}

const ln2Pi = Math.log(2 * Math.PI);
const record = kind("a record { mean, logVariance } or { mean, scale }", isRecord);

/** Looks at the scales if that takes no waiting. */
function checkScale(what: string, scale: Value): void {
  checkElements(scale, (elements) => {
    const at = elements.findIndex((s: number) => !(s > 0));
    if (at >= 0)
      throw new RangeError(
        `${what}: scale ${elements[at]} at element ${at} is not positive; make it so by add(softplus(o), 1e-3), or give a logVariance, which may be any number`,
      );
  });
}
