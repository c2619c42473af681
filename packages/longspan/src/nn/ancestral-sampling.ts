import { fromArray, type Key, keep, leaves, scope, type Tensor, type Value } from "../tensor/index.js";
import { chain, type Structure } from "../unfold/index.js";
import type { LanguageModel, LanguageModelParams, LanguageModelState } from "./language-model.js";

/** How a text is drawn. */
export interface SamplingOptions {
  /** The key of the draws: symbol i is drawn with stream i of it. */
  readonly key: Key;
  /** Symbols to draw. */
  readonly length: number;
  /** Divides the logits: below 1 favours what is probable, 0 takes the most probable. 1, the model itself, unless given. */
  readonly temperature?: number;
  /** Symbols that the text begins with; they are read, not drawn, and not given back. None unless given. */
  readonly prompt?: ArrayLike<number>;
}

/**
 * Draws a text from a language model, symbol by symbol: each is drawn given all before it, and then read.
 *
 *     y(t) ~ softmax(o(t-1) / temperature)
 *
 * At temperature 1 a text comes up with the probability that `logLikelihood` gives it. Each draw inverts the distribution function
 * at a uniform number that depends on the key and on the symbol's place only: the same key gives the same text, and a
 * shorter text is the beginning of a longer one. The state is carried along, so a symbol costs one step.
 *
 * @param params are not changed and must live until the last symbol is drawn.
 * @returns the symbols one by one; asynchronous, since the logits are read back at each step.
 * @throws RangeError if the temperature is negative or the length is not a non-negative integer
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
  { key, length, temperature = 1, prompt = [] }: SamplingOptions,
): AsyncGenerator<number, void, undefined> {
  if (!(temperature >= 0 && temperature < Number.POSITIVE_INFINITY))
    throw new RangeError(`sampleSymbols: the temperature is a number of at least 0, got ${temperature}`);
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
      const drawn = draw(values, temperature, uniformNumber(key.fold(i)));
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

/** The symbol at which the distribution function of softmax(logits / temperature) passes u. */
function draw(logits: ArrayLike<number>, temperature: number, u: number): number {
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    if (!Number.isFinite(logits[i]))
      throw new Error("sampleSymbols: the logits are not finite; are the parameters damaged?");
    if (logits[i]! > logits[best]!) best = i;
  }
  if (temperature === 0) return best;
  const weights = Float64Array.from(logits, (o) => Math.exp((o - logits[best]!) / temperature));
  let rest = u * weights.reduce((p, w) => p + w, 0);
  for (let i = 0; i < weights.length; i++) {
    rest -= weights[i]!;
    if (rest < 0) return i;
  }
  // Rounding may leave a crumb; a symbol of probability 0 is never drawn.
  return best;
}
