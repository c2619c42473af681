import type { ParamsOf } from "../cell/index.js";
import { checkSettings, oneOf, optional, size } from "../check/index.js";
import type { Value } from "../tensor/index.js";
import { type RnnSpecs, rnn } from "./cells/index.js";
import { normalInit, sparseInit } from "./init/index.js";
import { recurrent } from "./layers/index.js";
import { type SequenceModel, sequenceModel } from "./sequence-model.js";

/** Settings of `pascanuRnn`. */
export interface PascanuRnnConfig {
  /** Features of a step's input. */
  readonly input: number;
  /** Features of an answer. */
  readonly output: number;
  /** 50 by default. */
  readonly hidden?: number;
  /** How it starts; basic_tanh by default. */
  readonly start?: "sigmoid" | "basic_tanh" | "smart_tanh";
}

/** Parameters of the recurrent layer of `pascanuRnn`. */
export type PascanuRnnParams = ParamsOf<RnnSpecs>;

/**
 * The recurrent networks of Pascanu, Mikolov and Bengio (2013): `rnn` with a readout, and one of the paper's three starts.
 *
 *     h(t) = s(b + W h(t-1) + U x(t)),   o(t) = c + V h(t)
 *
 * | start      | s       | U, V                 | W                                                            |
 * | ---------- | ------- | -------------------- | ------------------------------------------------------------ |
 * | sigmoid    | sigmoid | normal, deviation .01 | normal, deviation .01                                        |
 * | basic_tanh | tanh    | normal, deviation .1  | normal, deviation .1                                         |
 * | smart_tanh | tanh    | normal, deviation .01 | 15 entries per unit, spectral radius .95 (`sparseInit`)      |
 *
 * Biases start at 0.
 *
 * @throws RangeError if there is no such start
 * @see Pascanu, Mikolov, Bengio (2013), "On the difficulty of training recurrent neural networks", section 4.1
 * @example
 * const model = pascanuRnn({ input: 6, output: 4 });
 * model.init(Key.of(1)).layer.W.shape // [ 50, 50 ]
 */
export function pascanuRnn(config: PascanuRnnConfig): SequenceModel<PascanuRnnParams, { h: Value }> {
  const { input, output, hidden = 50, start = "basic_tanh" } = checkSettings("pascanuRnn", config, kinds);
  const std = deviations[start];
  const cell = rnn({
    input,
    hidden,
    activation: start === "sigmoid" ? "sigmoid" : "tanh",
    U: normalInit(std, input, hidden),
    W: start === "smart_tanh" ? sparseInit(hidden) : normalInit(std, hidden, hidden),
  });
  return sequenceModel({
    layer: recurrent(cell),
    features: hidden,
    output,
    readout: normalInit(std, hidden, output),
  });
}

const deviations = { sigmoid: 0.01, basic_tanh: 0.1, smart_tanh: 0.01 } as const;

const kinds = {
  input: size,
  output: size,
  hidden: optional(size),
  start: optional(oneOf(...Object.keys(deviations))),
};
