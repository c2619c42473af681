import { checkSettings, type KindsOf, optional, positive, size } from "../../check/index.js";
import { add, exp, mul, split } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { gaussianLossPerRow } from "../losses/index.js";
import { normalsOf } from "./draws.js";
import type { OutputDistribution } from "./output-distribution.js";

/** Settings of `gaussianOutput`. */
export interface GaussianOutputConfig {
  /** Features of a target. */
  readonly features: number;
  /** One standard deviation for all, which is not learned. Each has its own, learned by default. */
  readonly scale?: number;
}

/**
 * Independent Gaussians: the outputs are the means, then the logarithms of the variances. With a fixed scale they are the means alone;
 * the loss is then half the squared error by scale^2, and a constant. A draw is mean + scale x a normal number, so it can be
 * differentiated.
 *
 * @example
 * const point = gaussianOutput({ features: 2 });
 * point.outputs // 4
 * point.lossPerRow(zeros([1, 4]), zeros([1, 2])); // [ln(2 pi)]
 */
export function gaussianOutput(config: GaussianOutputConfig): OutputDistribution {
  const { features, scale } = checkSettings("gaussianOutput", config, kinds);
  const parts = (outputs: Value) => (scale === undefined ? split(outputs, 2) : [outputs]) as [Value, Value?];
  return {
    outputs: scale === undefined ? 2 * features : features,
    target: [features],
    features,
    uniforms: 2 * features,
    smooth: ["mean", "mode", "sample"],
    lossPerRow(outputs, targets) {
      const [mean, logVariance] = parts(outputs);
      return gaussianLossPerRow(logVariance ? { mean, logVariance } : { mean, scale: scale! }, targets);
    },
    encode: (targets) => targets,
    mean: (outputs) => parts(outputs)[0],
    mode: (outputs) => parts(outputs)[0],
    sample(outputs, uniform) {
      const [mean, logVariance] = parts(outputs);
      const normals = normalsOf(uniform);
      return add(mean, mul(normals, logVariance ? exp(mul(logVariance, 0.5)) : scale!));
    },
  };
}

const kinds: KindsOf<GaussianOutputConfig> = { features: size, scale: optional(positive) };
