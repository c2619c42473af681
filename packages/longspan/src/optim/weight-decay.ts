import { atLeastZero, check, checkSettings, func, optional } from "../check/index.js";
import { add, cast, mul, square, sum } from "../ops/index.js";
import { leafEntries, scope, type Value } from "../tensor/index.js";
import { mapFloats } from "./aligned.js";
import { checked } from "./checked.js";
import type { NoState } from "./clip-by-value.js";
import { objectiveKinds } from "./kinds.js";
import type { Objective, ObjectiveSetting } from "./objective.js";
import { own } from "./own.js";
import type { Transform } from "./transform.js";

/** Which parameters a decay acts on. */
export interface DecayOptions {
  /** Whether the parameter of a path, such as `layers[0].cell.U`, decays; all do by default. */
  readonly only?: (path: string) => boolean;
}

/**
 * Adds the gradient of a quadratic penalty on the parameters (L2).
 *
 *     g <- g + rate p,  the gradient of  loss + rate / 2 |p|^2
 *
 * It stands before the update rule, which treats the sum as the gradient: a rule that scales its gradient, such as
 * `adam`, scales the penalty with it. `decoupledWeightDecay` does not. What looks at the loss again (`hessianFree`) sees the penalty in
 * it.
 *
 * @param rate at least 0, in units of gradient per unit of parameter.
 * @throws RangeError if the rate is negative or not finite.
 * @see Goodfellow, Bengio, Courville (2016), section 7.1.1. Same as weight_decay of torch.optim.SGD and Adam.
 * @example
 * const optimiser = compose(weightDecay(0.1, { only: (path) => path !== "b" }), sgd({ learningRate: 1 }));
 * const params = { W: tensor([10, 20]), b: tensor([10]) };
 * const grads = { W: tensor([0, 1]), b: tensor([1]) };
 * optimiser.update(grads, optimiser.init(params), params).updates; // { W: [-1, -3], b: [-1] }
 */
export function weightDecay(rate: number, options?: DecayOptions): Transform<NoState, ObjectiveSetting> {
  check("weightDecay", "rate", rate, atLeastZero);
  const { only = () => true } = checkSettings("weightDecay", options, { only: optional(func) });
  return checked(
    "weightDecay",
    [],
    {
      init: () => ({}),
      update: (grads, _, params) =>
        scope(() => ({
          updates: mapFloats("weightDecay", grads, { parameter: params }, (g, { parameter }, path) =>
            only(path) ? add(g, mul(parameter, rate)) : own(g),
          ),
          state: {},
        })),
      handOn: (settings) =>
        settings.objective
          ? { ...settings, objective: withPenalty(settings.objective, rate, only) }
          : settings,
    },
    objectiveKinds,
  );
}

/** The objective with the penalty in its loss. */
function withPenalty(objective: Objective, rate: number, only: (path: string) => boolean): Objective {
  return {
    loss: (params) => penalised(objective.loss(params), params, rate, only),
    curvature: (params) => (objective.curvature ? objective.curvature(params) : objective.loss(params)),
    decay: (path) => (objective.decay?.(path) ?? 0) + (only(path) ? rate : 0),
    ...(objective.sizes ? { sizes: () => objective.sizes!() } : {}),
  };
}

/** loss + rate / 2 |p|^2 over the parameters that decay. */
function penalised(loss: Value, params: unknown, rate: number, only: (path: string) => boolean): Value {
  return leafEntries(params)
    .filter(([path, p]) => p.dtype !== "int32" && only(path))
    .reduce((total, [, p]) => add(total, cast(mul(sum(square(p)), rate / 2), loss.dtype)), loss);
}
