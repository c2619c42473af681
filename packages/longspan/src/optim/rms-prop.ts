import { atLeastZero, checkSettings, flag, type KindsOf, optional, rate } from "../check/index.js";
import { add, cast, div, less, mul, neg, sqrt, square, sub, where } from "../ops/index.js";
import { scope, type Tensor, type Value } from "../tensor/index.js";
import { mapFloats, perType } from "./aligned.js";
import { checked } from "./checked.js";
import { momentumKinds } from "./kinds.js";
import { learningRateOf } from "./learning-rate.js";
import { type MomentumSetting, momentumOf } from "./momentum-of.js";
import type { TensorTree, Transform } from "./transform.js";
import { zerosLike } from "./zeros-like.js";

/** Settings of `rmsProp`. */
export interface RmsPropOptions {
  /** eta, at least 0; 0.01 by default. A step may be given another one (`StepSettings`). */
  readonly learningRate?: number;
  /** rho, the decay of the running means, in [0, 1); 0.99 by default. */
  readonly decay?: number;
  /** Added to the root, at least 0; 1e-8 by default. */
  readonly epsilon?: number;
  /** Divide by the standard deviation of the gradient in place of its root mean square. False by default. */
  readonly centred?: boolean;
  /** mu, in [0, 1); 0 by default: no momentum. With momentum, a step may be given another one (`MomentumSetting`). */
  readonly momentum?: number;
}

/** State of `rmsProp`. */
export interface RmsPropState {
  /** Learning rate of the last step: scalar. */
  readonly learningRate: Tensor;
  /** r: tree of the parameters' form, zeros at first. */
  readonly meanSquare: TensorTree;
  /** m, if centred: tree of the parameters' form, zeros at first. */
  readonly mean: TensorTree | null;
  /** v, with momentum: tree of the parameters' form, zeros at first. */
  readonly velocity: TensorTree | null;
}

/**
 * RMSProp: each element of the gradient is divided by the root of its running mean square.
 *
 *     r = rho r + (1 - rho) g^2
 *     d = g / (sqrt(r) + epsilon),  or centred  g / (sqrt(r - m^2) + epsilon) with m = rho m + (1 - rho) g
 *     update = -eta d,  or with momentum  -eta v with v = mu v + d
 *
 * The means begin at zero and are not corrected for it: the first steps are longer than later ones of the same gradient.
 * In float32 the square of a gradient above 1.8e19 overflows and stays in r: clip before.
 *
 * @throws RangeError if a setting lies outside its range.
 * @see Tieleman and Hinton (2012), lecture 6.5; Graves (2013), equations 38 to 45, for the centred form; Goodfellow,
 * Bengio, Courville (2016), algorithms 8.5 and 8.6 (there epsilon stands inside the root and the velocity holds -eta).
 * Same as torch.optim.RMSprop; where rounding makes r - m^2 negative, it counts as 0 here.
 * @example
 * const optimiser = rmsProp({ learningRate: 0.1, decay: 0.75 });
 * const params = { w: tensor([1, 2]) };
 * optimiser.update({ w: tensor([5, -0.2]) }, optimiser.init(params), params).updates; // { w: [-0.2, 0.2] }
 */
export function rmsProp(options: RmsPropOptions = {}): Transform<RmsPropState, MomentumSetting> {
  checkSettings("rmsProp", options, kinds);
  const { learningRate: usual = 0.01, decay = 0.99, epsilon = 1e-8, momentum = 0 } = options;
  const { centred = false } = options;
  const towards = (mean: Value, x: Value) => add(mul(mean, decay), mul(x, 1 - decay));
  return checked(
    "rmsProp",
    ["learningRate", "meanSquare"],
    {
      init: (params) => ({
        learningRate: learningRateOf("rmsProp", params, usual, undefined),
        meanSquare: zerosLike(params),
        mean: centred ? zerosLike(params) : null,
        velocity: momentum > 0 ? zerosLike(params) : null,
      }),
      update: (grads, state, params, settings) =>
        scope(() => {
          const learningRate = learningRateOf("rmsProp", params, usual, settings);
          const scale = perType((dtype) => neg(cast(learningRate, dtype)));
          const meanSquare = mapFloats("rmsProp", state.meanSquare, { gradient: grads }, (r, { gradient }) =>
            towards(r, square(gradient)),
          );
          const mean = !centred
            ? null
            : mapFloats("rmsProp", state.mean, { gradient: grads }, (m, { gradient }) =>
                towards(m, gradient),
              );
          const spread = mean === null ? meanSquare : mapFloats("rmsProp", meanSquare, { mean }, variance);
          const direction = mapFloats("rmsProp", grads, { parameter: params, spread }, (g, at) =>
            div(g, add(sqrt(at.spread), epsilon)),
          );
          if (momentum === 0) {
            const updates = mapFloats("rmsProp", direction, {}, (d) => mul(d, scale(d.dtype)));
            return { updates, state: { learningRate, meanSquare, mean, velocity: null } };
          }
          const current = momentumOf("rmsProp", params, momentum, settings);
          const mu = perType((dtype) => cast(current, dtype));
          const velocity = mapFloats("rmsProp", state.velocity, { direction }, (v, at) =>
            add(mul(v, mu(v.dtype)), at.direction),
          );
          const updates = mapFloats("rmsProp", grads, { velocity }, (g, at) =>
            mul(at.velocity, scale(g.dtype)),
          );
          return { updates, state: { learningRate, meanSquare, mean, velocity } };
        }),
    },
    momentumKinds,
  );
}

/** r - m^2, at least 0; NaN stays NaN. */
function variance(meanSquare: Value, { mean }: { mean: Value }): Value {
  const difference = sub(meanSquare, square(mean));
  return where(less(difference, 0), 0, difference);
}

const kinds: KindsOf<RmsPropOptions> = {
  learningRate: optional(atLeastZero),
  decay: optional(rate),
  epsilon: optional(atLeastZero),
  centred: optional(flag),
  momentum: optional(rate),
};
