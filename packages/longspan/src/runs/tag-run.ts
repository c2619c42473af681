import {
  check,
  checkSettings,
  flag,
  func,
  isRecord,
  type KindsOf,
  kind,
  listOf,
  oneOf,
  optional,
  orNull,
  rate,
  size,
  text,
} from "../check/index.js";
import type { Predictor } from "../tasks/index.js";
import {
  type SequenceTagger,
  type SequenceTaggerParams,
  type SpanMode,
  type SpanScheme,
  sequenceTagger,
  type TaggingVocabulary,
  taggingPredictor,
} from "../tasks/tagging/index.js";
import { cellKind, type OwnCellMaker } from "./cell-names.js";
import { entryOf, type RunSchema } from "./configuration.js";
import { knownSettings, type OpenedRun, type RunKind } from "./run-kind.js";
import { runLayers } from "./run-layers.js";
import { keptWeights, parsed, reading } from "./run-source.js";

/** What the settings of a run on tags say of its model. */
export interface TagModelSettings {
  /** One of `runCells`, or the path of a module of yours, such as `./mine.mjs`. */
  readonly cell: string;
  /** Units of each layer; in each direction, where there are two. */
  readonly hidden: number;
  readonly layers: number;
  /** Features per word. */
  readonly features: number;
  /** Units of the net that reads the characters of a word, in each direction; null where words are known as wholes only. */
  readonly characters: number | null;
  readonly dropout: number;
  readonly bidirectional: boolean;
}

/** What a run on tags knows, and how its tags write spans: what vocabulary.json holds. */
export interface TagEncoding extends TaggingVocabulary {
  /** Null where tags are no spans, such as parts of speech. */
  readonly scheme: SpanScheme | null;
  readonly mode: SpanMode;
}

/** A run that gives tags to tokens, opened for use. */
export interface OpenedTagRun extends OpenedRun<SequenceTaggerParams> {
  readonly kind: "tag";
  readonly encoding: TagEncoding;
  readonly model: SequenceTagger;
  predictor(): Predictor<readonly string[]>;
}

const kinds: KindsOf<TagModelSettings> = {
  cell: cellKind(),
  hidden: size,
  layers: size,
  features: size,
  characters: orNull(size),
  dropout: rate,
  bidirectional: flag,
};

const texts = listOf(text, "a list of texts");
const scheme = orNull(oneOf("IOB1", "IOB2", "IOBES", "BILOU"));
const mode = oneOf("conll", "strict");
const encodingKind = kind(
  "what a run on tags knows: { words, characters, tags, scheme, mode }",
  (value) =>
    isRecord(value) &&
    [value.words, value.characters, value.tags].every((names) => texts.accepts(names)) &&
    scheme.accepts(value.scheme) &&
    mode.accepts(value.mode),
);

/** Features of a character: enough to tell letters apart. */
const characterFeatures = 24;

/**
 * The tagger that the settings of a run ask for.
 *
 * @param own what the module exports that the setting `cell` names, where it names one
 * @example
 * const settings = { cell: "gru", hidden: 8, layers: 1, features: 4, characters: null, dropout: 0, bidirectional: true };
 * const known = taggingVocabulary([{ tokens: ["a"], tags: ["X"] }]);
 * tagRunModel(settings, { ...known, scheme: null, mode: "conll" }).vocabulary.tags; // ["X"]
 */
export function tagRunModel(
  settings: TagModelSettings,
  encoding: TagEncoding,
  own?: OwnCellMaker | null,
): SequenceTagger {
  const { features, characters, dropout, ...net } = checkSettings("tagRunModel", settings, kinds);
  check("tagRunModel", "encoding", encoding, encodingKind);
  check("tagRunModel", "own", own, optional(orNull(func)));
  const { words, characters: letters, tags } = encoding;
  return sequenceTagger({
    vocabulary: { words, characters: letters, tags },
    features,
    ...(characters === null ? {} : { characters: { features: characterFeatures, hidden: characters } }),
    layer: (input) => runLayers({ ...net, dropout, input }, own),
    dropout,
  });
}

const schema: RunSchema = {
  task: "tag",
  settings: Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, entryOf(kind)])),
  complete: false,
};

/** Runs that give tags to tokens. */
export const tagRun: RunKind<OpenedTagRun> = {
  schema,
  encoding: { name: "encoding", ...entryOf(encodingKind) },
  open(config, source, { cell }) {
    const encoding = reading(source, "vocabulary", (bytes) => {
      const stored = parsed(bytes);
      if (!encodingKind.accepts(stored)) throw new TypeError(`expected ${encodingKind.words}`);
      return stored as TagEncoding;
    });
    const settings = knownSettings<TagModelSettings>(config, schema);
    const model = tagRunModel(settings, encoding, cell);
    const kept = keptWeights(source, model);
    const { features, characters, ...layers } = settings;
    const layer = runLayers({ ...layers, input: features + 2 * (characters ?? 0) }, cell);
    const net = { model: layer, params: kept.params.layer };
    const predictor = () =>
      taggingPredictor(model, kept.params, { scheme: encoding.scheme, mode: encoding.mode });
    return { kind: "tag", config, encoding, model, ...kept, net, predictor };
  },
};
