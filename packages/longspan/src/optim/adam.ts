import { atLeastZero, checkSettings, type KindsOf, optional, rate } from "../check/index.js";
import { add, cast, div, expm1, mul, neg, sqrt, square } from "../ops/index.js";
import { scope, type Tensor, zeros } from "../tensor/index.js";
import { mapFloats, perType } from "./aligned.js";
import { checked } from "./checked.js";
import { learningRateOf } from "./learning-rate.js";
import type { TensorTree, Transform } from "./transform.js";
import { zerosLike } from "./zeros-like.js";

/** Settings of `adam`. */
export interface AdamOptions {
  /** alpha, at least 0; 0.001 by default. A step may be given another one (`StepSettings`). */
  readonly learningRate?: number;
  /** Decay of the mean of gradients, in [0, 1); 0.9 by default. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients, in [0, 1); 0.999 by default. */
  readonly beta2?: number;
  /** Added to the root, at least 0; 1e-8 by default. */
  readonly epsilon?: number;
}

/** State of `adam`. */
export interface AdamState {
  /** t, the steps taken: int32 scalar. */
  readonly step: Tensor;
  /** Learning rate of the last step: scalar. */
  readonly learningRate: Tensor;
  /** m: tree of the parameters' form, zeros at first. */
  readonly mean: TensorTree;
  /** v: tree of the parameters' form, zeros at first. */
  readonly meanSquare: TensorTree;
}

/**
 * Adam: steps scaled by running means of the gradient and of its square, corrected for starting at zero.
 *
 *     m = beta1 m + (1 - beta1) g
 *     v = beta2 v + (1 - beta2) g^2
 *     update = -alpha / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon),  t = 1 at the first step
 *
 * In float32 the square of a gradient above 1.8e19 overflows and stays in v: clip before.
 *
 * @throws RangeError if a setting lies outside its range.
 * @see Kingma and Ba (2015), algorithm 1; Goodfellow, Bengio, Courville (2016), algorithm 8.7 (there epsilon is added
 * to the uncorrected scale of the same meaning). Same as torch.optim.Adam without weight decay.
 * @example
 * const optimiser = adam({ learningRate: 0.1 });
 * const params = { w: tensor([1, 2]) };
 * optimiser.update({ w: tensor([5, -0.2]) }, optimiser.init(params), params).updates; // { w: [-0.1, 0.1] }
 */
export function adam(options: AdamOptions = {}): Transform<AdamState> {
  checkSettings("adam", options, kinds);
  const { learningRate: usual = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  return checked("adam", ["step", "learningRate", "mean", "meanSquare"], {
    init: (params) => ({
      step: zeros([], "int32"),
      learningRate: learningRateOf("adam", params, usual, undefined),
      mean: zerosLike(params),
      meanSquare: zerosLike(params),
    }),
    update: (grads, state, params, settings) =>
      scope(() => {
        const step = add(state.step, 1);
        const learningRate = learningRateOf("adam", params, usual, settings);
        // 1 - beta^t as -expm1(t ln beta): the plain difference loses four of float32's seven digits at small t.
        const corrected = perType((dtype) => {
          const t = cast(step, dtype);
          const forMean = neg(expm1(mul(t, Math.log(beta1))));
          const forSquare = neg(expm1(mul(t, Math.log(beta2))));
          return { rate: neg(div(cast(learningRate, dtype), forMean)), root: sqrt(forSquare) };
        });
        const mean = mapFloats("adam", state.mean, { gradient: grads }, (m, { gradient }) =>
          add(mul(m, beta1), mul(gradient, 1 - beta1)),
        );
        const meanSquare = mapFloats("adam", state.meanSquare, { gradient: grads }, (v, { gradient }) =>
          add(mul(v, beta2), mul(square(gradient), 1 - beta2)),
        );
        const updates = mapFloats("adam", grads, { parameter: params, mean, meanSquare }, (g, at) => {
          const { rate, root } = corrected(g.dtype);
          return mul(rate, div(at.mean, add(div(sqrt(at.meanSquare), root), epsilon)));
        });
        return { updates, state: { step, learningRate, mean, meanSquare } };
      }),
  });
}

const kinds: KindsOf<AdamOptions> = {
  learningRate: optional(atLeastZero),
  beta1: optional(rate),
  beta2: optional(rate),
  epsilon: optional(atLeastZero),
};
