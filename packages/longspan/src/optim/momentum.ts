import { atLeastZero, checkSettings, flag, optional, rate } from "../check/index.js";
import { add, cast, mul, neg } from "../ops/index.js";
import { scope, type Tensor } from "../tensor/index.js";
import { mapFloats, perType } from "./aligned.js";
import { checked } from "./checked.js";
import { momentumKinds } from "./kinds.js";
import { learningRateOf } from "./learning-rate.js";
import { type MomentumSetting, momentumOf } from "./momentum-of.js";
import type { TensorTree, Transform } from "./transform.js";
import { zerosLike } from "./zeros-like.js";

/** Settings of `momentum`. */
export interface MomentumOptions {
  /** eta, at least 0. A step may be given another one (`StepSettings`). */
  readonly learningRate: number;
  /** mu, in [0, 1). A step may be given another one (`MomentumSetting`). */
  readonly momentum: number;
  /** Look ahead along the velocity (Nesterov). False by default. */
  readonly nesterov?: boolean;
}

/** State of `momentum`. */
export interface MomentumState {
  /** Learning rate of the last step: scalar. */
  readonly learningRate: Tensor;
  /** Momentum of the last step: scalar. */
  readonly momentum: Tensor;
  /** v: tree of the parameters' form, zeros at first. */
  readonly velocity: TensorTree;
}

/**
 * Gradient descent with momentum.
 *
 *     v = mu v + g
 *     update = -eta v,  or with Nesterov  -eta (g + mu v)
 *
 * The learning rate multiplies the velocity when it is used, not when it is built up: a change of it acts at once. The
 * velocity of the sources below is -eta times this one; for a constant learning rate and momentum both give the same steps. With
 * Nesterov, the momentum of a step is also that of its look ahead; `nesterov2013` keeps the two apart, which matters where it changes.
 *
 * @throws RangeError if the learning rate is negative or not finite, or the momentum is outside [0, 1).
 * @see Goodfellow, Bengio, Courville (2016), 8.15-8.16 and 8.21-8.22; Sutskever et al. (2013), equations 1-4.
 * Same as torch.optim.SGD with momentum, without dampening.
 * @example
 * const optimiser = momentum({ learningRate: 0.1, momentum: 0.9 });
 * const params = tensor([1, 2]);
 * const first = optimiser.update(tensor([1, 0]), optimiser.init(params), params); // updates [-0.1, 0]
 * optimiser.update(tensor([1, 0]), first.state, params).updates; // [-0.19, 0]
 */
export function momentum(options: MomentumOptions): Transform<MomentumState, MomentumSetting> {
  checkSettings("momentum", options, {
    learningRate: atLeastZero,
    momentum: rate,
    nesterov: optional(flag),
  });
  const { momentum: usual, nesterov = false } = options;
  return checked(
    "momentum",
    ["learningRate", "momentum", "velocity"],
    {
      init: (params) => ({
        learningRate: learningRateOf("momentum", params, options.learningRate, undefined),
        momentum: momentumOf("momentum", params, usual, undefined),
        velocity: zerosLike(params),
      }),
      update: (grads, state, params, settings) =>
        scope(() => {
          const learningRate = learningRateOf("momentum", params, options.learningRate, settings);
          const momentum = momentumOf("momentum", params, usual, settings);
          const scale = perType((dtype) => neg(cast(learningRate, dtype)));
          const mu = perType((dtype) => cast(momentum, dtype));
          const velocity = mapFloats("momentum", state.velocity, { gradient: grads }, (v, { gradient }) =>
            add(mul(v, mu(v.dtype)), gradient),
          );
          const updates = mapFloats("momentum", grads, { parameter: params, velocity }, (g, at) =>
            mul(nesterov ? add(g, mul(at.velocity, mu(g.dtype))) : at.velocity, scale(g.dtype)),
          );
          return { updates, state: { learningRate, momentum, velocity } };
        }),
    },
    momentumKinds,
  );
}
