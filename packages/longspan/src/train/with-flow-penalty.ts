import { check, checkSettings, type KindsOf, kind } from "../check/index.js";
import { flowPenaltyKinds } from "../flow/flow-penalty.js";
import { type FlowPenaltyOptions, flowPenalty } from "../flow/index.js";
import { mul } from "../ops/index.js";
import { fromArray } from "../tensor/index.js";
import { taskKind } from "./kinds.js";
import type { Task, TaskShare } from "./task.js";

/** A batch with the weight of the penalty at its step. */
export interface Penalised<B> {
  readonly batch: B;
  /** One number; null where it is 0. */
  readonly weight: Float64Array | null;
}

/** Settings of `withFlowPenalty`. */
export interface TaskFlowPenalty extends FlowPenaltyOptions {
  /** lambda: a number of at least 0, or one for each step, counted from 0. At 0 the penalty costs nothing and is not measured. */
  readonly weight: number | ((step: number) => number);
}

/**
 * A task whose gradient also pulls the norm of what flows back through the recurrence towards constancy:
 *
 *     loss + lambda Omega          (10.52)
 *
 * Reports tell the loss without the penalty, and as measures `omega`, `flow ratio` (the mean of the ratios; below 1, gradients
 * shrink on their way back) and `flow skipped` (terms without a gradient). Clipping comes after it, in the optimiser: the four
 * arms plain, clip, Omega, Omega + clip differ in nothing else. Of several ranks (`Collective`), each takes Omega of its own share, and the mean
 * over the ranks is by predictions, not by sequences.
 *
 * @throws RangeError if a weight is negative or not finite
 * @see `flowPenalty`
 * @example
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16, cell: "rnn" });
 * const task = textTask(model, textStreams(new Int32Array(2000), { streams: 4, steps: 16 }));
 * const regularised = withFlowPenalty(task, { weight: 4 });
 * const optimiser = compose(clipByJointNorm(1), sgd({ learningRate: 0.01 }));
 * await train(regularised, startTraining(regularised, optimiser, model.init(Key.of(1))), {
 *   optimiser,
 *   budget: { steps: 5 },
 *   key: Key.of(2),
 *   callbacks: [{ onReport: ({ measures }) => console.log(measures["flow ratio"]) }],
 * });
 */
export function withFlowPenalty<P, B, C>(
  task: Task<P, B, C>,
  settings: TaskFlowPenalty,
): Task<P, Penalised<B>, C> {
  check("withFlowPenalty", "task", task, taskKind);
  const { weight, ...options } = checkSettings("withFlowPenalty", settings, kinds);
  const weightAt = (step: number) => {
    const lambda = typeof weight === "number" ? weight : weight(step);
    if (!(lambda >= 0 && lambda < Number.POSITIVE_INFINITY))
      throw new RangeError(
        `withFlowPenalty: weight is a finite number of at least 0, got ${lambda} at step ${step}`,
      );
    return lambda;
  };
  weightAt(0);
  const describe = task.describe?.bind(task);
  const share = task.share?.bind(task);
  const loss: Task<P, Penalised<B>, C>["loss"] = (params, { batch, weight: lambda }, carried, key) => {
    if (lambda === null) return task.loss(params, batch, carried, key);
    const { loss, aux, omega, meanRatio, skipped } = flowPenalty(
      (p) => {
        const { loss, ...aux } = task.loss(p, batch, carried, key);
        return { loss, aux };
      },
      params,
      options,
    );
    return {
      ...aux,
      loss,
      penalty: mul(omega, fromArray(lambda, [], omega.dtype)),
      measures: { ...aux.measures, omega, "flow ratio": meanRatio, "flow skipped": skipped },
    };
  };
  return {
    capturable: task.capturable ?? false,
    batch: (step) => ({ batch: task.batch(step), weight: inArray(weightAt(step)) }),
    // Omega is not convex in any outputs: curvature is that of the loss.
    curvatureBatch: (step) => ({ batch: task.curvatureBatch?.(step) ?? task.batch(step), weight: null }),
    predictions: ({ batch }) => task.predictions(batch),
    carriedAtStart: (params) => task.carriedAtStart(params),
    ...(describe ? { describe } : {}),
    ...(share ? { share: (of) => penalisedShare(share(of), (step) => inArray(weightAt(step))) } : {}),
    unpenalised: (params, { batch }, carried, key) => task.loss(params, batch, carried, key),
    loss,
  };
}

/** A rank's share of the task, with the weight of each step. */
function penalisedShare<B, C>(
  { batch, ...others }: TaskShare<B, C>,
  weightAt: (step: number) => Penalised<B>["weight"],
): TaskShare<Penalised<B>, C> {
  return {
    ...others,
    batch(step) {
      const own = batch(step);
      return own === null ? null : { batch: own, weight: weightAt(step) };
    },
  };
}

/** In an array: a schedule compiles and captures nothing anew. */
function inArray(weight: number): Float64Array | null {
  return weight === 0 ? null : Float64Array.of(weight);
}

const kinds: KindsOf<TaskFlowPenalty> = {
  ...flowPenaltyKinds,
  weight: kind(
    "a finite number of at least 0, or a function from the step to one",
    (value) => typeof value === "number" || typeof value === "function",
  ),
};
