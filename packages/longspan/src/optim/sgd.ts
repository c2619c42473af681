import { atLeastZero, checkSettings } from "../check/index.js";
import { cast, mul, neg } from "../ops/index.js";
import { scope, type Tensor } from "../tensor/index.js";
import { mapFloats, perType } from "./aligned.js";
import { checked } from "./checked.js";
import { learningRateOf } from "./learning-rate.js";
import type { Transform } from "./transform.js";

/** Settings of `sgd`. */
export interface SgdOptions {
  /** eta, at least 0. A step may be given another one (`StepSettings`). */
  readonly learningRate: number;
}

/** State of `sgd`. */
export interface SgdState {
  /** Learning rate of the last step: scalar. */
  readonly learningRate: Tensor;
}

/**
 * Stochastic gradient descent.
 *
 *     update = -eta g
 *
 * @throws RangeError if the learning rate is negative or not finite.
 * @see Goodfellow, Bengio, Courville (2016), algorithm 8.1. Same as torch.optim.SGD without momentum.
 * @example
 * const optimiser = sgd({ learningRate: 0.1 });
 * const params = { w: tensor([1, 2]) };
 * optimiser.update({ w: tensor([10, 0]) }, optimiser.init(params), params).updates; // { w: [-1, 0] }
 */
export function sgd(options: SgdOptions): Transform<SgdState> {
  checkSettings("sgd", options, { learningRate: atLeastZero });
  return checked("sgd", ["learningRate"], {
    init: (params) => ({ learningRate: learningRateOf("sgd", params, options.learningRate, undefined) }),
    update: (grads, _, params, settings) =>
      scope(() => {
        const learningRate = learningRateOf("sgd", params, options.learningRate, settings);
        const rate = perType((dtype) => neg(cast(learningRate, dtype)));
        const updates = mapFloats("sgd", grads, { parameter: params }, (g) => mul(g, rate(g.dtype)));
        return { updates, state: { learningRate } };
      }),
  });
}
