import { atLeastZero, checkSettings, func, type KindsOf, optional, rate } from "../check/index.js";
import { type AdamOptions, type AdamState, adam } from "./adam.js";
import { checked } from "./checked.js";
import { decoupledWeightDecay } from "./decoupled-weight-decay.js";
import type { Transform } from "./transform.js";
import type { DecayOptions } from "./weight-decay.js";

/** Settings of `adamW`. */
export interface AdamWOptions extends AdamOptions, DecayOptions {
  /** Rate of the decay, at least 0; 0.01 by default. */
  readonly weightDecay?: number;
}

/**
 * Adam with decoupled weight decay: `decoupledWeightDecay` around `adam`.
 *
 *     update = update of adam - alpha weightDecay p
 *
 * @throws RangeError if a setting lies outside its range.
 * @see Loshchilov and Hutter (2019), algorithm 2. Same as torch.optim.AdamW.
 * @example
 * const optimiser = adamW({ learningRate: 0.1, weightDecay: 0.5, only: (path) => path.endsWith("W") });
 * const params = { W: tensor([2]), b: tensor([2]) };
 * const grads = { W: tensor([5]), b: tensor([5]) };
 * optimiser.update(grads, optimiser.init(params), params).updates; // { W: [-0.2], b: [-0.1] }
 */
export function adamW(options: AdamWOptions = {}): Transform<AdamState> {
  checkSettings("adamW", options, kinds);
  const { weightDecay = 0.01, only, ...rest } = options;
  const transform = decoupledWeightDecay(adam(rest), weightDecay, only === undefined ? {} : { only });
  return checked("adamW", ["step", "learningRate", "mean", "meanSquare"], transform);
}

const kinds: KindsOf<AdamWOptions> = {
  learningRate: optional(atLeastZero),
  beta1: optional(rate),
  beta2: optional(rate),
  epsilon: optional(atLeastZero),
  weightDecay: optional(atLeastZero),
  only: optional(func),
};
