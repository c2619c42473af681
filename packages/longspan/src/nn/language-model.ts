import {
  check,
  checkSettings,
  func,
  type KindsOf,
  oneOf,
  optional,
  orNull,
  rate,
  size,
} from "../check/index.js";
import { concat, neg, reshape, slice, sum } from "../ops/index.js";
import {
  type DType,
  formatShape,
  type Key,
  ShapeError,
  type Tensor,
  type Traceable,
  type Value,
} from "../tensor/index.js";
import { keyKind, treeKind, valueKind } from "../tensor/kinds.js";
import { type Backward, chain, type Structure } from "../unfold/index.js";
import { backwardKind, structureKind } from "../unfold/kinds.js";
import { type ChainCellName, chainCells } from "./cells/index.js";
import { makerOf } from "./cells/named-cell.js";
import { languageModelKind, languageModelParamsKind } from "./kinds.js";
import { checkInit } from "./layers/check-call.js";
import {
  type AnySequenceLayer,
  dropoutOver,
  type EmbeddingParams,
  embedding,
  type LinearParams,
  linear,
  openStream,
  recurrent,
  type Stream,
  stacked,
} from "./layers/index.js";
import { crossEntropyPerRow } from "./losses/index.js";

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
  /** Features of each layer's output, for cells that project it: projectedLstm, or one of your own; `hidden` unless given. */
  readonly projection?: number;
  /** Recurrent layers; 1 unless given. */
  readonly layers?: number;
  /** The cell by name, lstm unless given, or a layer made by `recurrent` from any cell whose output is [output]. */
  readonly cell?: LanguageModelCell | ((sizes: LanguageModelLayerSizes) => AnySequenceLayer);
  /** Dropout on the embeddings, between layers and before the output layer: a rate in [0, 1); 0 unless given. */
  readonly dropout?: number;
}

/** Parameters of a language model: embedding.E, layers[k] as the cell has them, readout.W and readout.b. */
export interface LanguageModelParams {
  readonly embedding: EmbeddingParams;
  readonly layers: readonly Readonly<Record<string, Tensor>>[];
  readonly readout: LinearParams;
}

/** The recurrent state: the slots of each layer, one row per sequence. */
export type LanguageModelState = readonly Readonly<Record<string, Value>>[];

/** How a language model is run. */
export interface LanguageModelOptions {
  /** States before the first symbol, of the form of `final`; zeros unless given. */
  readonly initial?: LanguageModelState;
  /** The key of dropout; null or absent for none, as in evaluation. */
  readonly key?: Key | null;
  /** How the recurrence is differentiated; full unless given. */
  readonly backward?: Backward;
}

/** What a language model gives. */
export interface LanguageModelResult {
  /** Unnormalised log-probabilities of the symbol that follows: [nodes, vocabulary]. */
  readonly logits: Value;
  /** States after each sequence's last symbol. */
  readonly final: LanguageModelState;
}

