import type { Key, Tensor, Value } from "../tensor/index.js";
import type { KnownNorm } from "./joint-norm.js";

/** A plain tree of tensors. Optimiser states hold trees of the parameters' form under this type. */
export type TensorTree =
  | Tensor
  | number
  | string
  | boolean
  | null
  | undefined
  | readonly TensorTree[]
  | { readonly [name: string]: TensorTree };

/** What may differ from one step to the next. A transform takes what it knows and ignores the rest. */
export interface StepSettings {
  /**
   * Learning rate of this step alone, in place of the one that the transform was made with: a number, or a scalar
   * tensor. The value of a `Schedule` is given here; nothing is compiled again for it.
   */
  readonly learningRate?: number | Value;
  /**
   * Momentum of this step alone, in [0, 1), in place of the one that a transform with a velocity was made with: a number, or a
   * scalar tensor. Like the learning rate, it may follow a `Schedule`.
   */
  readonly momentum?: number | Value;
  /** The key of random draws in this step, another one at each step; what draws says so and asks for it. */
  readonly key?: Key;
  /** The loss that the gradient is of, for what looks at it again, such as `hessianFree`. */
  readonly objective?: Objective;
  /** From a transform to those inside it: the joint norm of the gradient that it hands them. */
  readonly knownNorm?: KnownNorm;
}

/** The loss of a step as a function of the parameters. What is random in it is the same each time. */
export interface Objective {
  /** On the batch of the gradient: one number. */
  loss(params: unknown): Value;
  /** On the batch that curvature is taken from, without penalties; `loss` unless given. */
  curvature?(params: unknown): Value;
  /** The rate of a quadratic penalty on the parameter at a path, rate / 2 |p|^2: part of `loss`, not of `curvature`. 0 unless given. */
  decay?(path: string): number;
  /** How many predictions the two batches ask for, if that is known. */
  sizes?(): { readonly batch: number; readonly curvature: number };
}

/** What one update gives. */
export interface TransformStep<P, S> {
  /** Tree of the parameters' form: what is to be added to the parameters. */
  readonly updates: P;
  readonly state: S;
}

/**
 * A gradient transform: an update rule or a treatment of the gradient, as two pure functions over trees of tensors.
 * Transforms compose with `compose`; the last one of a chain gives what `applyUpdates` adds to the parameters.
 *
 * A state is a plain tree whose leaves are tensors, so that what walks over parameters (saving, comparing, releasing)
 * works on it. A new state shares no tensor with the old one, and an update keeps nothing that it was given: the
 * caller may release old parameters, gradients and states. Nothing is read back from the executor on the way.
 *
 * Leaves of type int32 are not trained: their update is zero.
 *
 * @example
 * const optimiser = compose(clipByJointNorm(1), adam({ learningRate: 1e-3 }));
 * let params = { w: tensor([1, 2]) };
 * let state = optimiser.init(params);
 * const step = optimiser.update({ w: tensor([0.3, -4]) }, state, params);
 * params = applyUpdates(params, step.updates);
 * state = step.state;
 */
export interface Transform<S> {
  /** The state before the first step. `params`: tree of tensors. */
  init<P>(params: P): S;
  /**
   * One step. `grads` and `params`: trees of one form.
   * @throws ShapeError naming the path if the trees differ in form, shape or type.
   */
  update<P>(grads: P, state: S, params: P, settings?: StepSettings): TransformStep<P, S>;
  /** For the transforms after this one in a chain, where this one adds the gradient of a penalty: the loss with that penalty. */
  objective?(objective: Objective): Objective;
  /** Scalars by name that reports of training tell of the last step, from its state: new tensors. */
  measures?(state: S): Readonly<Record<string, Tensor>>;
}

/** The type of a transform's state. */
export type StateOf<T> = T extends Transform<infer S> ? S : never;
