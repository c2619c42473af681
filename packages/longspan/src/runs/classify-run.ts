import {
  check,
  checkSettings,
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
import {
  classPredictor,
  type EncodedSequence,
  type SequenceClassifier,
  type SequenceClassifierParams,
  type SequenceEncoding,
  type SequenceReading,
  sequenceClassifier,
  symbolsOf,
} from "../tasks/classification/index.js";
import type { Predictor } from "../tasks/index.js";
import { cellKind, type OwnCellMaker } from "./cell-names.js";
import { encodingKind } from "./classify-encoding.js";
import { entryOf, type RunSchema } from "./configuration.js";
import { knownSettings, type OpenedRun, type RunKind } from "./run-kind.js";
import { runLayers } from "./run-layers.js";
import { keptWeights, storedEncoding } from "./run-source.js";

/** What the settings of a run on classes say of its model. */
export interface ClassifyModelSettings {
  /** One of `runCells`, or the path of a module of yours, such as `./mine.mjs`. */
  readonly cell: string;
  /** Units of each layer; in each direction, where there are two. */
  readonly hidden: number;
  readonly layers: number;
  /** Features per symbol, where sequences are texts. */
  readonly features: number;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly read: SequenceReading;
}

/** What puts the sequences of a run into numbers, and names its classes: what vocabulary.json holds. */
export interface ClassifyEncoding {
  readonly labels: readonly string[];
  readonly input: SequenceEncoding;
}

/** A run that says which class sequences are of, opened for use. */
export interface OpenedClassifyRun extends OpenedRun<SequenceClassifierParams<unknown>> {
  readonly kind: "classify";
  readonly encoding: ClassifyEncoding;
  readonly model: SequenceClassifier<SequenceClassifierParams<unknown>>;
  predictor(): Predictor<EncodedSequence>;
}

const kinds: KindsOf<ClassifyModelSettings> = {
  cell: cellKind(),
  hidden: size,
  layers: size,
  features: size,
  dropout: rate,
  bidirectional: flag,
  read: oneOf("mean", "last"),
};

/**
 * The classifier that the settings of a run ask for.
 *
 * @param own what the module exports that the setting `cell` names, where it names one
 * @example
 * const settings = { cell: "gru", hidden: 8, layers: 1, features: 4, dropout: 0, bidirectional: false, read: "mean" } as const;
 * const input = { kind: "text", level: "byte", symbols: [], column: "text" } as const;
 * const model = classifyRunModel(settings, { labels: ["no", "yes"], input });
 * model.classes; // 2
 */
export function classifyRunModel(
  settings: ClassifyModelSettings,
  encoding: ClassifyEncoding,
  own?: OwnCellMaker | null,
): SequenceClassifier<SequenceClassifierParams<unknown>> {
  const { features, dropout, read, ...net } = checkSettings("classifyRunModel", settings, kinds);
  check("classifyRunModel", "encoding", encoding, encodingKind);
  check("classifyRunModel", "own", own, optional(orNull(func)));
  const { labels, input } = encoding;
  const layer = runLayers({ ...net, dropout, input: widthOf(input, features) }, own);
  return sequenceClassifier({
    layer,
    features: layer.features!,
    classes: labels.length,
    ...(input.kind === "text" ? { symbols: { vocabulary: symbolsOf(input), features } } : {}),
    read,
    dropout,
  });
}

/** Features of what the first layer reads. */
function widthOf(input: SequenceEncoding, features: number): number {
  return input.kind === "text" ? features : input.columns.length;
}

const schema: RunSchema = {
  task: "classify",
  settings: Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, entryOf(kind)])),
  complete: false,
};

/** Runs that say which class sequences are of. */
export const classifyRun: RunKind<OpenedClassifyRun> = {
  schema,
  encoding: { name: "encoding", ...entryOf(encodingKind) },
  open(config, source, { cell }) {
    const encoding = storedEncoding(source, encodingFrom);
    const settings = knownSettings<ClassifyModelSettings>(config, schema);
    const model = classifyRunModel(settings, encoding, cell);
    const kept = keptWeights(source, model);
    const { features, read: _, ...layers } = settings;
    const layer = runLayers({ ...layers, input: widthOf(encoding.input, features) }, cell);
    const net = { model: layer, params: kept.params.layer };
    const predictor = () => classPredictor(model, kept.params, encoding);
    return { kind: "classify", config, encoding, model, ...kept, net, predictor };
  },
};

function encodingFrom(stored: unknown): ClassifyEncoding {
  if (!encodingKind.accepts(stored))
    throw new TypeError(`expected ${encodingKind.words}${isRecord(stored) ? "" : ", and it is no record"}`);
  return stored as ClassifyEncoding;
}
