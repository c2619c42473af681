import { checkSettings, count, describe, isRecord, type KindsOf, optional, size } from "../../check/index.js";
import { UnknownSymbolError, type Vocabulary } from "../../data/index.js";
import { languageSteps } from "../../decode/index.js";
import { logSoftmaxInto } from "../../decode/log-softmax.js";
import type { LanguageModel, LanguageModelParams } from "../../nn/index.js";
import { forEachBatch } from "../for-each-batch.js";
import { InputError, type Predictor } from "../predictor.js";
import { mostProbable, type NextSymbol } from "./most-probable.js";

/** What a language model says of a text. */
export interface TextPrediction {
  /** Symbols that were predicted: all but the first, which is only read. */
  readonly predictions: number;
  /** Mean cross-entropy, in nats per symbol, as `evaluateText` has it; null where nothing was predicted. */
  readonly nats: number | null;
  /** exp(nats). */
  readonly perplexity: number | null;
  /** Words or tokens that the vocabulary lacks; absent where it has nothing that stands for such. */
  readonly unknown?: number;
  /** The most probable symbols after the text, the most probable one first. */
  readonly next: readonly NextSymbol[];
  /** What follows if the most probable symbol is taken at each step; absent where none was asked for. */
  readonly continuation?: string;
}

/** What is asked of a language model. */
export interface TextPredictorOptions {
  /** How many of the most probable next symbols are told; 5 by default. */
  readonly top?: number;
  /** Symbols of the continuation; 0 by default, none. */
  readonly length?: number;
}

/**
 * What a language model says of texts, each read from a zero state: how probable it is, and what comes next. The continuation takes the most
 * probable symbol at each step, never the one for unknown words; `sampleSymbols` draws instead.
 *
 *     nats = - 1 / (n - 1) sum over t = 2 .. n of ln P(y(t) | y(1), ..., y(t-1))
 */
export function textPredictor(
  model: LanguageModel,
  params: LanguageModelParams,
  vocabulary: Vocabulary,
  options?: TextPredictorOptions,
): Predictor<Int32Array> {
  const { top = 5, length = 0 } = checkSettings("predictor", options, optionKinds);
  return {
    input: "a text, or a record { text }",
    format: "lines",
    read: (value) => numbersOf(value, vocabulary),
    async predict(texts) {
      const answers = new Array<TextPrediction>(texts.length);
      await forEachBatch(
        texts,
        (text) => text.length,
        undefined,
        async (some, numbers) => {
          const read = readTogether(model, params, some);
          const following = continuations(model, params, vocabulary, some, length);
          for (const [k, i] of numbers.entries())
            answers[i] = answerOf(some[k]!, read[k]!, following[k], vocabulary, top);
        },
      );
      return answers;
    },
  };
}

const optionKinds: KindsOf<TextPredictorOptions> = { top: optional(size), length: optional(count) };

function numbersOf(value: unknown, vocabulary: Vocabulary): Int32Array {
  const text = isRecord(value) ? value.text : value;
  const at = isRecord(value) ? { path: "text" } : {};
  if (typeof text !== "string")
    throw new InputError(
      text === undefined || text === null ? "the text is missing" : `${describe(text)} is no text`,
      at,
    );
  try {
    const numbers = vocabulary.encode(text);
    if (numbers.length > 0) return numbers;
  } catch (error) {
    if (!(error instanceof UnknownSymbolError)) throw error;
    throw new InputError(error.message, isRecord(value) ? at : { column: error.position + 1 });
  }
  throw new InputError("the text is empty", at);
}

/** What was found of a text: the sum of -ln P, and the logits after its last symbol. */
interface ReadText {
  readonly nats: number;
  readonly last: Float64Array;
}

/** Reads texts side by side, symbol by symbol: memory does not grow with their length. */
function readTogether(
  model: LanguageModel,
  params: LanguageModelParams,
  texts: readonly Int32Array[],
): ReadText[] {
  const found = texts.map(() => ({ nats: 0, last: new Float64Array(model.vocabulary) }));
  const longest = texts.reduce((most, { length }) => Math.max(most, length), 0);
  const stream = model.stream(params, { sequences: texts.length });
  const logProbabilities = new Float64Array(model.vocabulary);
  try {
    for (let t = 0; t < longest; t++) {
      // What a row reads after its text is of no account.
      const output = stream.step(Int32Array.from(texts, (text) => text[t] ?? 0));
      for (const [row, text] of texts.entries()) {
        if (t >= text.length) continue;
        const logits = output.subarray(row * model.vocabulary, (row + 1) * model.vocabulary);
        if (t === text.length - 1) found[row]!.last.set(logits);
        else {
          logSoftmaxInto("predict", logProbabilities, logits);
          found[row]!.nats -= logProbabilities[text[t + 1]!]!;
        }
      }
    }
  } finally {
    stream.dispose();
  }
  return found;
}

/** Of each text, the most probable symbol at each step; none where no length is asked for. */
function continuations(
  model: LanguageModel,
  params: LanguageModelParams,
  vocabulary: Vocabulary,
  texts: readonly Int32Array[],
  length: number,
): string[] {
  if (length === 0 || texts.length === 0) return [];
  const steps = languageSteps(model, params, { prompts: texts });
  const drawn = texts.map((): number[] => []);
  try {
    let said = steps.start();
    for (;;) {
      const { logProbabilities } = said;
      const chosen = Int32Array.from(texts, (_, row) =>
        best(
          logProbabilities.subarray(row * model.vocabulary, (row + 1) * model.vocabulary),
          vocabulary.unknown,
        ),
      );
      for (const [row, symbol] of chosen.entries()) drawn[row]!.push(symbol);
      if (drawn[0]!.length === length) break;
      said = steps.step(said.state, chosen);
    }
  } finally {
    steps.dispose();
  }
  // Of the whole, since a subword may be a part of a character, or tell only beside its neighbours whether a space stands before it.
  return texts.map((text, row) =>
    vocabulary.decode([...text, ...drawn[row]!]).slice(vocabulary.decode(text).length),
  );
}

function best(logProbabilities: Float64Array, excluded: number | null): number {
  let found = excluded === 0 && logProbabilities.length > 1 ? 1 : 0;
  for (let s = 0; s < logProbabilities.length; s++)
    if (s !== excluded && logProbabilities[s]! > logProbabilities[found]!) found = s;
  return found;
}

function answerOf(
  text: Int32Array,
  { nats: sum, last }: ReadText,
  continuation: string | undefined,
  { symbols, unknown }: Vocabulary,
  top: number,
): TextPrediction {
  const predictions = text.length - 1;
  const nats = predictions === 0 ? null : sum / predictions;
  return {
    predictions,
    nats,
    perplexity: nats === null ? null : Math.exp(nats),
    ...(unknown === null ? {} : { unknown: text.filter((symbol) => symbol === unknown).length }),
    next: mostProbable("predict", last, Math.min(top, symbols.length), symbols),
    ...(continuation === undefined ? {} : { continuation }),
  };
}
