import { atLeastZero, checkSettings, optional } from "../check/index.js";
import { add, cast, div, mul, neg, sqrt, square } from "../ops/index.js";
import { full, mapTree, scope, type Tensor } from "../tensor/index.js";
import { mapFloats, perType } from "./aligned.js";
import { checked } from "./checked.js";
import { learningRateOf } from "./learning-rate.js";
import type { TensorTree, Transform } from "./transform.js";

/** Settings of `adaGrad`. */
export interface AdaGradOptions {
  /** eta, at least 0; 0.01 by default. A step may be given another one (`StepSettings`). */
  readonly learningRate?: number;
  /** Added to the root, at least 0; 1e-10 by default. */
  readonly epsilon?: number;
  /** What the sums of squares begin with, at least 0; 0 by default. */
  readonly initialSum?: number;
}

/** State of `adaGrad`. */
export interface AdaGradState {
  /** Learning rate of the last step: scalar. */
  readonly learningRate: Tensor;
  /** r: tree of the parameters' form. */
  readonly sumOfSquares: TensorTree;
}

/**
 * AdaGrad: each element of the gradient is divided by the root of the sum of its squares so far.
 *
 *     r = r + g^2
 *     update = -eta g / (sqrt(r) + epsilon)
 *
 * The sum never falls, so the steps become shorter and shorter; `rmsProp` forgets instead. In float32 the square of a
 * gradient above 1.8e19 overflows and stays in r: clip before.
 *
 * @throws RangeError if a setting lies outside its range.
 * @see Duchi, Hazan and Singer (2011); Goodfellow, Bengio, Courville (2016), algorithm 8.4. Same as torch.optim.Adagrad
 * without lr_decay (see `inverseTimeSchedule`).
 * @example
 * const optimiser = adaGrad({ learningRate: 0.1 });
 * const params = { w: tensor([1, 2]) };
 * optimiser.update({ w: tensor([5, -0.2]) }, optimiser.init(params), params).updates; // { w: [-0.1, 0.1] }
 */
export function adaGrad(options: AdaGradOptions = {}): Transform<AdaGradState> {
  const {
    learningRate: usual = 0.01,
    epsilon = 1e-10,
    initialSum = 0,
  } = checkSettings("adaGrad", options, {
    learningRate: optional(atLeastZero),
    epsilon: optional(atLeastZero),
    initialSum: optional(atLeastZero),
  });
  return checked("adaGrad", ["learningRate", "sumOfSquares"], {
    init: (params) => ({
      learningRate: learningRateOf("adaGrad", params, usual, undefined),
      sumOfSquares: mapTree(params, (p) =>
        full(p.shape, p.dtype === "int32" ? 0 : initialSum, p.dtype),
      ) as TensorTree,
    }),
    update: (grads, state, params, settings) =>
      scope(() => {
        const learningRate = learningRateOf("adaGrad", params, usual, settings);
        const rate = perType((dtype) => neg(cast(learningRate, dtype)));
        const sumOfSquares = mapFloats(
          "adaGrad",
          state.sumOfSquares,
          { gradient: grads },
          (r, { gradient }) => add(r, square(gradient)),
        );
        const updates = mapFloats("adaGrad", grads, { parameter: params, sumOfSquares }, (g, at) =>
          mul(div(g, add(sqrt(at.sumOfSquares), epsilon)), rate(g.dtype)),
        );
        return { updates, state: { learningRate, sumOfSquares } };
      }),
  });
}
