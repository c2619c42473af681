import { type AdamOptions, type AdamState, adam } from "./adam.js";
import { decoupledWeightDecay } from "./decoupled-weight-decay.js";
import type { Transform } from "./transform.js";
import type { DecayOptions } from "./weight-decay.js";

/** Settings of `adamW`. */
export interface AdamWOptions extends AdamOptions, DecayOptions {
  /** Rate of the decay, at least 0; 0.01 unless given. */
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
  const { weightDecay = 0.01, only, ...rest } = options;
  return decoupledWeightDecay(adam(rest), weightDecay, only === undefined ? {} : { only });
}
