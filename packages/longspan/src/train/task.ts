import type { Key, Traceable, Value } from "../tensor/index.js";
import type { Rank } from "./collective.js";

/** What is trained: batches by number, and the loss on one. P: parameters. B: a batch. C: what is carried from step to step. */
export interface Task<P, B, C> {
  /**
   * That what `loss` gives follows from its arguments alone, and that it does nothing besides: no counting, no printing, no random numbers
   * but those of its key. Arrays in its arguments may become tensors; it must not count with their numbers itself. Then `train` repeats the
   * program runs of its steps in place of calling it (see `capture`), which makes small models several times faster. False by default.
   */
  readonly capturable?: boolean;
  /** The batch of a step, counted from 0. It depends on the number only, so a run can be taken up at any step. */
  batch(step: number): B;
  /** Predictions that a batch asks for: the loss is their mean. */
  predictions(batch: B): number;
  /** The batch of a step from which an optimiser of second order takes curvature, a smaller one as a rule; that of the step by default. */
  curvatureBatch?(step: number): B;
  /** What is carried into the first step: a tree of tensors; `{}` for nothing. */
  carriedAtStart(params: P): C;
  /**
   * The mean loss on a batch, and what is carried into the next step, of the same form as what came in.
   * @param carried as data: no gradient flows back into the step before.
   * @param key for random draws such as dropout; another one at each step.
   */
  loss(params: Traceable<P>, batch: B, carried: C, key: Key): TaskLoss<C>;
  /** The loss alone, where `loss` also runs what a penalty needs: what reports of an explosion look into. As `loss` by default. */
  unpenalised?(params: Traceable<P>, batch: B, carried: C, key: Key): TaskLoss<C>;
  /** Where a step's batch comes from, in the user's words, for reports of what went wrong in it. */
  describe?(step: number): string;
  /**
   * What of the task falls to one of several ranks (`Collective`). A task without it is trained by one process only.
   * @throws RangeError if there is not enough for so many ranks
   */
  share?(of: Rank): TaskShare<B, C>;
}

/** What of a task falls to one of several ranks. The shares of all ranks make up the whole. */
export interface TaskShare<B, C> {
  /** The rank's part of the batch of a step; null where nothing is left for it. */
  batch(step: number): B | null;
  /** How what is carried is shared; absent where nothing is carried. */
  readonly carried?: {
    /** The rank's part of the whole. */
    part(whole: C): C;
    /** The whole, of the parts of all ranks in their order. */
    whole(parts: readonly C[]): C;
  };
}

/** What a task's loss gives. */
export interface TaskLoss<C> {
  /** The mean loss: what reports tell. */
  readonly loss: Value;
  /** Carried into the next step. */
  readonly carried: Traceable<C>;
  /** Added to the loss where it is differentiated, such as a regulariser with its weight: scalar. */
  readonly penalty?: Value;
  /** Scalars by name whose means reports tell besides the loss. */
  readonly measures?: Readonly<Record<string, Value>>;
}
