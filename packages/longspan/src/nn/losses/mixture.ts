import {
  check,
  checkSettings,
  flag,
  isRecord,
  type KindsOf,
  kind,
  optional,
  size,
} from "../../check/index.js";
import {
  add,
  exp,
  logSoftmax,
  logSumExp,
  mul,
  neg,
  reshape,
  slice,
  softplus,
  square,
  sub,
  sum,
} from "../../ops/index.js";
import { formatShape, type Shape, ShapeError, sameShape, type Value } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { meanOverRows } from "./mean.js";

/**
 * A mixture of K Gaussians of D features per row; made by a net, freely: any numbers are right. `[n, ...]` is left out for one row, as
 * inside a cell.
 */
export interface Mixture {
  /** Unnormalised log-weights of the components, [n, K]: the weights are their softmax. */
  readonly logits: Value;
  /** Means [n, K, D]. */
  readonly means: Value;
  /** Logarithms of the standard deviations, [n, K, D]. */
  readonly logScales: Value;
  /** For D = 2: r [n, K], where the correlation of the two features is rho = tanh r (Fisher's z). None, independent features by default. */
  readonly artanhCorrelations?: Value;
}

/** How large a mixture is. */
export interface MixtureSizes {
  /** K, the number of Gaussians. */
  readonly components: number;
  /** D, the number of features of a target. */
  readonly features: number;
  /** Whether the two features of each component are correlated; they are independent by default. D = 2 only. */
  readonly correlated?: boolean;
}

/**
 * The numbers that a mixture is made of: K for the weights, K D for the means, K D for the scales, and K for correlations.
 *
 * @throws RangeError if features that are correlated are not two
 * @example mixtureOutputs({ components: 20, features: 2, correlated: true }) // 120, as in Graves (2013)
 */
export function mixtureOutputs(sizes: MixtureSizes): number {
  const { components, features, correlated } = checkSizes("mixtureOutputs", sizes);
  return components * (1 + 2 * features + (correlated ? 1 : 0));
}

/**
 * Takes a row of outputs as a mixture: first the logits, then the means component by component, then the logarithms of the scales
 * likewise, then, where features are correlated, the artanhs of the correlations.
 *
 * @param outputs [n, mixtureOutputs(sizes)], or without the n, as a linear readout gives them
 * @throws ShapeError if a row has another number of outputs
 * @example
 * const sizes = { components: 3, features: 2 };
 * mixtureOf(zeros([5, mixtureOutputs(sizes)]), sizes).means.shape // [ 5, 3, 2 ]
 */
export function mixtureOf(outputs: Value, sizes: MixtureSizes): Mixture {
  check("mixtureOf", "outputs", outputs, valueKind);
  const { components: K, features: D, correlated } = checkSizes("mixtureOf", sizes);
  const expected = mixtureOutputs(sizes);
  if (outputs.rank < 1 || outputs.rank > 2 || outputs.shape.at(-1) !== expected)
    throw new ShapeError(
      `mixtureOf: outputs are ${formatShape(outputs.shape)}, expected [n, ${expected}] or [${expected}]: ${K} logits, ${K * D} means, ${K * D} scales${correlated ? `, ${K} correlations` : ""}`,
    );
  const rows = outputs.shape.slice(0, -1);
  const cut = (from: number, count: number, shape: Shape) =>
    reshape(slice(outputs, -1, from, from + count), [...rows, ...shape]);
  return {
    logits: cut(0, K, [K]),
    means: cut(K, K * D, [K, D]),
    logScales: cut(K + K * D, K * D, [K, D]),
    ...(correlated && { artanhCorrelations: cut(K + 2 * K * D, K, [K]) }),
  };
}

/**
 * The negative log-likelihood of targets under mixtures of Gaussians, summed over rows, in nats:
 *
 *     L = - sum over t of ln sum over k of softmax(logits(t))[k] N(y(t); means(t)[k], scales(t)[k], rho(t)[k])
 *
 * It never leaves the logarithm: the logarithms of weights and densities are added, and `logSumExp` adds the densities. With
 * z = (y - m) / s, a component of independent features has
 *
 *     ln N = - sum over features of ( z^2 / 2 + ln s + ln(2 pi) / 2 )
 *
 * and one of two features whose correlation is rho = tanh r (Graves 2013, equations 23 to 25)
 *
 *     ln N = - ( (z1 - z2)^2 (1 + e^2r) + (z1 + z2)^2 (1 + e^-2r) ) / 8 - ln s1 - ln s2 - ln(2 pi) + ln cosh r,
 *
 * which is the usual (z1^2 + z2^2 - 2 rho z1 z2) / (2 (1 - rho^2)) along its principal axes: nothing cancels where rho comes near to 1.
 * The derivation stands in `docs/decoding.md`.
 *
 * As any density's, the loss may be negative, and a component that sits on one target can make it fall without end. It is not convex in
 * what the net gives, so it marks no outputs for `gaussNewton`.
 *
 * @param mixture logits [n, K], means and logScales [n, K, D]; see `mixtureOf`
 * @param targets y [n, D]; [D] for one row, as inside a cell. For one feature, D is 1
 * @returns a scalar
 * @throws ShapeError if the shapes do not fit, or correlations are given and D is not 2
 * @see Bishop (1994), "Mixture density networks"; Graves (2013), "Generating sequences with recurrent neural networks", section 4
 * @example
 * const mixture = { logits: zeros([1, 2]), means: tensor([[[-1], [1]]]), logScales: zeros([1, 2, 1]) };
 * mixtureLossSum(mixture, tensor([[0]])); // 1/2 + ln(2 pi) / 2 = 1.4189
 */
