import type { InputSpec } from "../../cell/index.js";
import { having, type RequiredKind } from "../../check/index.js";
import type { DType, Value } from "../../tensor/index.js";

/**
 * What a net's outputs mean: the distribution of a target, given a row of numbers that a readout gives freely. It says how probable a
 * target is, and what to feed back where there is none. All of it works on rows [n, ...], and on one row without the n, as inside a cell.
 *
 * What is fed back is a row of floats, also for symbols: one-hot where one symbol is meant, probabilities where several are.
 */
export interface OutputDistribution {
  /** Numbers per row that the net gives, such as the logits of every class. */
  readonly outputs: number;
  /** One target. */
  readonly target: InputSpec;
  /** Numbers of a target as a row of floats. */
  readonly features: number;
  /** Numbers in [0, 1) that a draw takes. */
  readonly uniforms: number;
  /** Which of the mean, the mode and a sample can be differentiated in the outputs: where nothing is chosen. */
  readonly smooth: readonly ("mean" | "mode" | "sample")[];
  /** The negative log-likelihood of each target, in nats. @param outputs [n, outputs] @param targets [n, ...target] @returns [n] */
  lossPerRow(outputs: Value, targets: Value): Value;
  /** Targets as rows of floats, [n, features]. @param dtype of the floats, where targets are symbols; float32 by default */
  encode(targets: Value, dtype?: DType): Value;
  /** The expectation of a target, [n, features]; differentiable. */
  mean(outputs: Value): Value;
  /** The most probable target, [n, features]. */
  mode(outputs: Value): Value;
  /** A draw. @param uniform numbers in [0, 1), [n, uniforms] @returns [n, features] */
  sample(outputs: Value, uniform: Value): Value;
}

/** An output distribution, as far as functions that take one need it. */
export const outputKind: RequiredKind = having(
  "an output distribution, such as categoricalOutput({ classes })",
  "lossPerRow",
  "encode",
  "mean",
  "mode",
  "sample",
);
