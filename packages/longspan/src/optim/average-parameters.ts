import { check, checkSettings, count, isRecord, kind, optional, rate } from "../check/index.js";
import { add, cast, div, expm1, lessEqual, mul, neg, sub, where } from "../ops/index.js";
import { mapTree, scope, type Tensor, type Value, zeros } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { alignedLeaves, perType } from "./aligned.js";
import { checked } from "./checked.js";
import { transformKind } from "./kinds.js";
import { own } from "./own.js";
import { settingsFor } from "./settings-for.js";
import type { TensorTree, Transform } from "./transform.js";

/**
 * How the parameters are averaged: exponentially, `decay` in [0, 1) being how much of the average is kept at each step;
 * or by their plain mean over all steps from number `from` on, counted from 0.
 */
export type AverageOptions = { readonly decay: number } | { readonly from: number };

/** State of `averageParameters`. */
export interface AverageState<S> {
  readonly inner: S;
  /** k, the steps taken: int32 scalar. */
  readonly steps: Tensor;
  /** Tree of the parameters' form; the parameters themselves at first. */
  readonly average: TensorTree;
}

/**
 * Keeps an average of the parameters beside the training, which is left as it is.
 *
 *     average = (1 - w) average + w p,  p the parameters after step k = 1, 2, ...
 *     w = (1 - decay) / (1 - decay^k)   exponential, corrected for its beginning
 *     w = 1 / max(1, k - from)          plain mean of p after steps from + 1, from + 2, ... (Polyak); p itself before
 *
 * @param inner the whole chain: its updates must be those that are applied, so this transform stands outermost.
 * @throws RangeError if the decay lies outside [0, 1) or `from` is not an integer of at least 0.
 * @see Polyak and Juditsky (1992); Goodfellow, Bengio, Courville (2016), section 8.7.3; for the correction, Kingma and Ba
 * (2015), section 3. torch.optim.swa_utils.AveragedModel has the same plain mean; its exponential one begins with the
 * first parameters at full weight and is not corrected.
 * @example
 * const optimiser = averageParameters(sgd({ learningRate: 1 }), { from: 0 });
 * let params = { w: tensor([0]) };
 * let state = optimiser.init(params);
 * for (const g of [-1, -4]) {
 *   const step = optimiser.update({ w: tensor([g]) }, state, params);
 *   params = applyUpdates(params, step.updates); // { w: [1] }, then { w: [5] }
 *   state = step.state;
 * }
 * averagedParameters<typeof params>(state).w; // [3]
 */
export function averageParameters<S, Extra>(
  inner: Transform<S, Extra>,
  options: AverageOptions,
): Transform<AverageState<S>, Extra> {
  check("averageParameters", "inner", inner, transformKind);
  const weight = weightOf(options);
  return checked(
    "averageParameters",
    ["inner", "steps", "average"],
    {
      init: (params) => ({
        inner: inner.init(params),
        steps: zeros([], "int32"),
        // A copy, since tensors can be overwritten in place.
        average: mapTree(params, (p) => mul(p, 1)) as TensorTree,
      }),
      update: (grads, before, params, settings) =>
        scope(() => {
          const { updates, state } = inner.update(grads, before.inner, params, settingsFor(inner, settings));
          const steps = add(before.steps, 1);
          const weights = perType((dtype) => {
            const w = weight(cast(steps, dtype));
            return { old: sub(1, w), fresh: w };
          });
          const found = alignedLeaves("averageParameters", params, {
            update: updates,
            average: before.average,
          });
          const average = mapTree(params, (p, path) => {
            if (p.dtype === "int32") return own(p);
            const { update, average: mean } = found.get(path)!;
            const { old, fresh } = weights(p.dtype);
            return add(mul(mean, old), mul(add(p, update), fresh));
          }) as TensorTree;
          return { updates, state: { inner: state, steps, average } };
        }),
      measures: (state) => inner.measures?.(state.inner) ?? {},
    },
    {},
    [inner],
  );
}

/**
 * The average that `averageParameters` has made so far, of the parameters' form, for evaluation or saving. The tensors are
 * those of the state and live as long as it does.
 * @typeParam P the type of the parameters.
 * @example
 * const optimiser = averageParameters(adam(), { decay: 0.999 });
 * const params = { w: tensor([1, 2]) };
 * const { state } = optimiser.update({ w: tensor([0.3, -4]) }, optimiser.init(params), params);
 * averagedParameters<typeof params>(state).w; // [0.999, 2.001]
 */
export function averagedParameters<P = TensorTree>(state: AverageState<unknown>): P {
  check("averagedParameters", "state", state, averageState);
  return state.average as P;
}

/** w as a function of k, the number of the step from 1 on, as a float scalar. */
const averageState = kind(
  "the state of averageParameters",
  (value) => isRecord(value) && treeKind.accepts(value.average),
);

function weightOf(options: AverageOptions): (k: Value) => Value {
  checkSettings<{ decay?: number; from?: number }>("averageParameters", options ?? null, {
    decay: optional(rate),
    from: optional(count),
  });
  const { decay, from } = options as { decay?: number; from?: number };
  if ((decay === undefined) === (from === undefined))
    throw new TypeError(
      "averageParameters: the settings are either decay or from: { decay: 0.999 } or { from: 1000 }",
    );
  if (decay !== undefined) {
    // 1 - decay^k as -expm1(k ln decay): the plain difference loses most of float32's digits for a decay near 1.
    return (k) => div(1 - decay, neg(expm1(mul(k, Math.log(decay)))));
  }
  return (k) => {
    const averaged = sub(k, from!);
    return div(1, where(lessEqual(averaged, 1), 1, averaged));
  };
}
