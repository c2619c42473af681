import type { ParamSpec } from "../cell/index.js";
import { specKind } from "../cell/kinds.js";
import { check, checkSettings, instanceOf, optional, size } from "../check/index.js";
import { gather, slice } from "../ops/index.js";
import { type DType, fromArray, type Key, type Traceable, type Value } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import type { Structure } from "../unfold/index.js";
import { checkInit, checkOver } from "./layers/check-call.js";
import { type LinearParams, linear, type SequenceLayer, type SequenceOptions } from "./layers/index.js";
import { layerKind } from "./layers/kinds.js";

/** Settings of `sequenceModel`. */
export interface SequenceModelConfig<P, S> {
  /** What reads the sequences: made by `recurrent`, `bidirectional` or `stacked`, from any cell. */
  readonly layer: SequenceLayer<P, S>;
  /** Features of the layer's output. */
  readonly features: number;
  /** Features of an answer. */
  readonly output: number;
  /** How the readout's weights start, [features, output]; Glorot-uniform unless given. */
  readonly readout?: ParamSpec;
}

/** Parameters of a sequence model: those of the layer, and readout.W and readout.b. */
export interface SequenceModelParams<P> {
  readonly layer: P;
  readonly readout: LinearParams;
}

/** A layer that reads sequences, and a readout; made by `sequenceModel`. */
export interface SequenceModel<P, S = unknown> {
  /** Features of an answer. */
  readonly output: number;
  /** Initial parameters; float32 unless a type is named. */
  init(key: Key, dtype?: DType): SequenceModelParams<P>;
  /**
   * The answers at some rows: [rows, output].
   * @param x [nodes, input], rows of the structure
   * @param rows where answers are asked for, such as the `judged` rows of a batch
   */
  apply(
    params: Traceable<SequenceModelParams<P>>,
    x: Value,
    structure: Structure,
    rows: Int32Array,
    options?: SequenceOptions<S>,
  ): Value;
}

/**
 * A recurrent layer, or a stack, with a linear readout at the rows where an answer is asked for.
 *
 *     h(t) = layer(x(t), h(t-1)),   o(t) = c + V h(t)          (10.10)
 *
 * @throws ShapeError if the readout's weights are not [features, output]
 * @example
 * const model = sequenceModel({ layer: recurrent(lstm({ input: 6, hidden: 20 })), features: 20, output: 4 });
 * const { x, structure, judged } = temporalOrder({ length: 50 }).sample(Key.of(1), 0, 3);
 * model.apply(model.init(Key.of(2)), fromArray(x, [150, 6]), structure, judged).shape // [ 3, 4 ]
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
  const readout = linear({ input: features, output, ...(W ? { W } : {}) });
  return {
    output,
    init(key, dtype = "float32") {
      checkInit("sequenceModel", key, dtype);
      return { layer: layer.init(key.fold(0), dtype), readout: readout.init(key.fold(1), dtype) };
    },
    apply(params, x, structure, rows, options = {}) {
      checkOver("sequenceModel", params, x, structure, options);
      check("sequenceModel.apply", "params.layer", params.layer, treeKind);
      check("sequenceModel.apply", "params.readout", params.readout, treeKind);
      check("sequenceModel.apply", "rows", rows, rowsKind);
      const { output: h } = layer.apply(params.layer as Traceable<P>, x, structure, options);
      return readout.apply(params.readout as Traceable<LinearParams>, rowsOf(h, rows));
    },
  };
}

const rowsKind = instanceOf(Int32Array, "an Int32Array of rows of the structure");

/** Some rows; where they lie side by side, as the last ones of sequences of one length do, as a slice. */
function rowsOf(h: Value, rows: Int32Array): Value {
  const [first = 0] = rows;
  const adjoining = rows.every((row, i) => row === first + i);
  if (adjoining && rows.length === h.shape[0]) return h;
  return adjoining
    ? slice(h, 0, first, first + rows.length)
    : gather(h, fromArray(rows, [rows.length], "int32"));
}
