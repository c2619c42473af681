import type { Cell } from "../../cell/index.js";
import { checkSettings, count, type KindsOf, oneOf, optional, size } from "../../check/index.js";
import type { Value } from "../../tensor/index.js";
import { type OutputDistribution, outputKind } from "../outputs/output-distribution.js";
import { type FedBackInputs, type FedBackSpecs, type FedBackState, fedBack, regimeKind } from "./fed-back.js";
import { type PerceptronConfig, type PerceptronSpecs, perceptron } from "./perceptron.js";
import type { Regime } from "./regime.js";

/** Settings of `outputToHidden`. */
export interface OutputToHiddenConfig {
  /** Units of h. */
  readonly hidden: number;
  /** What the outputs mean. */
  readonly output: OutputDistribution;
  /** What is read at each step. */
  readonly regime: Regime;
  /** Features of an input at each step, under the name `context`; none, 0 by default. */
  readonly context?: number;
  /** tanh by default. */
  readonly activation?: PerceptronConfig["activation"];
}

/**
 * The net whose only recurrence goes from its output to its hidden layer (figure 10.4).
 *
 *     h(t) = tanh(b + W r(t) + U context(t))
 *     o(t) = c + V h(t)
 *     r(t) = y(t-1) under teacher forcing; else what it gave, o(t-1) or a sample of it, as the regime says
 *
 * Under teacher forcing its steps do not depend on each other: the program has no loop over time, and all steps are done at once. What it
 * cannot do: carry on anything that the targets do not hold.
 *
 * It is `fedBack` of a `perceptron`: its parameters are cell.U, which is W above U, cell.b, readout.V and readout.c. Input x is y(t-1).
 *
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.1, figure 10.4
 * @example
 * const output = bernoulliOutput({ features: 1 });
 * const cell = outputToHidden({ hidden: 8, context: 1, output, regime: teacherForcing() });
 * const params = cell.init(Key.of(1));
 * unfold(cell, params, { x: zeros([4, 1]), context: zeros([4, 1]) }, chain([4])).output.shape // [ 4, 1 ]
 */
export function outputToHidden(
  config: OutputToHiddenConfig,
): Cell<FedBackInputs, FedBackState<Record<never, never>>, FedBackSpecs<PerceptronSpecs>, Value> {
  const { hidden, output, regime, context = 0, activation } = checkSettings("outputToHidden", config, kinds);
  const sizes = { input: output.features + context, hidden };
  return fedBack({ cell: perceptron(activation ? { ...sizes, activation } : sizes), output, regime });
}

const kinds: KindsOf<OutputToHiddenConfig> = {
  hidden: size,
  output: outputKind,
  regime: regimeKind,
  context: optional(count),
  activation: optional(oneOf("tanh", "relu", "sigmoid")),
};
