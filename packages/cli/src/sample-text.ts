import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type Key,
  type LanguageModel,
  type LanguageModelParams,
  sampleSymbols,
  type Vocabulary,
} from "longspan";

/** What is drawn. */
export interface SampleRequest {
  readonly model: LanguageModel;
  readonly params: LanguageModelParams;
  readonly vocabulary: Vocabulary;
  readonly key: Key;
  readonly length: number;
  readonly temperature: number;
  readonly prompt: string;
  readonly signal: { readonly aborted: boolean };
}

/** Writes the prompt and what the model goes on with, character by character, and ends the line. */
export async function writeSample(out: NodeJS.WriteStream, request: SampleRequest): Promise<void> {
  const { model, params, vocabulary, prompt, signal, ...options } = request;
  const shown = out.isTTY ? withoutControls : (text: string) => text;
  let last = prompt;
  const symbols = sampleSymbols(model, params, { ...options, prompt: vocabulary.encode(prompt) });
  out.write(shown(prompt));
  let turn = performance.now();
  for await (const symbol of symbols) {
    last = vocabulary.decode([symbol]);
    out.write(shown(last));
    if (performance.now() - turn >= 50) {
      await nextTurn(); // Ctrl-C and a reader that went away are noticed here.
      turn = performance.now();
    }
    if (signal.aborted) break;
  }
  if (!last.endsWith("\n")) out.write("\n");
}

/** A text may hold anything, but a terminal would obey its control characters. */
function withoutControls(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "\uFFFD");
}
