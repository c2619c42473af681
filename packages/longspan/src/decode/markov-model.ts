import {
  check,
  checkSettings,
  count,
  describe,
  type KindsOf,
  oneOf,
  optional,
  positive,
  size,
} from "../check/index.js";
import { type Symbols, symbolLists } from "./allowed.js";
import { type Counts, type Smoothing, smoothingOf } from "./smoothing.js";
import type { StepModel } from "./step-model.js";

/** How an order-k Markov model is made. */
export interface MarkovSettings {
  /** k: a symbol depends on the k before it. 0 for none. */
  readonly order: number;
  /** How many symbols there are. */
  readonly vocabulary: number;
  /** The symbol that ends a text: it is counted after each. None by default. */
  readonly end?: number;
  /** How what was not seen gets a probability: interpolated Kneser-Ney by default. */
  readonly smoothing?: "kneser-ney" | "additive";
  /** What additive smoothing adds to each count; 1 by default. */
  readonly added?: number;
}

/** An order-k Markov model of texts, made by `markovModel`. */
export interface MarkovModel {
  readonly order: number;
  readonly vocabulary: number;
  /**
   * The distribution of the symbol after a text: [vocabulary], each above 0 unless a text cannot say otherwise.
   * @param before the text so far; its last k symbols count, and where it has fewer, that the text begins there
   */
  distribution(before: Symbols): Float64Array;
  /** As a step model: for `scoreSequences`, `sampleSequences`, `beamSearch`. @param prompts what each sequence begins with; one that begins with nothing by default */
  steps(prompts?: readonly Symbols[]): StepModel<readonly (readonly number[])[]>;
}

/**
 * A Markov model of order k from the counts of texts: what a recurrent model has to beat.
 *
 *     P(y(t) | y(t-1), ..., y(1)) = P(y(t) | y(t-1), ..., y(t-k))
 *
 * Where a text begins, what would come before it counts as k symbols of its own. Interpolated Kneser-Ney takes a discount D from each
 * count, and spreads what it took by the model of the order below, whose counts are not of occurrences but of different symbols before:
 *
 *     P_n(w | h) = max(c(h w) - D, 0) / c(h) + D N(h) / c(h) P_n-1(w | h'),   D = n1 / (n1 + 2 n2)
 *
 * h' is h without its oldest symbol, N(h) the number of different symbols after h, n1 and n2 how many counts of the order are 1 and 2
 * (D is 1/2 where none is 1); below order 0 stands 1 / vocabulary. Additive smoothing is (c(h w) + added) / (c(h) + added vocabulary).
 *
 * The memory is that of the different sequences of k + 1 symbols, times k + 1 for Kneser-Ney.
 *
 * @param texts to be counted, without end symbols
 * @throws RangeError for a symbol that is none, or a setting out of range
 * @see Goodfellow, Bengio, Courville (2016), section 12.4.1 (n-grams); Chen, Goodman (1999), "An empirical study of smoothing techniques
 * for language modeling"
 * @example
 * const vocabulary = characterVocabulary("to be or not to be");
 * const text = vocabulary.encode("to be or not to be");
 * const model = markovModel([text], { order: 2, vocabulary: vocabulary.size });
 * const [{ logProbability }] = scoreSequences(model.steps(), [vocabulary.encode("to be")]) as [SequenceScore];
 * -logProbability / 5 / Math.LN2; // bits per character
 */
export function markovModel(texts: readonly Symbols[], settings: MarkovSettings): MarkovModel {
  check("markovModel", "texts", texts, symbolLists);
  const {
    order,
    vocabulary,
    end,
    smoothing = "kneser-ney",
    added = 1,
  } = checkSettings("markovModel", settings, kinds);
  if (end !== undefined && end >= vocabulary)
    throw new RangeError(`markovModel: end is ${end}; symbols run from 0 to ${vocabulary - 1}`);
  if (settings.added !== undefined && smoothing !== "additive")
    throw new RangeError(
      `markovModel: added is ${added}, which has no effect; it belongs to smoothing "additive"`,
    );
  const smoothed = smoothingOf(smoothing, countsOf(texts, order, vocabulary, end), {
    order,
    vocabulary,
    added,
  });
  const context = (before: Symbols) => {
    const last = Array.from(before).slice(Math.max(0, before.length - order));
    return [...new Array<number>(order - last.length).fill(begin), ...last];
  };
  return {
    order,
    vocabulary,
    distribution(before) {
      check("MarkovModel.distribution", "before", [before], symbolLists);
      return smoothed(context(before));
    },
    steps(prompts = [[]]) {
      check("MarkovModel.steps", "prompts", prompts, symbolLists);
      for (const [s, prompt] of prompts.entries())
        checkSymbols("MarkovModel.steps", `prompts[${s}]`, prompt, vocabulary);
      return stepsOf(smoothed, prompts.map(context), vocabulary);
    },
  };
}

const kinds: KindsOf<MarkovSettings> = {
  order: count,
  vocabulary: size,
  end: optional(count),
  smoothing: optional(oneOf("kneser-ney", "additive")),
  added: optional(positive),
};

/** Stands before a text; no symbol. */
const begin = -1;

function countsOf(
  texts: readonly Symbols[],
  order: number,
  vocabulary: number,
  end: number | undefined,
): Counts {
  const counts: Counts = new Map();
  texts.forEach((text, i) => {
    checkSymbols("markovModel", `texts[${i}]`, text, vocabulary);
    const context = new Array<number>(order).fill(begin);
    const all = end === undefined ? Array.from(text) : [...Array.from(text), end];
    for (const symbol of all) {
      const key = context.join();
      const after = counts.get(key) ?? new Map<number, number>();
      counts.set(key, after.set(symbol, (after.get(symbol) ?? 0) + 1));
      context.push(symbol);
      context.shift();
    }
  });
  return counts;
}

function stepsOf(
  smoothed: Smoothing,
  contexts: readonly (readonly number[])[],
  vocabulary: number,
): StepModel<readonly (readonly number[])[]> {
  const say = (state: readonly (readonly number[])[]) => {
    const logProbabilities = new Float64Array(state.length * vocabulary);
    state.forEach((context, row) => {
      smoothed(context).forEach((p, i) => {
        logProbabilities[row * vocabulary + i] = Math.log(p);
      });
    });
    return { logProbabilities, state };
  };
  return {
    vocabulary,
    sequences: contexts.length,
    start: () => say(contexts),
    step: (state, symbols) => say(state.map((context, row) => [...context, symbols[row]!].slice(1))),
    select: (state, rows) => Array.from(rows, (row) => state[row]!),
  };
}

function checkSymbols(what: string, name: string, symbols: Symbols, vocabulary: number): void {
  for (let i = 0; i < symbols.length; i++)
    if (!Number.isInteger(symbols[i]) || symbols[i]! < 0 || symbols[i]! >= vocabulary)
      throw new RangeError(
        `${what}: ${name}[${i}] is ${describe(symbols[i])}, expected a symbol from 0 to ${vocabulary - 1}`,
      );
}
