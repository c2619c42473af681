import type { Value } from "../tensor/index.js";

/** The loss of a step as a function of the parameters. What is random in it is the same each time. */
export interface Objective {
  /** On the batch of the gradient: one number. */
  loss(params: unknown): Value;
  /** On the batch that curvature is taken from, without penalties; `loss` by default. */
  curvature?(params: unknown): Value;
  /** The rate of a quadratic penalty on the parameter at a path, rate / 2 |p|^2: part of `loss`, not of `curvature`. 0 by default. */
  decay?(path: string): number;
  /** How many predictions the two batches ask for, if that is known. */
  sizes?(): { readonly batch: number; readonly curvature: number };
}

/** What a step is told for what looks at the loss again, such as `hessianFree`. */
export interface ObjectiveSetting {
  /** The loss that the gradient is of. */
  readonly objective?: Objective;
}
