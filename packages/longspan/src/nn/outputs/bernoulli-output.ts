import { checkSettings, size } from "../../check/index.js";
import { cast, less, sigmoid, sum } from "../../ops/index.js";
import { bernoulliTerms } from "../losses/bernoulli-terms.js";
import type { OutputDistribution } from "./output-distribution.js";

/**
 * Independent yes or no for each feature (multi-label): sigmoid of the outputs. Targets are 0 or 1, [n, features]. The mode is 1 where the
 * probability is above 1/2. A draw has no derivative.
 *
 * @example
 * const notes = bernoulliOutput({ features: 2 });
 * notes.lossPerRow(zeros([1, 2]), tensor([[0, 1]])); // [2 ln 2]
 */
export function bernoulliOutput(config: { readonly features: number }): OutputDistribution {
  const { features } = checkSettings("bernoulliOutput", config, { features: size });
  return {
    outputs: features,
    target: [features],
    features,
    uniforms: features,
    smooth: ["mean"],
    lossPerRow: (outputs, targets) => sum(bernoulliTerms("bernoulliOutput.lossPerRow", outputs, targets), -1),
    encode: (targets) => targets,
    mean: sigmoid,
    mode: (outputs) => cast(less(0, outputs), outputs.dtype),
    sample: (outputs, uniform) => cast(less(uniform, sigmoid(outputs)), outputs.dtype),
  };
}
