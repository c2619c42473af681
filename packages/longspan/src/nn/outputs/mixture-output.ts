import {
  add,
  argmax,
  cast,
  concat,
  exp,
  mul,
  neg,
  reshape,
  slice,
  softmax,
  softplus,
  sub,
  sum,
  tanh,
  where,
} from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { type MixtureSizes, mixtureLossPerRow, mixtureOf, mixtureOutputs } from "../losses/index.js";
import { checkSizes } from "../losses/mixture.js";
import { drawnClass, normalsOf, oneHot } from "./draws.js";
import type { OutputDistribution } from "./output-distribution.js";

/**
 * A mixture of Gaussians: `mixtureOf` the outputs. The mean is that of all components, by their weights. What is given as the mode is the
 * mean of the heaviest component: that of a mixture has no closed form. A draw takes a component, then a point from it; its derivative is
 * that of the point, with the component held.
 *
 * @throws RangeError if features that are correlated are not two
 * @example
 * const stroke = mixtureOutput({ components: 20, features: 2, correlated: true });
 * stroke.outputs // 120
 */
export function mixtureOutput(sizes: MixtureSizes): OutputDistribution {
  const { components, features } = checkSizes("mixtureOutput", sizes);
  const outputs = mixtureOutputs(sizes);
  /** That of one component out of values of all. @param of [..., K, D] @param one [..., K], one-hot */
  const ofComponent = (of: Value, one: Value) =>
    sum(where(cast(reshape(one, [...one.shape, 1]), "int32"), of, 0), -2);
  return {
    outputs,
    target: [features],
    features,
    uniforms: 1 + 2 * features,
    smooth: ["mean", "mode", "sample"],
    lossPerRow: (o, targets) => mixtureLossPerRow(mixtureOf(o, sizes), targets),
    encode: (targets) => targets,
    mean(o) {
      const { logits, means } = mixtureOf(o, sizes);
      const weights = softmax(logits);
      return sum(mul(reshape(weights, [...weights.shape, 1]), means), -2);
    },
    mode(o) {
      const { logits, means } = mixtureOf(o, sizes);
      return ofComponent(means, oneHot(argmax(logits), components, o.dtype));
    },
    sample(o, uniform) {
      const { logits, means, logScales, artanhCorrelations: r } = mixtureOf(o, sizes);
      const one = drawnClass(softmax(logits), slice(uniform, -1, 0, 1));
      const normals = normalsOf(slice(uniform, -1, 1, 1 + 2 * features));
      const z = r ? correlate(normals, sum(where(cast(one, "int32"), r, 0), -1)) : normals;
      return add(ofComponent(means, one), mul(exp(ofComponent(logScales, one)), z));
    },
  };
}

/** Two independent normal numbers as two whose correlation is tanh r. @param z [..., 2] @param r [...] */
function correlate(z: Value, r: Value): Value {
  const of = (v: Value) => reshape(v, [...r.shape, 1]);
  const [first, second] = [slice(z, -1, 0, 1), slice(z, -1, 1, 2)];
  // 1 / cosh r, which is sqrt(1 - tanh^2 r), without overflow.
  const across = exp(neg(sub(softplus(mul(r, 2)), add(r, Math.LN2))));
  return concat([first, add(mul(of(tanh(r)), first), mul(of(across), second))]);
}