/** A recurrent language model; made by `languageModel`. */
export interface LanguageModel {
  /** Symbols that it knows. */
  readonly vocabulary: number;
  /** Initial parameters; float32 unless a type is named. */
  init(key: Key, dtype?: DType): LanguageModelParams;
  /** Logits of each next symbol. @param symbols int32 [nodes], rows of the structure */
  apply(
    params: Traceable<LanguageModelParams>,
    symbols: Value,
    structure: Structure,
    options?: LanguageModelOptions,
  ): LanguageModelResult;
  /**
   * The model one symbol at a time: `step(symbol)` gives the logits of the next one. It draws nothing. Dispose of it.
   * @see `openStream`
   */
  stream(params: LanguageModelParams): Stream<LanguageModelState>;
  /** Logits of a text's first symbol, [vocabulary]: those of a readout that has seen nothing, o(1) = c. */
  first(params: Traceable<LanguageModelParams>): Value;
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
 * symbols int32 [nodes] give logits [nodes, vocabulary]. The initial weights are those of `embedding`, the cell and `linear`.
 *
 * @throws RangeError if a size is not a positive integer, the dropout is not in [0, 1), or a named cell lacks a projection or
 * has none to use
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.3; Zaremba et al. (2014) for the places of dropout
 * @example
 * const model = languageModel({ vocabulary: 65, features: 32, hidden: 128 });
 * const params = model.init(Key.of(1));
 * const { logits, final } = model.apply(params, tensor([3, 1, 4], "int32"), chain([3]));
 * // logits [3, 65], final[0].h [1, 128]
 */
export function languageModel(config: LanguageModelConfig): LanguageModel {
  const settled = checkSettings("languageModel", config, kinds);
  const { vocabulary, features, hidden, projection, layers = 1, cell = "lstm", dropout = 0 } = settled;
  const output = projection ?? hidden;
  const layerOf = typeof cell === "string" ? namedLayer(cell, projection) : cell;
  const symbols = embedding({ vocabulary, features });
  const net = stacked(
    Array.from({ length: layers }, (_, k) => layerOf({ input: k === 0 ? features : output, hidden, output })),
    { dropout },
  );
  const readout = linear({ input: output, output: vocabulary });
  const one = chain([1]);
  const model: LanguageModel = {
    vocabulary,
    init(key, dtype = "float32") {
      checkInit("languageModel", key, dtype);
      return {
        embedding: symbols.init(key.fold(0), dtype),
        layers: net.init(key.fold(1), dtype) as LanguageModelParams["layers"],
        readout: readout.init(key.fold(2), dtype),
      };
    },
    apply(params, ids, structure, given) {
      check("languageModel.apply", "params", params, languageModelParamsKind);
      check("languageModel.apply", "symbols", ids, valueKind);
      check("languageModel.apply", "structure", structure, structureKind);
      const { initial, key = null, ...options } = checkSettings("languageModel.apply", given, callKinds);
      const dropped = (rows: Value, place: number) =>
        key === null ? rows : dropoutOver(structure, rows, dropout, key.fold(place));
      const x = dropped(symbols.apply(params.embedding, ids), 0);
      const { output, final } = net.apply([...params.layers], x, structure, {
        ...options,
        ...(initial ? { initial: [...initial] } : {}),
        ...(key ? { key: key.fold(1) } : {}),
      });
      const logits = readout.apply(params.readout, dropped(output, 2));
      return { logits, final: final as LanguageModelState };
    },
    first(params) {
      check("languageModel.first", "params", params, languageModelParamsKind);
      return params.readout.b;
    },
    stream(params) {
      check("languageModel.stream", "params", params, languageModelParamsKind);
      return openStream<LanguageModelParams, LanguageModelState>({
        name: "stream of a language model",
        input: { shape: [], dtype: "int32" },
        params,
        apply(p, symbol, state) {
          const { logits, final } = model.apply(p, symbol, one, state ? { initial: state } : {});
          return { output: logits, final };
        },
      });
    },
  };
  return model;
}

const callKinds: KindsOf<LanguageModelOptions> = {
  initial: optional(treeKind),
  key: optional(orNull(keyKind)),
  backward: optional(backwardKind),
};

const cellNames = oneOf(...chainCells);

const kinds: KindsOf<LanguageModelConfig> = {
  vocabulary: size,
  features: size,
  hidden: size,
  projection: optional(size),
  layers: optional(size),
  cell: optional({ ...cellNames, accepts: (given) => cellNames.accepts(given) || func.accepts(given) }),
  dropout: optional(rate),
};

function namedLayer(
  name: LanguageModelCell,
  projection: number | undefined,
): (sizes: LanguageModelLayerSizes) => AnySequenceLayer {
  const make = makerOf("languageModel", name, projection);
  return ({ input, hidden }) => recurrent(make({ input, hidden })) as AnySequenceLayer;
}

/**
 * The logarithm of each symbol's probability given those before it.
 *
 *     -L(t) = ln P(y(t) | y(t-1), y(t-2), ..., y(1)),  t = 1, ..., tau                 (10.33)
 *
 * The memory is proportional to the length; for a long text, see `evaluateText`.
 *
 * @param symbols one text, int32 [tau]
 * @returns [tau], in nats, each at most 0; differentiable in the parameters
 * @throws ShapeError if the symbols are not a list
 * @see Goodfellow, Bengio, Courville (2016), equation 10.33
 * @example
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16 });
 * logConditionals(model, model.init(Key.of(1)), tensor([3, 1, 4], "int32")).shape; // [ 3 ]
 */
export function logConditionals(
  model: LanguageModel,
  params: Traceable<LanguageModelParams>,
  symbols: Value,
): Value {
  return conditionals("logConditionals", model, params, symbols);
}

function conditionals(
  what: string,
  model: LanguageModel,
  params: Traceable<LanguageModelParams>,
  symbols: Value,
): Value {
  check(what, "model", model, languageModelKind);
  check(what, "params", params, languageModelParamsKind);
  check(what, "symbols", symbols, valueKind);
  if (symbols.rank !== 1)
    throw new ShapeError(`${what}: symbols is a list, [tau], got ${formatShape(symbols.shape)}`);
  const tau = symbols.shape[0]!;
  const first = reshape(model.first(params), [1, model.vocabulary]);
  const seen = slice(symbols, 0, 0, Math.max(0, tau - 1));
  const logits =
    tau < 2
      ? slice(first, 0, 0, tau)
      : concat([first, model.apply(params, seen, chain([tau - 1])).logits], 0);
  return neg(crossEntropyPerRow(logits, symbols));
}

/**
 * The logarithm of a text's probability under the model, as the sum of its conditionals.
 *
 *     ln P(y(1), ..., y(tau)) = sum over t of ln P(y(t) | y(t-1), ..., y(1))          (10.31, 10.32)
 *
 * @param symbols one text, int32 [tau]
 * @returns a scalar, in nats; differentiable in the parameters
 * @throws ShapeError if the symbols are not a list
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.3, equations 10.31 to 10.33
 * @example
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16 });
 * logLikelihood(model, model.init(Key.of(1)), tensor([3, 1, 4], "int32")); // about -3 ln 65 before training
 */
export function logLikelihood(
  model: LanguageModel,
  params: Traceable<LanguageModelParams>,
  symbols: Value,
): Value {
  return sum(conditionals("logLikelihood", model, params, symbols));
}
