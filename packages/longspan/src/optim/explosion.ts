import {
  atLeastZero,
  check,
  checkSettings,
  type KindsOf,
  oneOf,
  optional,
  positive,
  record,
} from "../check/index.js";
import { add, broadcastTo, equal, less, mul, sub, where } from "../ops/index.js";
import { mapTree, scope, type Tensor, type Value, zeros } from "../tensor/index.js";
import { floatTypeOf } from "./aligned.js";
import { allFinite } from "./all-finite.js";
import { branch } from "./branch.js";
import { checked } from "./checked.js";
import { type KnownNormSetting, scaledNorm, withKnownNorm } from "./joint-norm.js";
import { knownNormKinds, transformKind } from "./kinds.js";
import { own } from "./own.js";
import { randomStep } from "./random-step.js";
import { settingsFor } from "./settings-for.js";
import type { Transform } from "./transform.js";

/**
 * What can be done in place of a step.
 *
 * - `random`: a step of fixed length in a direction drawn uniformly.
 * - `skip`: no step; later ones go on.
 * - `stop`: no step, and none from then on.
 */
export type ExplosionAction = "random" | "skip" | "stop";

/** What to do about gradients that explode. */
export interface ExplosionPolicy {
  /** When the gradient, or the update made from it, holds Inf or NaN. */
  readonly nonFinite: ExplosionAction;
  /** When the gradient is finite and its joint norm above `norm`, a positive number. Nothing is done by default. */
  readonly above?: { readonly norm: number; readonly action: ExplosionAction };
  /** v, the norm that a random step puts in place of the gradient's; `above.norm` by default. */
  readonly randomNorm?: number;
  /** The learning rate of random steps where the step settings give none. */
  readonly learningRate?: number;
}

/** The values of `lastAction` in the state of `onExplosion`. */
export const explosionCodes = { none: 0, random: 1, skip: 2, stop: 3 } as const;

/**
 * State of `onExplosion`, the same for every policy: a run that is taken up again may have another one. int32 scalars,
 * but for the norm. While nothing has stopped, the three counts add up to the number of steps; after that, to the number
 * of the step that was not taken, counted from 0.
 */
export interface ExplosionState<S> {
  readonly inner: S;
  /** Steps of the inner transform. */
  readonly taken: Tensor;
  /** 1 once stopped, else 0. */
  readonly stopped: Tensor;
  /** Random steps. */
  readonly randomSteps: Tensor;
  /** Steps skipped. */
  readonly skipped: Tensor;
  /** What was done at the last step: one of `explosionCodes`. */
  readonly lastAction: Tensor;
  /**
   * |g|, the joint norm of the last gradient, before any treatment; once stopped, of the one that stopped. NaN or
   * Infinity if an element is; Infinity also if it exceeds the type's range.
   */
  readonly norm: Tensor;
}

/**
 * Guards a chain against gradients that are too large or not finite.
 *
 *     random:  update = -alpha v u,  |u| = 1, u of uniform direction over all float parameters jointly
 *     skip:    update = 0
 *     stop:    update = 0, now and at every later step
 *
 * In all three cases the inner state, moments and step counts included, stays as it was, and nothing of the bad gradient
 * gets into it or into the parameters: values are selected, not multiplied by a mask. alpha is the learning rate of the
 * step settings, else of the policy. A random step whose length alpha v is not finite in the parameters' type is skipped.
 *
 * Where random steps are possible, each step needs `key` in its settings, another one each time.
 *
 * After a stop, a loop may look at `stopped` as rarely as it likes and finds parameters and state as they were before
 * the bad step; `reportTensors` of the gradient there says what happened. A policy without `stop` takes a stopped
 * state up again.
 *
 * Nothing is read back but one flag, and that only where reading is immediate (see `branch`).
 *
 * @param inner what is guarded, usually the whole chain: the gradient is tested before any clipping. A clipping by joint
 * norm at the head of the chain takes over the norm that is worked out here.
 * @throws TypeError if a random step is possible and has no norm; at the step, if it has no key or no learning rate.
 * @throws RangeError if a norm is not positive or the learning rate negative.
 * @see Goodfellow, Bengio, Courville (2016), section 10.11.1, for the random step, both in place of clipping (`above`) and
 * where the gradient is Inf or NaN (`nonFinite`).
 * @example
 * const optimiser = onExplosion(compose(clipByJointNorm(1), adam()), { nonFinite: "random", randomNorm: 1 });
 * const params = { w: tensor([1, 2]) };
 * const settings = { learningRate: 0.1, key: Key.of(1).fold(0) };
 * const grads = { w: tensor([Number.NaN, 1]) };
 * const { updates, state } = optimiser.update(grads, optimiser.init(params), params, settings);
 * // |updates| 0.1, state.randomSteps 1, state.lastAction 1, state.taken 0
 */
