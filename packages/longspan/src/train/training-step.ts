import { valueGradAndAux } from "../autodiff/index.js";
import { where } from "../ops/index.js";
import {
  applyUpdates,
  type ExplosionState,
  NonFiniteGradientError,
  onExplosion,
  reportNonFinite,
  type Transform,
} from "../optim/index.js";
import { type Key, leaves, mapTrees, scope, Tensor, type Traceable, type Value } from "../tensor/index.js";

/** What is trained: batches by number, and the loss on one. P: parameters. B: a batch. C: what is carried from step to step. */
export interface Task<P, B, C> {
  /** The batch of a step, counted from 0. It depends on the number only, so a run can be taken up at any step. */
  batch(step: number): B;
  /** Predictions that a batch asks for: the loss is their mean. */
  predictions(batch: B): number;
  /** What is carried into the first step: a tree of tensors; `{}` for nothing. */
  carriedAtStart(params: P): C;
  /**
   * The mean loss on a batch, and what is carried into the next step, of the same form as what came in.
   * @param carried as data: no gradient flows back into the step before.
   * @param key for random draws such as dropout; another one at each step.
   */
  loss(
    params: Traceable<P>,
    batch: B,
    carried: C,
    key: Key,
  ): { readonly loss: Value; readonly carried: Traceable<C> };
}

/**
 * All that a run carries from one step to the next, as plain trees: saved and put back, the run goes on with the same
 * bits. S: the optimiser's state.
 */
export interface TrainingState<P, S, C> {
  /** Steps taken. */
  readonly step: number;
  readonly params: P;
  readonly optimiser: S;
  readonly carried: C;
}

/**
 * The state before the first step.
 * @param params are used as they are: the state holds them from now on.
 * @example
 * const model = languageModel({ vocabulary: 65, embed: 8, hidden: 16 });
 * const task = textTask(model, textStreams(new Int32Array(2000), { streams: 4, steps: 16 }));
 * const state = startTraining(task, adam(), model.init(Key.of(1)));
 */
export function startTraining<P, B, C, S>(
  task: Task<P, B, C>,
  optimiser: Transform<S>,
  params: P,
): TrainingState<P, S, C> {
  return { step: 0, params, optimiser: optimiser.init(params), carried: task.carriedAtStart(params) };
}

/** A training state with a guard that freezes it at the first step whose gradient is not finite. */
export type GuardedState<P, S, C> = TrainingState<P, ExplosionState<S>, C>;

/** One step of training, with nothing read back. */
export class TrainingStep<P, B, C, S> {
  readonly guarded: Transform<ExplosionState<S>>;

  constructor(
    private readonly task: Task<P, B, C>,
    optimiser: Transform<S>,
    private readonly key: Key,
  ) {
    this.guarded = onExplosion(optimiser, { nonFinite: "stop" });
  }

  /** The next state and the loss. From the first gradient on that is not finite, the next state is the old one. */
  run(
    state: GuardedState<P, S, C>,
    batch: B,
    learningRate: number | undefined,
  ): { next: GuardedState<P, S, C>; loss: Tensor } {
    return scope(() => {
      const { value, grads, carried } = this.differentiate(state, batch, state.step);
      const settings = learningRate === undefined ? {} : { learningRate };
      const step = this.guarded.update(grads, state.optimiser, state.params, settings);
      const { stopped } = step.state;
      return {
        next: {
          step: state.step + 1,
          params: applyUpdates(state.params, step.updates),
          optimiser: step.state,
          carried: mapTrees(carried, [state.carried], ([after, before]) => where(stopped, before!, after!)),
        },
        loss: value,
      };
    });
  }

  /** What went wrong at a step, found by doing it again from the state that was frozen there. */
  async explain(state: GuardedState<P, S, C>, step: number): Promise<NonFiniteGradientError> {
    const grads = scope(() => this.differentiate(state, this.task.batch(step), step).grads);
    const report = reportNonFinite(grads);
    dispose(grads);
    return new NonFiniteGradientError(await report, step);
  }

  private differentiate(
    state: GuardedState<P, S, C>,
    batch: B,
    step: number,
  ): { value: Tensor; grads: P; carried: C } {
    const f = valueGradAndAux((params: Traceable<P>) => {
      const { loss, carried } = this.task.loss(params, batch, state.carried, this.key.fold(step));
      return { loss, aux: carried };
    });
    const { value, grads, aux } = f(state.params as Parameters<typeof f>[0]);
    return { value, grads: grads as unknown as P, carried: aux as unknown as C };
  }
}

/** Releases every tensor of a tree. */
export function dispose(tree: unknown): void {
  for (const v of leaves(tree)) if (v instanceof Tensor) v.dispose();
}
