import { atLeastZero, check, checkSettings, func, optional } from "../check/index.js";
import { cast, mul, sub } from "../ops/index.js";
import { scope, type Tensor } from "../tensor/index.js";
import { mapFloats, perType } from "./aligned.js";
import { checked } from "./checked.js";
import { transformKind } from "./kinds.js";
import { own } from "./own.js";
import { settingsFor } from "./settings-for.js";
import type { Transform } from "./transform.js";
import type { DecayOptions } from "./weight-decay.js";

/**
 * Lets the parameters decay beside the update rule rather than through its gradient.
 *
 *     update <- update - alpha rate p,  alpha the learning rate of the step
 *
 * With `sgd` it is the same as `weightDecay`; with a rule that scales its gradient it is not: here every parameter decays at
 * the same relative speed.
 *
 * @param rule the update rule; alpha is the learning rate that its state records.
 * @param rate at least 0.
 * @returns a transform with the state of the rule.
 * @throws RangeError if the rate is negative or not finite.
 * @see Loshchilov and Hutter (2019), algorithm 2, with the learning rate as the schedule multiplier, as in torch.optim.AdamW
 * @example
 * const optimiser = decoupledWeightDecay(sgd({ learningRate: 0.5 }), 0.1);
 * const params = { w: tensor([10, 20]) };
 * optimiser.update({ w: tensor([0, 1]) }, optimiser.init(params), params).updates; // { w: [-0.5, -1.5] }
 */
export function decoupledWeightDecay<S extends { readonly learningRate: Tensor }, Extra>(
  rule: Transform<S, Extra>,
  rate: number,
  options?: DecayOptions,
): Transform<S, Extra> {
  check("decoupledWeightDecay", "rule", rule, transformKind);
  check("decoupledWeightDecay", "rate", rate, atLeastZero);
  const { only = () => true } = checkSettings("decoupledWeightDecay", options, { only: optional(func) });
  return checked(
    "decoupledWeightDecay",
    ["learningRate"],
    {
      init: (params) => rule.init(params),
      update: (grads, before, params, settings) =>
        scope(() => {
          const { updates: direct, state } = rule.update(grads, before, params, settingsFor(rule, settings));
          const share = perType((dtype) => mul(cast(state.learningRate, dtype), rate));
          const updates = mapFloats("decoupledWeightDecay", direct, { parameter: params }, (u, at, path) =>
            only(path) ? sub(u, mul(at.parameter, share(u.dtype))) : own(u),
          );
          return { updates, state };
        }),
    },
    {},
    [rule],
  );
}
