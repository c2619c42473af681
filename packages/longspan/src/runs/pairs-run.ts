import {
  check,
  checkSettings,
  flag,
  func,
  type KindsOf,
  optional,
  orNull,
  rate,
  size,
} from "../check/index.js";
import type { Predictor } from "../tasks/index.js";
import {
  type PairsModel,
  type PairsParams,
  type PairsPredictorOptions,
  type PairsVocabulary,
  pairsModel,
  pairsPredictor,
} from "../tasks/pairs/index.js";
import { pairsVocabularyKind } from "../tasks/pairs/pairs-vocabulary.js";
import { zeros } from "../tensor/index.js";
import { chain } from "../unfold/index.js";
import { cellKind, type OwnCellMaker, runCell } from "./cell-names.js";
import { entryOf, type RunSchema } from "./configuration.js";
import { knownSettings, type OpenedRun, type RunKind } from "./run-kind.js";
import { runLayers } from "./run-layers.js";
import { keptWeights, parsed, reading } from "./run-source.js";

/** What the settings of a run on pairs say of its model. */
export interface PairsModelSettings {
  /** One of `runCells` that is no layer, or the path of a module of yours, such as `./mine.mjs`. */
  readonly cell: string;
  /** Units of what writes, and of each layer that reads, in each direction. */
  readonly hidden: number;
  /** Layers that read. */
  readonly layers: number;
  /** Features per symbol. */
  readonly features: number;
  readonly dropout: number;
  readonly attention: boolean;
}

/** A run that makes texts of texts, opened for use. */
export interface OpenedPairsRun extends OpenedRun<PairsParams> {
  readonly kind: "pairs";
  readonly vocabulary: PairsVocabulary;
  readonly model: PairsModel;
  predictor(options?: PairsPredictorOptions): Predictor<string>;
}

const kinds: KindsOf<PairsModelSettings> = {
  cell: cellKind(),
  hidden: size,
  layers: size,
  features: size,
  dropout: rate,
  attention: flag,
};

/**
 * The model that the settings of a run on pairs ask for.
 *
 * @param own what the module exports that the setting `cell` names, where it names one
 * @throws TypeError if the cell is a layer, which cannot write
 * @example
 * const settings = { cell: "gru", hidden: 8, layers: 1, features: 4, dropout: 0, attention: true };
 * pairsRunModel(settings, pairsVocabulary([{ source: "ab", target: "b" }])).hasAttention; // true
 */
export function pairsRunModel(
  settings: PairsModelSettings,
  vocabulary: PairsVocabulary,
  own?: OwnCellMaker | null,
): PairsModel {
  const settled = checkSettings("pairsRunModel", settings, kinds);
  check("pairsRunModel", "vocabulary", vocabulary, pairsVocabularyKind);
  check("pairsRunModel", "own", own, optional(orNull(func)));
  const { cell, hidden, layers, features, dropout, attention } = settled;
  return pairsModel({
    vocabulary,
    features,
    hidden,
    layer: (input) => runLayers({ cell, hidden, layers, dropout, input, bidirectional: true }, own),
    cell(sizes) {
      const made = runCell(cell, sizes, own);
      if (made === null)
        throw new TypeError(
          `pairsRunModel: cell ${cell} is a layer and no cell, so that it cannot write; choose another`,
        );
      return made;
    },
    attention,
    dropout,
  });
}

const schema: RunSchema = {
  task: "pairs",
  settings: Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, entryOf(kind)])),
  complete: false,
};

/** Runs that make texts of texts. */
export const pairsRun: RunKind<OpenedPairsRun> = {
  schema,
  encoding: { name: "vocabulary", ...entryOf(pairsVocabularyKind) },
  open(config, source, { cell }) {
    const vocabulary = reading(source, "vocabulary", (bytes) => {
      const stored = parsed(bytes);
      if (!pairsVocabularyKind.accepts(stored)) throw new TypeError(`expected ${pairsVocabularyKind.words}`);
      return stored as PairsVocabulary;
    });
    const model = pairsRunModel(knownSettings<PairsModelSettings>(config, schema), vocabulary, cell);
    const kept = keptWeights(source, { init: (key) => model.net.init(key) });
    const predictor = (options?: PairsPredictorOptions) => pairsPredictor(model, kept.params, options);
    const drawn = (steps: number) => {
      const [x, structure] = [zeros([steps], "int32"), chain([steps])];
      const target = { x, structure: structure.withSets({ source: structure }) };
      return { model: model.net, arguments: [{ x, structure }, target] };
    };
    return { kind: "pairs", config, vocabulary, model, ...kept, drawn, predictor };
  },
};
