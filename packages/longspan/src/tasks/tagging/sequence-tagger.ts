import {
  check,
  checkSettings,
  func,
  isRecord,
  kind,
  optional,
  rate,
  record,
  size,
} from "../../check/index.js";
import {
  type AnySequenceLayer,
  type BothDirections,
  bidirectional,
  dropoutOver,
  type EmbeddingParams,
  embedding,
  gru,
  type LinearParams,
  linear,
  type Module,
  type SequenceOptions,
} from "../../nn/index.js";
import { layerKind } from "../../nn/layers/kinds.js";
import { concat, gather } from "../../ops/index.js";
import { fromArray, type Traceable, type Value } from "../../tensor/index.js";
import type { Structure } from "../../unfold/index.js";
import { TaggingNumbers, type TaggingVocabulary, vocabularyKinds } from "./tagging-vocabulary.js";

/** Settings of `sequenceTagger`. */
export interface SequenceTaggerConfig {
  readonly vocabulary: TaggingVocabulary;
  /** Features per word. */
  readonly features: number;
  /** A net that reads the characters of each word: features of a character, and units in each direction. By default words are known as wholes only. */
  readonly characters?: { readonly features: number; readonly hidden: number };
  /** Makes what reads the sentences, of the features of a token: `(input) => bidirectional(lstm({ input, hidden: 64 }), lstm({ input, hidden: 64 }))`. */
  readonly layer: (input: number) => AnySequenceLayer;
  /** Dropout on what the layer reads and on what it gives: a rate in [0, 1); 0 by default. */
  readonly dropout?: number;
}

/** Parameters of a sequence tagger; `characters` only where it reads them. */
export interface SequenceTaggerParams {
  readonly words: EmbeddingParams;
  readonly characters?: { readonly symbols: EmbeddingParams; readonly net: BothDirections<object, object> };
  readonly layer: object;
  readonly readout: LinearParams;
}

/** Sentences, packed for a tagger. */
export interface PackedTokens {
  /** Of the words, in the rows of the structure. */
  readonly words: Int32Array;
  readonly structure: Structure;
  /** Each word that is there, once, and which each token is; null where characters are not read. */
  readonly different: {
    readonly characters: Int32Array;
    readonly structure: Structure;
    readonly of: Int32Array;
  } | null;
}

/** A model that gives a tag to each token: its output is the logits, [tokens, tags], in the rows of the structure. */
export interface SequenceTagger
  extends Module<SequenceTaggerParams, [tokens: PackedTokens, options?: TaggerOptions], Value> {
  readonly vocabulary: TaggingVocabulary;
  readonly numbers: TaggingNumbers;
  readonly readsCharacters: boolean;
  /** What the layer reads of each token, [tokens, features]: its embedding, and what its characters say. */
  embed(params: Traceable<SequenceTaggerParams>, tokens: PackedTokens, options?: TaggerOptions): Value;
}

/** How a tagger is run. */
export type TaggerOptions = Pick<SequenceOptions<unknown>, "key" | "backward">;

/**
 * A net that reads a sentence and gives each token a tag.
 *
 *     x(t) = [E(word t), net(characters of word t)]
 *     h(t) = layer(x(t)),   P(tag t) = softmax(c + V h(t))
 *
 * The net of characters is a bidirectional GRU; its last states in both directions stand for the word. It runs once for each different word of
 * a batch. Words that the vocabulary lacks are told by their characters alone.
 *
 * @throws RangeError if a size is not a positive integer or the rate is not in [0, 1)
 * @see Ling et al. (2015), "Finding function in form"; Plank, Søgaard, Goldberg (2016)
 * @example
 * const vocabulary = taggingVocabulary([{ tokens: ["the", "sea"], tags: ["DET", "NOUN"] }], { minCount: 1 });
 * const model = sequenceTagger({
 *   vocabulary,
 *   features: 8,
 *   characters: { features: 4, hidden: 4 },
 *   layer: (input) => bidirectional(lstm({ input, hidden: 8 }), lstm({ input, hidden: 8 })),
 * });
 * const predictor = taggingPredictor(model, model.init(Key.of(1)));
 * await predictor.predict([predictor.read("the sea")]); // [{ tokens: ["the", "sea"], tags: [..., ...] }]
 */
export function sequenceTagger(config: SequenceTaggerConfig): SequenceTagger {
  const what = "sequenceTagger";
  const { vocabulary, features, characters, layer: make, dropout = 0 } = checkSettings(what, config, kinds);
  checkSettings(`${what}: vocabulary`, vocabulary, vocabularyKinds);
  const words = embedding({ vocabulary: vocabulary.words.length + 1, features });
  const spelling = characters
    ? {
        symbols: embedding({ vocabulary: vocabulary.characters.length + 1, features: characters.features }),
        net: bidirectional(
          gru({ input: characters.features, hidden: characters.hidden }),
          gru({ input: characters.features, hidden: characters.hidden }),
        ),
      }
    : null;
  const layer = make(features + 2 * (characters?.hidden ?? 0));
  check(what, "what layer made", layer, layerKind);
  const width = layer.features;
  check(what, "the features of what layer made", width, size);
  const readout = linear({ input: width!, output: Math.max(1, vocabulary.tags.length) });
  return {
    vocabulary,
    numbers: new TaggingNumbers(vocabulary),
    readsCharacters: spelling !== null,
    init: (key, dtype = "float32") => ({
      words: words.init(key.fold(0), dtype),
      ...(spelling
        ? {
            characters: {
              symbols: spelling.symbols.init(key.fold(1), dtype),
              net: spelling.net.init(key.fold(2), dtype),
            },
          }
        : {}),
      layer: layer.init(key.fold(3), dtype) as object,
      readout: readout.init(key.fold(4), dtype),
    }),
    embed,
    apply(params, tokens, options = {}) {
      const { structure } = tokens;
      const { key = null, backward } = options;
      const more = backward ? { backward } : {};
      const x = embed(params, tokens, more);
      const { output } = layer.apply(
        params.layer as never,
        dropoutOver(structure, x, dropout, key?.fold(0) ?? null),
        structure,
        { key: key?.fold(1) ?? null, ...more },
      );
      const read = dropoutOver(structure, output, dropout, key?.fold(2) ?? null);
      return readout.apply(params.readout, read);
    },
  };

  function embed(
    params: Traceable<SequenceTaggerParams>,
    { words: numbers, different }: PackedTokens,
    { backward }: TaggerOptions = {},
  ): Value {
    const known = words.apply(params.words, symbols(numbers));
    if (!spelling || !different) return known;
    return concat([known, spelt(params.characters!, different, backward ? { backward } : {})]);
  }

  /** What the characters of each token's word say, [tokens, 2 hidden]. */
  function spelt(
    params: Traceable<NonNullable<SequenceTaggerParams["characters"]>>,
    { characters, structure, of }: NonNullable<PackedTokens["different"]>,
    options: Pick<TaggerOptions, "backward">,
  ): Value {
    const { symbols: table, net } = spelling!;
    const x = table.apply(params.symbols, symbols(characters));
    const { final } = net.apply(params.net as never, x, structure, options);
    return gather(concat([final.forward.h, final.backward.h]), symbols(of));
  }
}

function symbols(numbers: Int32Array): Value {
  return fromArray(numbers, [numbers.length], "int32");
}

const kinds = {
  vocabulary: record,
  features: size,
  characters: optional(
    kind(
      "a record { features, hidden } of positive integers",
      (value) => isRecord(value) && size.accepts(value.features) && size.accepts(value.hidden),
    ),
  ),
  layer: func,
  dropout: optional(rate),
};
