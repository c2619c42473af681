import { checkSettings, isRecord, kind, oneOf, optional, rate, size } from "../../check/index.js";
import {
  type AnyLayer,
  dropoutOver,
  dropout as dropped,
  type EmbeddingParams,
  embedding,
  type LinearParams,
  linear,
  type Module,
  type SequenceLayer,
  type SequenceOptions,
} from "../../nn/index.js";
import { layerKind } from "../../nn/layers/kinds.js";
import type { Traceable, Value } from "../../tensor/index.js";
import type { Structure } from "../../unfold/index.js";
import { lastPerSequence, meanPerSequence } from "./per-sequence.js";

/** What a classifier makes of the outputs of its layer: their mean over the steps, or that of the last step. */
export type SequenceReading = "mean" | "last";

/** Settings of `sequenceClassifier`. */
export interface SequenceClassifierConfig<P, S> {
  /** What reads the sequences: made by `recurrent`, `bidirectional` or `stacked`, from any cell. */
  readonly layer: SequenceLayer<P, S>;
  /** Features of the layer's output. */
  readonly features: number;
  /** How many there are to choose from. */
  readonly classes: number;
  /** Where sequences are symbols: how many there are, and features of each; by default they are rows of numbers. */
  readonly symbols?: { readonly vocabulary: number; readonly features: number };
  /** `mean` by default. */
  readonly read?: SequenceReading;
  /** Dropout on what the layer reads and before the readout: a rate in [0, 1); 0 by default. */
  readonly dropout?: number;
}

/** Parameters of a sequence classifier; `symbols` only where sequences are symbols. */
export interface SequenceClassifierParams<P> {
  readonly symbols?: EmbeddingParams;
  readonly layer: P;
  readonly readout: LinearParams;
}

/** A model that says of each sequence which class it is of: its output is the logits, [sequences, classes]. */
export interface SequenceClassifier<P = unknown>
  extends Module<P, [x: Value, structure: Structure, options?: ClassifierOptions], Value> {
  readonly classes: number;
  /** Features of a row of x; null where sequences are symbols, int32. */
  readonly input: number | null;
}

/** How a classifier is run. */
export type ClassifierOptions = Pick<SequenceOptions<unknown>, "key" | "backward">;

/**
 * A net that reads a whole sequence and says which class it is of (figure 10.5).
 *
 *     h(t) = layer(x(t), h(t-1))
 *     o = c + V (1/tau sum over t of h(t))      read: "mean"
 *     o = c + V h(tau)                          read: "last"
 *     P(class) = softmax(o)
 *
 * The mean gives every step a short way to the loss, and suits most data; the last state is what is left of the sequence when it has been
 * read. With a bidirectional layer, `last` is the last step of each direction. Every sequence has at least one step.
 *
 * x, rows of numbers [nodes, input] or symbols int32 [nodes], gives logits [sequences, classes].
 *
 * @throws RangeError if a size is not a positive integer or the rate is not in [0, 1)
 * @example
 * const layer = recurrent(lstm({ input: 3, hidden: 8 }));
 * const model = sequenceClassifier({ layer, features: 8, classes: 2 });
 * const logits = model.apply(model.init(Key.of(1)), zeros([4, 3]), chain([3, 1]));
 * logits.shape // [ 2, 2 ]
 */
export function sequenceClassifier<P, S>(
  config: SequenceClassifierConfig<P, S>,
): SequenceClassifier<SequenceClassifierParams<P>> {
  const {
    layer,
    features,
    classes,
    symbols,
    read = "mean",
    dropout = 0,
  } = checkSettings<SequenceClassifierConfig<P, S>>("sequenceClassifier", config, kinds);
  const table = symbols ? (embedding(symbols) as AnyLayer) : null;
  const readout = linear({ input: features, output: classes });
  const summary = read === "mean" ? meanPerSequence : lastPerSequence;
  return {
    classes,
    input: table === null ? widthOf(layer) : null,
    init: (key, dtype = "float32") => ({
      ...(table ? { symbols: table.init(key.fold(0), dtype) as EmbeddingParams } : {}),
      layer: layer.init(key.fold(1), dtype),
      readout: readout.init(key.fold(2), dtype),
    }),
    apply(params, x, structure, options = {}) {
      const { key = null, backward } = options;
      const rows = table ? table.apply(params.symbols as Traceable<unknown>, x) : x;
      const { output } = layer.apply(
        params.layer as Traceable<P>,
        dropoutOver(structure, rows, dropout, key?.fold(0) ?? null),
        structure,
        { key: key?.fold(1) ?? null, ...(backward ? { backward } : {}) },
      );
      const read = summary(structure, output, layer.forward);
      return readout.apply(params.readout, dropped(read, dropout, key?.fold(2) ?? null));
    },
  };
}

/** Features of a row that a layer reads. */
function widthOf({ input }: Pick<SequenceLayer<unknown, unknown>, "input">): number {
  const shape = "shape" in input ? input.shape : input;
  return shape.reduce((a, b) => a * b, 1);
}

const kinds = {
  layer: layerKind,
  features: size,
  classes: size,
  symbols: optional(
    kind(
      "a record { vocabulary, features } of positive integers",
      (value) => isRecord(value) && size.accepts(value.vocabulary) && size.accepts(value.features),
    ),
  ),
  read: optional(oneOf("mean", "last")),
  dropout: optional(rate),
};
