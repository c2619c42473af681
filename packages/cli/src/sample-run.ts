import { Key, UnknownSymbolError } from "longspan";
import { exitCode, Failure } from "./failure.js";
import { onInterrupt } from "./interrupt.js";
import { readRun } from "./run-folder.js";
import { writeSample } from "./sample-text.js";

/** Options of `longspan sample`. */
export interface SampleOptions {
  readonly length: number;
  readonly temperature: number;
  readonly seed: number;
  readonly prompt: string;
  readonly topK?: number;
  readonly topP?: number;
}

/** Draws a text from a trained model. Returns the exit code. */
export async function sampleRun(path: string, options: SampleOptions): Promise<number> {
  const { vocabulary, model, params } = readRun(path);
  const { seed, ...request } = options;
  const interrupt = onInterrupt(() => {});
  const { signal } = interrupt;
  try {
    const key = Key.of(seed);
    await writeSample(process.stdout, { ...request, model, params, vocabulary, key, signal });
    return signal.aborted ? exitCode.interrupted : 0;
  } catch (error) {
    if (error instanceof UnknownSymbolError) throw new Failure(`--prompt: ${error.message}`);
    throw error;
  } finally {
    interrupt.release();
  }
}
