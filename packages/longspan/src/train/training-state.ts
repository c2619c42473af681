import { check } from "../check/index.js";
import { type ExplosionState, onExplosion, type Transform } from "../optim/index.js";
import { transformKind } from "../optim/kinds.js";
import { leaves, mapTree, Tensor } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { taskKind } from "./kinds.js";
import type { Task } from "./task.js";

/** The loss on held-out data after so many steps. */
export interface Validation {
  readonly step: number;
  readonly loss: number;
}

/** What a run remembers of its past. Plain numbers. */
export interface History {
  /** Time since the run began, its interruptions left out, in seconds. */
  readonly elapsed: number;
  /** The part of it that training took: without callbacks and validation. */
  readonly seconds: number;
  /** Predictions made in training. */
  readonly predictions: number;
  /** Oldest first. */
  readonly validations: readonly Validation[];
}

/** The parameters with the lowest loss on held-out data so far. */
export interface Best<P> extends Validation {
  readonly params: P;
}

/**
 * All that a run carries from one step to the next, as plain trees: saved and put back, the run goes on with the same
 * bits (`encodeCheckpoint`). P: parameters. S: the optimiser's state. C: what the task carries.
 */
export interface TrainingState<P, S, C> {
  /** Steps taken. */
  readonly step: number;
  readonly params: P;
  /** The optimiser's state under `inner`, and what the guard against explosions counts. */
  readonly optimiser: ExplosionState<S>;
  readonly carried: C;
  /** Null before the first validation. */
  readonly best: Best<P> | null;
  readonly history: History;
}

/**
 * The state before the first step.
 * @param params are used as they are: the state holds them from now on.
 * @example
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16 });
 * const task = textTask(model, textStreams(new Int32Array(2000), { streams: 4, steps: 16 }));
 * const state = startTraining(task, adam(), model.init(Key.of(1)));
 */
export function startTraining<P, B, C, S>(
  task: Task<P, B, C>,
  optimiser: Transform<S>,
  params: P,
): TrainingState<P, S, C> {
  check("startTraining", "task", task, taskKind);
  check("startTraining", "optimiser", optimiser, transformKind);
  check("startTraining", "params", params, treeKind);
  return {
    step: 0,
    params,
    // The guard's state has one form, whatever its policy.
    optimiser: onExplosion(optimiser, { nonFinite: "stop" }).init(params),
    carried: task.carriedAtStart(params),
    best: null,
    history: { elapsed: 0, seconds: 0, predictions: 0, validations: [] },
  };
}

/** Releases every tensor of a tree. */
export function dispose(tree: unknown): void {
  for (const v of leaves(tree)) if (v instanceof Tensor) v.dispose();
}

/** The same tensors under a second ownership: the memory is released with the last of both. */
export function shared<P>(params: P): P {
  return mapTree(params, (v) => (v as Tensor).view(v.shape));
}