export function onExplosion<S, Extra>(
  inner: Transform<S, Extra>,
  policy: ExplosionPolicy,
): Transform<ExplosionState<S>, Extra & KnownNormSetting> {
  check("onExplosion", "inner", inner, transformKind);
  checkSettings("onExplosion", policy, kinds);
  const { nonFinite, above } = policy;
  const actions = [nonFinite, ...(above ? [above.action] : [])];
  checkPolicy(policy, actions);
  const length = policy.randomNorm ?? above?.norm;
  const mayStop = actions.includes("stop");
  return checked(
    "onExplosion",
    ["inner", "taken", "stopped", "randomSteps", "skipped", "norm"],
    {
      init: (params) => ({
        inner: inner.init(params),
        taken: zeros([], "int32"),
        stopped: zeros([], "int32"),
        randomSteps: zeros([], "int32"),
        skipped: zeros([], "int32"),
        lastAction: zeros([], "int32"),
        norm: zeros([], floatTypeOf(params)),
      }),
      update: (grads, before, params, settings) =>
        scope(() => {
          const random = actions.includes("random")
            ? randomStep(params, length!, policy.learningRate, settings)
            : null;
          const norm = scaledNorm(grads, settings?.knownNorm);
          const step = inner.update(
            grads,
            before.inner,
            params,
            settingsFor(inner, withKnownNorm(settings, grads, norm)),
          );

          const finite = mul(norm.finite, allFinite(step.updates));
          const code = (action: ExplosionAction): Value | number =>
            action === "random" ? randomOrSkip(random!.possible) : explosionCodes[action];
          let action: Value = mul(sub(1, finite), code(nonFinite));
          if (above) action = where(finite, mul(less(above.norm, norm.norm), code(above.action)), action);
          if (mayStop) action = where(before.stopped, explosionCodes.stop, action);

          const { updates, state } = branch(
            equal(action, explosionCodes.none),
            () => step,
            () => ({
              updates: random
                ? branch(
                    equal(action, explosionCodes.random),
                    () => random.updates(),
                    () => noUpdates(params),
                  )
                : noUpdates(params),
              state: mapTree(before.inner, own),
            }),
          );
          const count = (so: Tensor, kind: keyof typeof explosionCodes) =>
            add(so, equal(action, explosionCodes[kind])) as Tensor;
          return {
            updates,
            state: {
              inner: state,
              taken: count(before.taken, "none"),
              stopped: equal(action, explosionCodes.stop) as Tensor,
              randomSteps: count(before.randomSteps, "random"),
              skipped: count(before.skipped, "skip"),
              lastAction: action as Tensor,
              norm: (mayStop ? where(before.stopped, before.norm, norm.norm) : own(norm.norm)) as Tensor,
            },
          };
        }),
      measures: (state) => inner.measures?.(state.inner) ?? {},
    },
    knownNormKinds,
    [inner],
  );
}

const action = oneOf("random", "skip", "stop");
const kinds: KindsOf<ExplosionPolicy> = {
  nonFinite: action,
  above: optional(record),
  randomNorm: optional(positive),
  learningRate: optional(atLeastZero),
};

function checkPolicy({ above, randomNorm }: ExplosionPolicy, actions: ExplosionAction[]): void {
  if (above) checkSettings("onExplosion: above", above, { norm: positive, action });
  if (!actions.includes("random")) return;
  const length = randomNorm ?? above?.norm;
  if (length === undefined)
    throw new TypeError(
      "onExplosion: a random step needs a norm to put in place of the gradient's; give randomNorm or above.norm",
    );
  if (length === Number.POSITIVE_INFINITY)
    throw new RangeError("onExplosion: the norm of a random step is finite, got Infinity; give randomNorm");
}

function randomOrSkip(possible: Value): Value {
  return add(mul(possible, explosionCodes.random), mul(sub(1, possible), explosionCodes.skip));
}

/** Zeros of the parameters' form, made by the executor. */
function noUpdates<P>(params: P): P {
  return scope(() => mapTree(params, (p) => broadcastTo(zeros([], p.dtype), p.shape)));
}
