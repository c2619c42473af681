import { check, checkSettings, flag, func, isRecord, kind, optional, rate, size } from "../../check/index.js";
import {
  type AnyCell,
  type AnySequenceLayer,
  additiveAddressing,
  type EncoderDecoder,
  type EncoderDecoderParams,
  embedding,
  encoderDecoder,
  stacked,
} from "../../nn/index.js";
import { layerKind } from "../../nn/layers/kinds.js";
import { lastPerSequence } from "../classification/per-sequence.js";
import { end, type PairsVocabulary, pairsVocabularyKind, SideNumbers } from "./pairs-vocabulary.js";

/** Settings of `pairsModel`. */
export interface PairsModelConfig {
  readonly vocabulary: PairsVocabulary;
  /** Features per symbol. */
  readonly features: number;
  /** Units of what writes, and of the net that says where it looks. */
  readonly hidden: number;
  /** Makes what reads the sources, of the features of a symbol: `(input) => bidirectional(gru({ input, hidden: 64 }), gru({ input, hidden: 64 }))`. */
  readonly layer: (input: number) => AnySequenceLayer;
  /** What makes the cell that writes, of { input, hidden }, such as `gru`. */
  readonly cell: (sizes: { readonly input: number; readonly hidden: number }) => AnyCell;
  /** Whether it looks at all of the source while it writes. It does by default; otherwise it has the last of what was read, at every step. */
  readonly attention?: boolean;
  /** Dropout on what the reader reads: a rate in [0, 1); 0 by default. */
  readonly dropout?: number;
}

/** Parameters of a model of pairs. */
export type PairsParams = EncoderDecoderParams<PairsParts, PairsParts, PairsParts>;

/** A model that makes one text of another. */
export interface PairsModel {
  readonly vocabulary: PairsVocabulary;
  readonly net: EncoderDecoder<PairsParts, PairsParts, PairsParts>;
  readonly hasAttention: boolean;
  readonly source: SideNumbers;
  readonly target: SideNumbers;
}

/** Parameters of a part, whatever its form. */
export type PairsParts = Readonly<Record<string, never>>;

/**
 * An encoder-decoder over the symbols of texts: one net reads the source, another writes the target, and looks at the source while it does
 * (Bahdanau et al. 2015). What was read last, in either direction, begins what writes: tanh(W C + b).
 *
 * @throws TypeError if the layer gives rows of no fixed width
 * @see `encoderDecoder`, whose parts these are
 * @example
 * const vocabulary = pairsVocabulary([{ source: "ab", target: "ba" }]);
 * const layer = (input: number) => bidirectional(gru({ input, hidden: 8 }), gru({ input, hidden: 8 })) as AnySequenceLayer;
 * const model = pairsModel({ vocabulary, features: 4, hidden: 8, layer, cell: gru as never });
 * model.net.features; // 5: begin, end, unknown, a and b
 */
export function pairsModel(config: PairsModelConfig): PairsModel {
  const what = "pairsModel";
  const settled = checkSettings(what, config, kinds);
  const { vocabulary, features, hidden, layer: make, cell, attention = true, dropout = 0 } = settled;
  const [source, target] = [new SideNumbers(vocabulary.source), new SideNumbers(vocabulary.target)];
  const layer = make(features);
  check(what, "what layer made", layer, layerKind);
  const width = layer.features;
  check(what, "the features of what layer made", width, size);
  const encoder = stacked([embedding({ vocabulary: source.size, features }), layer], { dropout });
  const net = encoderDecoder({
    encoder: encoder as never,
    cell: cell as never,
    hidden,
    reads: embedding({ vocabulary: target.size, features }) as never,
    output: target.size,
    context: {
      features: width!,
      of: ({ output, structure }) => lastPerSequence(structure, output, layer.forward),
    },
    ...(attention
      ? { attention: { addressing: additiveAddressing({ size: hidden }) } }
      : { everyStep: true }),
  });
  return {
    vocabulary,
    net: net as unknown as PairsModel["net"],
    hasAttention: attention,
    source,
    target,
  };
}

const kinds = {
  vocabulary: pairsVocabularyKind,
  features: size,
  hidden: size,
  layer: func,
  cell: func,
  attention: optional(flag),
  dropout: optional(rate),
};

/** The symbols of a source, and its end: no source is empty. */
export function sourceSymbols({ source }: Pick<PairsModel, "source">, text: string): number[] {
  return [...source.read(text), end];
}

export const pairsModelKind = kind(
  "a model of pairs, made by pairsModel({ vocabulary, features, hidden, layer, cell })",
  (value) => isRecord(value) && isRecord(value.net) && isRecord(value.vocabulary),
);
