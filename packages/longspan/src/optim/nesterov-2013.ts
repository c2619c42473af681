import { atLeastZero, check, checkSettings, isRecord, kind, rate } from "../check/index.js";
import { cast, mul, sub } from "../ops/index.js";
import { mapTree, scope, type Tensor } from "../tensor/index.js";
import { treeKind, valueKind } from "../tensor/kinds.js";
import { alignedLeaves, mapFloats, perType } from "./aligned.js";
import { checked } from "./checked.js";
import { momentumKinds } from "./kinds.js";
import { learningRateOf } from "./learning-rate.js";
import { type MomentumSetting, momentumOf } from "./momentum-of.js";
import { own } from "./own.js";
import type { TensorTree, Transform } from "./transform.js";
import { zerosLike } from "./zeros-like.js";

/** Settings of `nesterov2013`. */
export interface Nesterov2013Options {
  /** eta, at least 0. A step may be given another one (`StepSettings`). */
  readonly learningRate: number;
  /** mu, in [0, 1). A step may be given another one (`MomentumSetting`), such as that of `momentumSchedule2013`. */
  readonly momentum: number;
}

/** State of `nesterov2013`. */
export interface Nesterov2013State {
  /** Learning rate of the last step: scalar. */
  readonly learningRate: Tensor;
  /** mu of the last step, by which the parameters are ahead: scalar. */
  readonly momentum: Tensor;
  /** v: tree of the parameters' form, zeros at first. The learning rate is in it. */
  readonly velocity: TensorTree;
}

/**
 * Nesterov's momentum as Sutskever et al. (2013) have it: the gradient is taken where the velocity leads, and learning rate and
 * momentum may change from step to step.
 *
 *     v(t+1) = mu(t) v(t) - eta(t) g(theta(t) + mu(t) v(t)),   theta(t+1) = theta(t) + v(t+1)         (paper, equations 3 and 4)
 *
 * The parameters kept here are those at which the gradient is taken, phi(t) = theta(t) + mu(t) v(t), so that a training step is
 * the same as for every other rule. For them,
 *
 *     v(t+1) = mu(t) v(t) - eta(t) g(phi(t))
 *     update = mu(t+1) v(t+1) - eta(t) g(phi(t))
 *
 * The momentum given to a step is that with which its velocity is carried on: mu(t+1). The first one of the paper, mu(0), acts on
 * a velocity that is zero and does not matter. `withoutLookAhead` gives theta.
 *
 * The learning rate is part of the velocity: a change of it acts on new gradients only. For a constant rate and momentum the steps are
 * those of `momentum` with `nesterov`, which has it otherwise where they change.
 *
 * @throws RangeError if the learning rate is negative or not finite, or the momentum is outside [0, 1).
 * @see Sutskever, Martens, Dahl, Hinton (2013), "On the importance of initialization and momentum in deep learning", equations 3
 * and 4; Bengio, Boulanger-Lewandowski, Pascanu (2013), "Advances in optimizing recurrent networks", for the second form
 * @example
 * const optimiser = nesterov2013({ learningRate: 0.1, momentum: 0.9 });
 * const params = tensor([1, 2]);
 * const first = optimiser.update(tensor([1, 0]), optimiser.init(params), params); // updates [-0.19, 0]
 * optimiser.update(tensor([1, 0]), first.state, params, { momentum: 0.5 }).updates; // v [-0.19, 0], updates [-0.195, 0]
 */
export function nesterov2013(options: Nesterov2013Options): Transform<Nesterov2013State, MomentumSetting> {
  const what = "nesterov2013";
  checkSettings(what, options, { learningRate: atLeastZero, momentum: rate });
  return checked(
    "nesterov2013",
    ["learningRate", "momentum", "velocity"],
    {
      init: (params) => ({
        learningRate: learningRateOf(what, params, options.learningRate, undefined),
        momentum: momentumOf(what, params, options.momentum, undefined),
        velocity: zerosLike(params),
      }),
      update: (grads, state, params, settings) =>
        scope(() => {
          const learningRate = learningRateOf(what, params, options.learningRate, settings);
          const momentum = momentumOf(what, params, options.momentum, settings);
          const eta = perType((dtype) => cast(learningRate, dtype));
          const mu = perType((dtype) => cast(momentum, dtype));
          const muBefore = perType((dtype) => cast(state.momentum, dtype));
          const velocity = mapFloats(what, state.velocity, { gradient: grads }, (v, { gradient }) =>
            sub(mul(v, muBefore(v.dtype)), mul(gradient, eta(v.dtype))),
          );
          const updates = mapFloats(what, grads, { parameter: params, velocity }, (g, at) =>
            sub(mul(at.velocity, mu(g.dtype)), mul(g, eta(g.dtype))),
          );
          return { updates, state: { learningRate, momentum, velocity } };
        }),
    },
    momentumKinds,
  );
}

/**
 * The parameters without the look ahead of `nesterov2013`: theta = phi - mu v, the point that the paper calls the parameters.
 *
 * @param params those that `nesterov2013` is at
 * @param state the one beside them
 * @throws ShapeError naming the path if the velocity has another form
 * @see Sutskever, Martens, Dahl, Hinton (2013), equation 4
 * @example
 * const optimiser = nesterov2013({ learningRate: 0.1, momentum: 0.9 });
 * const start = tensor([1, 2]);
 * const { updates, state } = optimiser.update(tensor([1, 0]), optimiser.init(start), start);
 * withoutLookAhead(applyUpdates(start, updates), state); // [0.9, 2], that is theta + v
 */
export function withoutLookAhead<P>(params: P, state: Nesterov2013State): P {
  check("withoutLookAhead", "params", params, treeKind);
  check("withoutLookAhead", "state", state, stateKind);
  return scope(() => {
    const { momentum, velocity } = state;
    const mu = perType((dtype) => cast(momentum, dtype));
    const found = alignedLeaves("withoutLookAhead", params, { velocity });
    return mapTree(params, (p, path) =>
      p.dtype === "int32" ? own(p) : sub(p, mul(found.get(path)!.velocity, mu(p.dtype))),
    );
  });
}

const stateKind = kind(
  "the state of nesterov2013",
  (value) => isRecord(value) && valueKind.accepts(value.momentum) && treeKind.accepts(value.velocity),
);
