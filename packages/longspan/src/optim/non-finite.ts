import { add, mul, sub, where } from "../ops/index.js";
import { mapTree, mapTrees, scope, type Tensor, type Value, zeros } from "../tensor/index.js";
import { allFinite } from "./all-finite.js";
import type { Transform, TransformStep } from "./transform.js";

/** State of `skipNonFinite`. */
export interface SkipState<S> {
  readonly inner: S;
  /** Steps skipped so far: int32 scalar. */
  readonly skipped: Tensor;
  /** 1 if the last step was skipped, else 0: int32 scalar. */
  readonly lastSkipped: Tensor;
}

/** State of `stopNonFinite`. */
export interface StopState<S> {
  readonly inner: S;
  /** Steps taken so far: int32 scalar. Once stopped, the number of the step that did not happen, counted from 0. */
  readonly taken: Tensor;
  /** 1 from the first step on that met a gradient which is not finite, else 0: int32 scalar. */
  readonly stopped: Tensor;
}

/**
 * Skips a step whose gradient holds Inf or NaN: the update is zero and the inner state, moments and step count
 * included, stays as it was. The same if the update itself is not finite, as after an overflow. Later steps go on.
 *
 * Values are selected, not multiplied by a mask, so nothing of the bad step gets through.
 *
 * @param inner what is protected, usually the whole chain: the test is made on the gradient before clipping.
 * @example
 * const optimiser = skipNonFinite(compose(clipByJointNorm(1), adam()));
 * const params = { w: tensor([1, 2]) };
 * const { updates, state } = optimiser.update({ w: tensor([Number.NaN, 1]) }, optimiser.init(params), params);
 * // updates { w: [0, 0] }, state.skipped 1
 */
export function skipNonFinite<S>(inner: Transform<S>): Transform<SkipState<S>> {
  return {
    init: (params) => ({
      inner: inner.init(params),
      skipped: zeros([], "int32"),
      lastSkipped: zeros([], "int32"),
    }),
    update: (grads, state, params, settings) =>
      scope(() => {
        const step = inner.update(grads, state.inner, params, settings);
        const taken = stepIsFinite(grads, step);
        const lastSkipped = sub(1, taken);
        const chosen = selectStep(taken, step, state.inner);
        return {
          updates: chosen.updates,
          state: { inner: chosen.state, skipped: add(state.skipped, lastSkipped), lastSkipped },
        };
      }),
  };
}

/**
 * Stops at a gradient that holds Inf or NaN, or an update that is not finite: that update is zero and so is every
 * later one, and the inner state stays as it was. A loop may look at the flag `stopped` as rarely as it likes and finds
 * the parameters as they were before the bad step; `reportNonFinite` and `NonFiniteGradientError` say what happened.
 *
 * @param inner what is protected, usually the whole chain: the test is made on the gradient before clipping.
 * @example
 * const optimiser = stopNonFinite(sgd({ learningRate: 0.1 }));
 * const params = { w: tensor([1, 2]) };
 * const { updates, state } = optimiser.update({ w: tensor([1, Infinity]) }, optimiser.init(params), params);
 * // updates { w: [0, 0] }, state.stopped 1, state.taken 0
 */
export function stopNonFinite<S>(inner: Transform<S>): Transform<StopState<S>> {
  return {
    init: (params) => ({
      inner: inner.init(params),
      taken: zeros([], "int32"),
      stopped: zeros([], "int32"),
    }),
    update: (grads, state, params, settings) =>
      scope(() => {
        const step = inner.update(grads, state.inner, params, settings);
        const taken = mul(stepIsFinite(grads, step), sub(1, state.stopped));
        const chosen = selectStep(taken, step, state.inner);
        return {
          updates: chosen.updates,
          state: { inner: chosen.state, taken: add(state.taken, taken), stopped: sub(1, taken) },
        };
      }),
  };
}

function stepIsFinite<P, S>(grads: P, step: TransformStep<P, S>): Tensor {
  return mul(allFinite(grads), allFinite(step.updates));
}

/** The step where `taken` is 1; no update and the state from before where it is 0. */
function selectStep<P, S>(taken: Value, step: TransformStep<P, S>, before: S): TransformStep<P, S> {
  return {
    updates: mapTree(step.updates, (u) => where(taken, u, 0)),
    state: mapTrees(step.state, [before], ([after, old]) => where(taken, after!, old!)),
  };
}
