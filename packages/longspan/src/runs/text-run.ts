import {
  check,
  checkSettings,
  finitePositive,
  flag,
  func,
  isRecord,
  type KindsOf,
  oneOf,
  optional,
  orNull,
  rate,
  size,
} from "../check/index.js";
import { storedVocabulary, type Vocabulary, vocabularyFrom } from "../data/index.js";
import { vocabularyKind } from "../data/kinds.js";
import {
  type AnySequenceLayer,
  type LanguageModel,
  type LanguageModelLayerSizes,
  type LanguageModelParams,
  languageModel,
  mingru,
  recurrent,
  rnn,
  sutskeverStart,
} from "../nn/index.js";
import { tanh } from "../ops/index.js";
import type { Predictor } from "../tasks/index.js";
import { type TextPredictorOptions, textPredictor } from "../tasks/text/index.js";
import { cellKind, type OwnCellMaker, runLayer } from "./cell-names.js";
import { entryOf, type RunSchema } from "./configuration.js";
import { knownSettings, type OpenedRun, type OpenOptions, type RunKind } from "./run-kind.js";
import { keptWeights, parsed, reading } from "./run-source.js";

/** What the settings of a run on a text say of its model. */
export interface TextModelSettings {
  /** One of `runCells`, or the path of a module of yours, such as `./mine.mjs`. */
  readonly cell: string;
  /** Units of each layer. */
  readonly hidden: number;
  readonly layers: number;
  /** Features per symbol. */
  readonly features: number;
  readonly dropout: number;
  /** Symbols that the first recurrent layer reads at once; 1 by default. */
  readonly window?: number;
  /** Adds a layer's input to its output wherever the two have the same width; false by default. */
  readonly residual?: boolean;
  /** What squashes the candidate of a mingru; none by default. */
  readonly squash?: "none" | "tanh";
  /** How an rnn starts: as its cell does (the default), or as in Sutskever et al. (2013). */
  readonly start?: "cell" | "sparse-2013";
  /** Of the start of 2013: the spectral radius of the recurrent weights; 1.1 by default. */
  readonly radius?: number;
  /** Of the start of 2013: the standard deviation of the input weights; 0.001 by default. */
  readonly inputScale?: number;
}

/** A run on a text, opened for use. */
export interface OpenedTextRun extends OpenedRun<LanguageModelParams> {
  readonly kind: "text";
  readonly vocabulary: Vocabulary;
  readonly model: LanguageModel;
  /** Says how probable texts are, and what comes next. */
  predictor(options?: TextPredictorOptions): Predictor<Int32Array>;
}

const start = oneOf("cell", "sparse-2013");
const squashes = oneOf("none", "tanh");

const kinds: KindsOf<TextModelSettings> = {
  cell: cellKind(),
  hidden: size,
  layers: size,
  features: size,
  dropout: rate,
  window: optional(size),
  residual: optional(flag),
  squash: optional(squashes),
  start: optional(start),
  radius: optional(finitePositive),
  inputScale: optional(finitePositive),
};

/**
 * The language model that the settings of a run on a text ask for.
 *
 * @param vocabulary number of symbols
 * @param own what the module exports that the setting `cell` names, where it names one
 * @example
 * const model = textRunModel({ cell: "gru-reset-after", hidden: 8, layers: 1, features: 4, dropout: 0 }, 65);
 * model.init(Key.of(1)).readout.W.shape; // [8, 65]
 */
export function textRunModel(
  settings: TextModelSettings,
  vocabulary: number,
  own?: OwnCellMaker | null,
): LanguageModel {
  const settled = checkSettings("textRunModel", settings, kinds);
  check("textRunModel", "vocabulary", vocabulary, size);
  check("textRunModel", "own", own, optional(orNull(func)));
  const { hidden, layers, features, dropout, window = 1, residual = false } = settled;
  return languageModel({
    hidden,
    layers,
    features,
    dropout,
    // One layer of another width than the embedding has nothing to be added to.
    residual: residual && (layers > 1 || window > 1 || features === hidden),
    window,
    vocabulary,
    cell: (sizes) => layerOf(settled, sizes, own),
  });
}

/** A recurrent layer of these sizes. */
function layerOf(
  { cell, start, squash, radius, inputScale }: TextModelSettings,
  { input, hidden }: LanguageModelLayerSizes,
  own?: OwnCellMaker | null,
): AnySequenceLayer {
  if (start === "sparse-2013") {
    const sparse = {
      ...(radius === undefined ? {} : { radius }),
      ...(inputScale === undefined ? {} : { inputScale }),
    };
    return recurrent(
      rnn({ input, hidden, ...sutskeverStart({ input, hidden, ...sparse }) }),
    ) as AnySequenceLayer;
  }
  if (cell === "mingru" && squash === "tanh")
    return recurrent(mingru({ input, hidden, squash: tanh })) as AnySequenceLayer;
  return runLayer(cell, { input, hidden }, own);
}

const schema: RunSchema = {
  task: "text",
  settings: {
    cell: entryOf(kinds.cell),
    hidden: entryOf(size),
    layers: entryOf(size),
    features: entryOf(size),
    dropout: entryOf(rate),
    window: entryOf(size, 1),
    residual: entryOf(flag, false),
    squash: entryOf(squashes, "none"),
    start: entryOf(start, "cell"),
    radius: entryOf(finitePositive, 1.1),
    inputScale: entryOf(finitePositive, 0.001),
  },
  complete: false,
};

/** Runs on texts: language models. */
export const textRun: RunKind<OpenedTextRun> = {
  schema,
  encoding: { name: "vocabulary", ...entryOf(vocabularyKind), stored: storedVocabulary },
  open(config, source, { cell, tokenizer }) {
    const vocabulary = reading(source, "vocabulary", (bytes) => vocabularyOf(parsed(bytes), tokenizer));
    const settings = knownSettings<TextModelSettings>(config, schema);
    const model = textRunModel(settings, vocabulary.size, cell);
    // The form of parameters is that of any start, and the others take the eigenvalues of a large matrix.
    const template = textRunModel({ ...settings, start: "cell" }, vocabulary.size, cell);
    const kept = keptWeights(source, template);
    const predictor = (options?: TextPredictorOptions) =>
      textPredictor(model, kept.params, vocabulary, options);
    return { kind: "text", config, vocabulary, model, ...kept, predictor };
  },
};

function vocabularyOf(stored: unknown, tokenizer: OpenOptions["tokenizer"]): Vocabulary {
  const isCut = isRecord(stored) && stored.level === "subword";
  return vocabularyFrom(stored, isCut ? tokenizer?.(stored.tokenizer) : undefined);
}
