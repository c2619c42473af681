import type { Key, Tensor, Value } from "../tensor/index.js";

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

/**
 * What every step may be told, whatever takes it. What one transform takes beside this is in its own type (`Transform<S, Extra>`),
 * beside its code. A transform takes what it knows and ignores the rest, so all settings of a step go to all of a chain.
 */
export interface StepSettings {
  /**
   * Learning rate of this step alone, in place of the one that the transform was made with: a number, or a scalar
   * tensor. The value of a `Schedule` is given here; nothing is compiled again for it.
   */
  readonly learningRate?: number | Value;
  /** The key of random draws in this step, another one at each step; what draws says so and asks for it. */
  readonly key?: Key;
}

/** The names in `StepSettings`. */
export const stepNames: readonly string[] = ["learningRate", "key"] satisfies (keyof StepSettings)[];

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
 * @typeParam S the state
 * @typeParam Extra what a step may be told beside `StepSettings`, each part optional: `{ momentum?: number | Value }`
 * @example
 * const optimiser = compose(clipByJointNorm(1), adam({ learningRate: 1e-3 }));
 * let params = { w: tensor([1, 2]) };
 * let state = optimiser.init(params);
 * const step = optimiser.update({ w: tensor([0.3, -4]) }, state, params);
 * params = applyUpdates(params, step.updates);
 * state = step.state;
 */
export interface Transform<S, Extra = unknown> {
  /** The state before the first step. `params`: tree of tensors. */
  init<P>(params: P): S;
  /**
   * One step. `grads` and `params`: trees of one form.
   * @throws ShapeError naming the path if the trees differ in form, shape or type.
   */
  update<P>(grads: P, state: S, params: P, settings?: StepSettings & Extra): TransformStep<P, S>;
  /**
   * The settings of a step for the transforms after this one in a chain, where this one changes what they are told, such as the loss
   * (`weightDecay`) or a norm that is known. The same ones by default.
   */
  handOn?(settings: StepSettings & Extra): StepSettings & Extra;
  /**
   * The names of what `Extra` has. Where all transforms of a chain have this list, a setting that none of them takes is an error at the
   * step. One without it is told everything.
   */
  readonly takes?: readonly string[];
  /** Scalars by name that reports of training tell of the last step, from its state: new tensors. */
  measures?(state: S): Readonly<Record<string, Tensor>>;
}

/** The type of a transform's state. */
export type StateOf<T> = T extends Transform<infer S> ? S : never;

/** What a transform may be told at a step beside `StepSettings`. */
export type ExtraOf<T> = T extends Transform<infer _, infer Extra> ? Extra : never;
