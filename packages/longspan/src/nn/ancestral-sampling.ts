import { fromArray, type Key, keep, leaves, scope, type Tensor, type Value } from "../tensor/index.js";
import { chain, type Structure } from "../unfold/index.js";
import type { LanguageModel, LanguageModelParams, LanguageModelState } from "./language-model.js";
import {
  checkSamplingSettings,
  type SamplingSettings,
  samplingDistribution,
} from "./sampling-distribution.js";

/** How a text is drawn. */
export interface SamplingOptions extends SamplingSettings {
  /** The key of the draws: symbol i is drawn with stream i of it. */
  readonly key: Key;
  /** Symbols to draw. */
  readonly length: number;
  /** Symbols that the text begins with; they are read, not drawn, and not given back. None unless given. */
  readonly prompt?: ArrayLike<number>;
}

/**
 * Draws a text from a language model, symbol by symbol: each is drawn given all before it, and then read.
 *
 *     y(t) ~ softmax(o(t-1) / temperature), or less of it: see `samplingDistribution`
 *
 * With no settings, a text comes up with the probability that `logLikelihood` gives it. Each draw inverts the distribution function
 * at a uniform number that depends on the key and on the symbol's place only: the same key gives the same text, and a
 * shorter text is the beginning of a longer one. The state is carried along, so a symbol costs one step.
 *
 * @param params are not changed and must live until the last symbol is drawn.
 * @returns the symbols one by one; asynchronous, since the logits are read back at each step.
 * @throws RangeError if a setting is impossible or the length is not a non-negative integer
 * @throws Error if the model's logits are not finite
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.3 (sampling from the conditional at each step) and 16.3 (ancestral sampling)
 * @example
 * const vocabulary = characterVocabulary("to be or not to be");
 * const model = languageModel({ vocabulary: vocabulary.size, embed: 8, hidden: 16 });
 * const params = model.init(Key.of(1));
 * for await (const symbol of sampleSymbols(model, params, { key: Key.of(2), length: 20 }))
 *   console.log(vocabulary.decode([symbol]));
 */
export async function* sampleSymbols(
  model: LanguageModel,
  params: LanguageModelParams,
  { key, length, prompt = [], ...settings }: SamplingOptions,
): AsyncGenerator<number, void, undefined> {
  checkSamplingSettings(settings, model.vocabulary);
  if (!Number.isInteger(length) || length < 0)
    throw new RangeError(`sampleSymbols: the length is a non-negative integer, got ${length}`);
  let state: LanguageModelState | null = null;
  try {
    let logits: Value = model.first(params);
    let read: ArrayLike<number> = prompt;
    // Schedules are kept per structure.
    const one = chain([1]);
    for (let i = 0; i < length; i++) {
      if (read.length > 0) {
        const structure = read.length === 1 ? one : chain([read.length]);
        const next = step(model, params, read, structure, state);
        release(state);
        state = next.final;
        logits = next.logits;
      }
      const values = await (logits as Tensor).data();
      if (state !== null) release(logits);
      const drawn = draw(samplingDistribution(values, settings), uniformNumber(key.fold(i)));
      yield drawn;
      read = [drawn];
    }
  } finally {
    release(state);
  }
}

function step(
  model: LanguageModel,
  params: LanguageModelParams,
  symbols: ArrayLike<number>,
  structure: Structure,
  initial: LanguageModelState | null,
): { final: LanguageModelState; logits: Value } {
  const n = symbols.length;
  return keep(
    scope(() => {
      const ids = fromArray(symbols, [n], "int32");
      const { logits, final } = model.apply(params, ids, structure, initial ? { initial } : {});
      return { final, logits: (logits as Tensor).view([model.vocabulary], (n - 1) * model.vocabulary) };
    }),
  );
}

function release(tree: unknown): void {
  for (const v of leaves(tree)) (v as Tensor).dispose();
}

/** A number in [0, 1) of 53 bits. */
function uniformNumber({ words: [a, b] }: Key): number {
  return ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53;
}

/** The symbol at which the distribution function passes u. */
function draw(distribution: Float64Array, u: number): number {
  let rest = u;
  let last = 0;
  for (let i = 0; i < distribution.length; i++) {
    const p = distribution[i]!;
    if (p === 0) continue;
    rest -= p;
    if (rest < 0) return i;
    last = i;
  }
  // Rounding may leave a crumb; a symbol of probability 0 is never drawn.
  return last;
}
