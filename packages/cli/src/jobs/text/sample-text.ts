import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type LanguageModel,
  type LanguageModelParams,
  type SamplingOptions,
  sampleSymbols,
  type Vocabulary,
} from "longspan";
import { withoutControls } from "../../terminal-text.js";
import { decoding } from "./decoding.js";

/** What is drawn. */
export interface SampleRequest extends Omit<SamplingOptions, "prompt" | "exclude"> {
  readonly model: LanguageModel;
  readonly params: LanguageModelParams;
  readonly vocabulary: Vocabulary;
  readonly prompt: string;
  readonly signal: { readonly aborted: boolean };
}

/**
 * Writes the prompt and what the model goes on with, piece by piece, and ends the line. Returns the text, without the end of line
 * that it may have added.
 */
export async function writeSample(out: NodeJS.WriteStream, request: SampleRequest): Promise<string> {
  const shown = out.isTTY ? withoutControls : (text: string) => text;
  const rest = pieces(request);
  let text = request.prompt;
  out.write(shown(text));
  for await (const piece of rest) {
    text += piece;
    out.write(shown(piece));
  }
  if (!text.endsWith("\n")) out.write("\n");
  return text;
}

/** The prompt and what the model goes on with, as a whole. */
export async function drawSample(request: SampleRequest): Promise<string> {
  let text = request.prompt;
  for await (const piece of pieces(request)) text += piece;
  return text;
}

/** What the model goes on with. The prompt is looked at when this is called. */
function pieces(request: SampleRequest): AsyncGenerator<string, void, undefined> {
  const { model, params, vocabulary, prompt, signal, ...options } = request;
  const begin = vocabulary.encode(prompt);
  const symbols = sampleSymbols(model, params, {
    ...options,
    prompt: begin,
    // What stands for unknown words is no word.
    ...(vocabulary.unknown === null ? {} : { exclude: [vocabulary.unknown] }),
  });
  return decoded(symbols, decoding(vocabulary, begin), signal);
}

async function* decoded(
  symbols: AsyncIterable<number>,
  textOf: (symbol: number) => string,
  signal: SampleRequest["signal"],
): AsyncGenerator<string, void, undefined> {
  let turn = performance.now();
  for await (const symbol of symbols) {
    yield textOf(symbol);
    if (performance.now() - turn >= 50) {
      await nextTurn(); // Ctrl-C and a reader that went away are noticed here.
      turn = performance.now();
    }
    if (signal.aborted) return;
  }
}
