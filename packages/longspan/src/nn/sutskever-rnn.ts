import type { ParamSpec, ParamsOf } from "../cell/index.js";
import { checkSettings, finitePositive, optional, size } from "../check/index.js";
import type { Value } from "../tensor/index.js";
import { type RnnSpecs, rnn } from "./cells/index.js";
import { normalInit, sparseInit } from "./init/index.js";
import { recurrent } from "./layers/index.js";
import { type SequenceModel, sequenceModel } from "./sequence-model.js";

/** Settings of `sutskeverStart`. */
export interface SutskeverStartConfig {
  /** Features of a step's input. */
  readonly input: number;
  /** Units. */
  readonly hidden: number;
  /** Spectral radius of W: positive; 1.1 by default. In the paper also 1.2. */
  readonly radius?: number;
  /** Standard deviation of U: positive; 0.001 by default. In the paper also 0.1, for noiseless memorisation. */
  readonly inputScale?: number;
  /** Entries of W per unit that are not 0; 15 by default, or `hidden` if that is less. */
  readonly nonZeros?: number;
}

/**
 * The start of a recurrent net's weights in Sutskever et al. (2013), for `rnn`: a reservoir that keeps a trace of the past over
 * many steps, hardly disturbed by its input.
 *
 *     W   15 entries per unit from N(0, 1), scaled to a spectral radius of 1.1 (`sparseInit`);   U ~ N(0, 0.001^2)
 *
 * With a radius above 1 the net neither forgets nor, thanks to tanh, explodes. How large its input must be depends on the task: the
 * weaker it is, the longer a trace lasts, and the smaller it is beside what the net does by itself.
 *
 * @throws RangeError if a size is not a positive integer, or a scale or the radius not positive
 * @see Sutskever, Martens, Dahl, Hinton (2013), "On the importance of initialization and momentum in deep learning", section 4,
 * after Jaeger and Haas (2004)
 * @example
 * const cell = rnn({ input: 2, hidden: 100, ...sutskeverStart({ input: 2, hidden: 100, radius: 1.2 }) });
 */
export function sutskeverStart(config: SutskeverStartConfig): {
  readonly U: ParamSpec;
  readonly W: ParamSpec;
} {
  const {
    input,
    hidden,
    radius = 1.1,
    inputScale = 0.001,
    nonZeros,
  } = checkSettings("sutskeverStart", config, kinds);
  return {
    U: normalInit(inputScale, input, hidden),
    W: sparseInit(hidden, { radius, ...(nonZeros === undefined ? {} : { nonZeros }) }),
  };
}

/** Settings of `sutskeverRnn`. */
export interface SutskeverRnnConfig extends Omit<SutskeverStartConfig, "hidden"> {
  /** Features of an answer. */
  readonly output: number;
  /** 100 by default. */
  readonly hidden?: number;
  /** Standard deviation of the readout's weights: positive; 0.1 by default. */
  readonly outputScale?: number;
}

/** Parameters of the recurrent layer of `sutskeverRnn`. */
export type SutskeverRnnParams = ParamsOf<RnnSpecs>;

/**
 * The recurrent network of Sutskever et al. (2013) on problems with long dependencies: `rnn` with a readout, from `sutskeverStart`.
 *
 *     h(t) = tanh(b + W h(t-1) + U x(t)),   o(t) = c + V h(t),   V ~ N(0, 0.1^2)
 *
 * Biases start at 0. The paper trains it with `nesterov2013` on inputs and targets of mean 0 (`centred`).
 *
 * @throws RangeError as `sutskeverStart`, or if the output scale is not positive
 * @see Sutskever, Martens, Dahl, Hinton (2013), section 4
 * @example
 * const problem = centred(adding({ length: 80 }));
 * const model = sutskeverRnn({ input: problem.input, output: problem.output });
 * model.init(Key.of(1)).layer.W.shape // [ 100, 100 ]
 */
export function sutskeverRnn(config: SutskeverRnnConfig): SequenceModel<SutskeverRnnParams, { h: Value }> {
  const settled = checkSettings("sutskeverRnn", config, {
    ...kinds,
    output: size,
    hidden: optional(size),
    outputScale: optional(finitePositive),
  });
  const { output, hidden = 100, outputScale = 0.1, ...others } = settled;
  const start = sutskeverStart({ ...others, hidden });
  return sequenceModel({
    layer: recurrent(rnn({ input: others.input, hidden, ...start })),
    features: hidden,
    output,
    readout: normalInit(outputScale, hidden, output),
  });
}

const kinds = {
  input: size,
  hidden: size,
  radius: optional(finitePositive),
  inputScale: optional(finitePositive),
  nonZeros: optional(size),
};