export function mixtureLossSum(mixture: Mixture, targets: Value): Value {
  return sum(perRow("mixtureLossSum", mixture, targets));
}

/**
 * `mixtureLossSum` / n: averaged over rows (steps), in nats per row.
 *
 * @param mixture as for `mixtureLossSum` @param targets [n, D]
 * @returns a scalar
 * @throws as `mixtureLossSum`; ShapeError if there are no rows
 * @example mixtureLossMean(mixtureOf(zeros([4, 6]), { components: 2, features: 1 }), zeros([4, 1])) // ln(2 pi) / 2 = 0.9189
 */
export function mixtureLossMean(mixture: Mixture, targets: Value): Value {
  return meanOverRows("mixtureLossMean", perRow("mixtureLossMean", mixture, targets));
}

/**
 * The negative log-likelihood of each row under its mixture of Gaussians, in nats.
 *
 * @param mixture as for `mixtureLossSum` @param targets [n, D], or [D]
 * @returns [n], or a scalar for one row
 * @throws as `mixtureLossSum`
 * @example mixtureLossPerRow(mixtureOf(zeros([2, 6]), { components: 2, features: 1 }), tensor([[0], [2]])) // [0.9189, 2.9189]
 */
export function mixtureLossPerRow(mixture: Mixture, targets: Value): Value {
  return perRow("mixtureLossPerRow", mixture, targets);
}

const kinds: KindsOf<Mixture> = {
  logits: valueKind,
  means: valueKind,
  logScales: valueKind,
  artanhCorrelations: optional(valueKind),
};
const record = kind("a record { logits, means, logScales }, such as mixtureOf makes", isRecord);

function perRow(what: string, mixture: Mixture, targets: Value): Value {
  if (!isRecord(mixture)) check(what, "mixture", mixture, record);
  const { logits, means, logScales, artanhCorrelations: r } = checkSettings(what, mixture, kinds);
  check(what, "targets", targets, valueKind);
  checkShapes(what, mixture, targets);
  const D = targets.shape.at(-1)!;
  const rows = targets.shape.slice(0, -1);
  const z = mul(sub(reshape(targets, [...rows, 1, D]), means), exp(neg(logScales)));
  const size = r ? correlatedSize(z, r) : mul(sum(square(z), -1), 0.5);
  const logDensity = neg(add(add(size, sum(logScales, -1)), (D * Math.log(2 * Math.PI)) / 2));
  // ln cosh r = ln(1 + e^2r) - r - ln 2 stands for - ln(1 - rho^2) / 2.
  const widened = r ? add(logDensity, sub(softplus(mul(r, 2)), add(r, Math.LN2))) : logDensity;
  return neg(logSumExp(add(logSoftmax(logits), widened)));
}

/** (z1^2 + z2^2 - 2 rho z1 z2) / (2 (1 - rho^2)), along the principal axes. @param z [..., K, 2] @param r [..., K] */
function correlatedSize(z: Value, r: Value): Value {
  const along = (axis: number) => reshape(slice(z, -1, axis, axis + 1), r.shape);
  const [z1, z2] = [along(0), along(1)];
  const across = mul(square(sub(z1, z2)), add(exp(mul(r, 2)), 1));
  const together = mul(square(add(z1, z2)), add(exp(mul(r, -2)), 1));
  return mul(add(across, together), 1 / 8);
}

function checkShapes(what: string, mixture: Mixture, targets: Value): void {
  const { logits, means, logScales, artanhCorrelations } = mixture;
  const fits =
    (targets.rank === 1 || targets.rank === 2) &&
    logits.rank === targets.rank &&
    sameShape(logits.shape.slice(0, -1), targets.shape.slice(0, -1)) &&
    sameShape(means.shape, [...logits.shape, targets.shape.at(-1)!]) &&
    sameShape(logScales.shape, means.shape);
  if (!fits)
    throw new ShapeError(
      `${what}: logits are ${formatShape(logits.shape)}, means ${formatShape(means.shape)}, logScales ${formatShape(logScales.shape)} and targets ${formatShape(targets.shape)}, expected [n, K], [n, K, D], [n, K, D] and [n, D], or all without n`,
    );
  if (artanhCorrelations === undefined) return;
  if (targets.shape.at(-1) !== 2)
    throw new ShapeError(
      `${what}: artanhCorrelations are given, and targets are ${formatShape(targets.shape)}; correlations are those of two features, so D is 2`,
    );
  if (!sameShape(artanhCorrelations.shape, logits.shape))
    throw new ShapeError(
      `${what}: artanhCorrelations are ${formatShape(artanhCorrelations.shape)}, expected ${formatShape(logits.shape)}: [n, K] as the logits`,
    );
}

/** Checks sizes. @param what who was given them */
export function checkSizes(what: string, sizes: MixtureSizes): MixtureSizes {
  const settled = checkSettings(what, sizes, {
    components: size,
    features: size,
    correlated: optional(flag),
  });
  if (settled.correlated && settled.features !== 2)
    throw new RangeError(
      `${what}: features is ${settled.features} and correlated is true; a correlation is that of two features, so features is 2`,
    );
  return settled;
}
