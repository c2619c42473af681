import { check, checkSettings, count, func, type KindsOf, numbers, optional } from "../check/index.js";
import type { Key, Tensor, Traceable } from "../tensor/index.js";
import { keyKind, treeKind } from "../tensor/kinds.js";
import { languageModelKind } from "./kinds.js";
import type { LanguageModel } from "./language-model.js";
import {
  distributionOf,
  drawSymbol,
  excluded,
  type SamplingSettings,
  samplingKinds,
} from "./sampling-distribution.js";

/** How a text is drawn. */
export interface SamplingOptions extends SamplingSettings {
  /** The key of the draws: symbol i is drawn with stream i of it. */
  readonly key: Key;
  /** Symbols to draw. */
  readonly length: number;
  /** Symbols that the text begins with; they are read, not drawn, and not given back. None by default. */
  readonly prompt?: ArrayLike<number>;
  /**
   * How a symbol is read: gives the logits of the one that follows, before it is asked again. By default the model's own stream; another
   * one may be stepped together with others, see `streamPool`.
   */
  readonly step?: (symbol: number) => ArrayLike<number> | Promise<ArrayLike<number>>;
}

/**
 * Draws a text from a language model, symbol by symbol: each is drawn given all before it, and then read.
 *
 *     y(t) ~ softmax(o(t-1) / temperature), or less of it: see `samplingDistribution`
 *
 * With no settings, a text comes up with the probability that `logLikelihood` gives it. Each draw inverts the distribution function
 * at a uniform number that depends on the key and on the symbol's place only: the same key gives the same text, and a
 * shorter text is the beginning of a longer one. The state is carried along in a stream (`SequenceLayer.stream`), so a symbol
 * costs one step.
 *
 * @param params are not changed
 * @returns the symbols one by one; asynchronous, so that other work gets its turn between them
 * @throws RangeError if a setting is impossible or the length is not a non-negative integer
 * @throws Error if the model's logits are not finite
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.3 (sampling from the conditional at each step) and 16.3 (ancestral sampling)
 * @example
 * const vocabulary = characterVocabulary("to be or not to be");
 * const model = languageModel({ vocabulary: vocabulary.size, features: 8, hidden: 16 });
 * const params = model.init(Key.of(1));
 * for await (const symbol of sampleSymbols(model, params, { key: Key.of(2), length: 20 }))
 *   console.log(vocabulary.decode([symbol]));
 */
export async function* sampleSymbols<P, S>(
  model: LanguageModel<P, S>,
  params: P,
  options: SamplingOptions,
): AsyncGenerator<number, void, undefined> {
  check("sampleSymbols", "model", model, languageModelKind);
  check("sampleSymbols", "params", params, treeKind);
  const { key, length, prompt = [], step, ...settings } = checkSettings("sampleSymbols", options, kinds);
  excluded("sampleSymbols", settings, model.vocabulary);
  const stream = step === undefined ? model.stream(params) : null;
  const next = step ?? ((symbol: number) => stream!.step(symbol));
  try {
    let logits: ArrayLike<number> = await (model.first(params as Traceable<P>) as Tensor).data();
    let read = prompt;
    for (let i = 0; i < length; i++) {
      for (let k = 0; k < read.length; k++) logits = await next(read[k]!);
      const drawn = drawSymbol(distributionOf("sampling", logits, settings), key.fold(i));
      yield drawn;
      read = [drawn];
    }
  } finally {
    stream?.dispose();
  }
}

const kinds: KindsOf<SamplingOptions> = {
  ...samplingKinds,
  key: keyKind,
  length: count,
  prompt: optional(numbers),
  step: optional(func),
};
