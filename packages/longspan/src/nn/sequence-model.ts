import type { ParamSpec } from "../cell/index.js";
import { specKind } from "../cell/kinds.js";
import { checkSettings, optional, size } from "../check/index.js";
import { type LinearParams, linear } from "./layers/index.js";
import { layerKind } from "./layers/kinds.js";
import { surrounded } from "./layers/surrounded.js";
import type { AnySequenceLayer, SequenceLayer } from "./module.js";

/** Settings of `sequenceModel`. */
export interface SequenceModelConfig<P, S> {
  /** What reads the sequences: made by `recurrent`, `bidirectional` or `stacked`, from any cell. */
  readonly layer: SequenceLayer<P, S>;
  /** Features of the layer's output. */
  readonly features: number;
  /** Features of an answer. */
  readonly output: number;
  /** How the readout's weights start, [features, output]; Glorot-uniform by default. */
  readonly readout?: ParamSpec;
}

/** Parameters of a sequence model: those of the layer, and readout.W and readout.b. */
export interface SequenceModelParams<P> {
  readonly layer: P;
  readonly readout: LinearParams;
}

/** A sequence layer with a readout, made by `sequenceModel`. Its output is the answers, its state that of the layer. */
export type SequenceModel<P, S = unknown> = SequenceLayer<SequenceModelParams<P>, S>;

/**
 * A recurrent layer, or a stack, with a linear readout. It is a sequence layer itself: it gives an answer at every node, or at the
 * `rows` where one is asked for, and has a stream.
 *
 *     h(t) = layer(x(t), h(t-1)),   o(t) = c + V h(t)          (10.10)
 *
 * x [nodes, input] gives [nodes, output], or [rows, output].
 *
 * @throws ShapeError if the readout's weights are not [features, output]
 * @example
 * const model = sequenceModel({ layer: recurrent(lstm({ input: 6, hidden: 20 })), features: 20, output: 4 });
 * const { x, structure, scored } = temporalOrder({ length: 50 }).sample(Key.of(1), 0, 3);
 * const { output } = model.apply(model.init(Key.of(2)), fromArray(x, [150, 6]), structure, { rows: scored });
 * output.shape // [ 3, 4 ]
 */
export function sequenceModel<P, S>(config: SequenceModelConfig<P, S>): SequenceModel<P, S> {
  const {
    layer,
    features,
    output,
    readout: W,
  } = checkSettings("sequenceModel", config, {
    layer: layerKind,
    features: size,
    output: size,
    readout: optional(specKind),
  });
  return surrounded<SequenceModelParams<P>, S>("sequenceModel", {
    layer: ["layer", layer as AnySequenceLayer],
    after: ["readout", linear({ input: features, output, ...(W ? { W } : {}) })],
  });
}
