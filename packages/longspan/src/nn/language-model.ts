import {
  check,
  checkSettings,
  flag,
  func,
  type KindsOf,
  oneOf,
  optional,
  rate,
  size,
} from "../check/index.js";
import type { Tensor, Traceable, Value } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { type ChainCellName, chainCells } from "./cells/index.js";
import { makerOf } from "./cells/named-cell.js";
import {
  convolution,
  type EmbeddingParams,
  embedding,
  type LinearParams,
  linear,
  recurrent,
  stacked,
} from "./layers/index.js";
import { surrounded } from "./layers/surrounded.js";
import type { AnySequenceLayer, SequenceLayer } from "./module.js";

/** Cells that `languageModel` knows by name: those of the library that are made for chains. */
export type LanguageModelCell = ChainCellName;

/** Sizes of one recurrent layer of a language model. */
export interface LanguageModelLayerSizes {
  /** Features of what it reads. */
  readonly input: number;
  readonly hidden: number;
  /** Features of its output. */
  readonly output: number;
}

/** Settings of `languageModel`. */
export interface LanguageModelConfig {
  /** Number of symbols. */
  readonly vocabulary: number;
  /** Features per symbol. */
  readonly features: number;
  /** Units of each layer's state. */
  readonly hidden: number;
  /** Features of each layer's output, for cells that project it: projectedLstm, or one of your own; `hidden` by default. */
  readonly projection?: number;
  /** Recurrent layers; 1 by default. */
  readonly layers?: number;
  /** The cell by name, lstm by default, or a layer made by `recurrent` from any cell whose output is [output]. */
  readonly cell?: LanguageModelCell | ((sizes: LanguageModelLayerSizes) => AnySequenceLayer);
  /** Symbols that the first recurrent layer reads at once, the present one last: a causal convolution as wide before it; 1 by default, none. */
  readonly window?: number;
  /** Adds a layer's input to its output wherever the two have the same width, as `stacked` does. */
  readonly residual?: boolean;
  /** Dropout on the embeddings, between layers and before the output layer: a rate in [0, 1); 0 by default. */
  readonly dropout?: number;
}

/** Parameters of a language model: embedding.E, layers[k] as the cell has them (with a `window` its convolution is layers[0]), readout.W and readout.b. */
export interface LanguageModelParams {
  readonly embedding: EmbeddingParams;
  readonly layers: readonly Readonly<Record<string, Tensor>>[];
  readonly readout: LinearParams;
}

/** The recurrent state: the slots of each layer, one row per sequence. */
export type LanguageModelState = readonly Readonly<Record<string, Value>>[];

/**
 * A recurrent language model; made by `languageModel`. A sequence layer that reads symbols, int32 [nodes]; its output is the logits of
 * the symbol that follows each, unnormalised log-probabilities [nodes, vocabulary].
 */
export interface LanguageModel<P = LanguageModelParams, S = LanguageModelState> extends SequenceLayer<P, S> {
  /** Symbols that it knows. */
  readonly vocabulary: number;
  /** Logits of a text's first symbol, [vocabulary]: those of a readout that has seen nothing, o(1) = c. */
  first(params: Traceable<P>): Value;
}

/**
 * A recurrent language model: it predicts each symbol of a text from all those before it.
 *
 *     x(t) = E[y(t)]                        embedding
 *     h(t) = cell(x(t), h(t-1))             one layer or several
 *     o(t) = c + V h(t)                     (10.10)
 *     P(y(t+1) | y(1), ..., y(t)) = softmax(o(t))
 *
 * The first symbol has the distribution softmax(c), of a readout whose h is zero. With that, the probabilities of all texts of one
 * length add up to 1 (`logLikelihood`), and `sampleSymbols` draws from exactly this distribution.
 *
 * x, symbols int32 [nodes], gives logits [nodes, vocabulary]. The model is a sequence layer, so `rows` asks for some of them, and its
 * stream goes on symbol by symbol: `step(symbol)` gives the logits of the next one. The initial weights are those of `embedding`, the cell and `linear`.
 *
 * @throws RangeError if a size is not a positive integer, the dropout is not in [0, 1), or a named cell lacks a projection or
 * has none to use
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.3; Zaremba et al. (2014) for the places of dropout
 * @example
 * const model = languageModel({ vocabulary: 65, features: 32, hidden: 128 });
 * const params = model.init(Key.of(1));
 * const { output, final } = model.apply(params, tensor([3, 1, 4], "int32"), chain([3]));
 * // output [3, 65], final[0].h [1, 128]
 */
export function languageModel(config: LanguageModelConfig): LanguageModel {
  const settled = checkSettings("languageModel", config, kinds);
  const {
    vocabulary,
    features,
    hidden,
    projection,
    layers = 1,
    cell = "lstm",
    dropout = 0,
    window = 1,
    residual = false,
  } = settled;
  const output = projection ?? hidden;
  const layerOf = typeof cell === "string" ? namedLayer(cell, projection) : cell;
  const recurrences = Array.from({ length: layers }, (_, k) =>
    layerOf({ input: k === 0 ? features : output, hidden, output }),
  );
  const wide = window > 1 ? [convolution({ input: features, output: features, width: window })] : [];
  const net = stacked([...wide, ...recurrences] as readonly AnySequenceLayer[], { dropout, residual });
  const model = surrounded<LanguageModelParams, LanguageModelState>("languageModel", {
    before: ["embedding", embedding({ vocabulary, features })],
    layer: ["layers", net as AnySequenceLayer],
    after: ["readout", linear({ input: output, output: vocabulary })],
    dropout,
  });
  return {
    ...model,
    vocabulary,
    first(params) {
      check("languageModel.first", "params", params, treeKind);
      check("languageModel.first", "params.readout", params.readout, treeKind);
      return params.readout.b;
    },
  };
}

const cellNames = oneOf(...chainCells);

const kinds: KindsOf<LanguageModelConfig> = {
  vocabulary: size,
  features: size,
  hidden: size,
  projection: optional(size),
  layers: optional(size),
  cell: optional({ ...cellNames, accepts: (value) => cellNames.accepts(value) || func.accepts(value) }),
  window: optional(size),
  residual: optional(flag),
  dropout: optional(rate),
};

function namedLayer(
  name: LanguageModelCell,
  projection: number | undefined,
): (sizes: LanguageModelLayerSizes) => AnySequenceLayer {
  const make = makerOf("languageModel", name, projection);
  return ({ input, hidden }) => recurrent(make({ input, hidden })) as AnySequenceLayer;
}
