import { Key, UnknownSymbolError, type Vocabulary } from "longspan";
import type { SampleOptions } from "../../command-options.js";
import { exitCode, Failure } from "../../failure.js";
import { onInterrupt } from "../../interrupt.js";
import { openTrained } from "../../own-cell.js";
import { writeSample } from "./sample-text.js";

/** Draws a text from a trained model. Returns the exit code. */
export async function sampleRun(path: string, options: SampleOptions): Promise<number> {
  const { vocabulary, model, params } = await openTrained(path, "text");
  const { seed, skipUnknown = false, ...rest } = options;
  const known = skipUnknown ? knownPart(options.prompt, vocabulary) : options.prompt;
  // A token ends with white space: what is drawn does not go on with the last one of the prompt.
  const prompt = vocabulary.level === "token" && /\S$/u.test(known) ? `${known} ` : known;
  const request = { ...rest, prompt };
  const interrupt = onInterrupt(() => {});
  const { signal } = interrupt;
  try {
    const key = Key.of(seed);
    await writeSample(process.stdout, { ...request, model, params, vocabulary, key, signal });
    return signal.aborted ? exitCode.interrupted : 0;
  } catch (error) {
    if (error instanceof UnknownSymbolError)
      throw new Failure(`--prompt: ${error.message}; --skip-unknown leaves such characters out`);
    throw error;
  } finally {
    interrupt.release();
  }
}

/** A prompt without what the vocabulary lacks; says what was left out. */
function knownPart(prompt: string, vocabulary: Vocabulary): string {
  const known = vocabulary.decode(vocabulary.encode(prompt, { skipUnknown: true }));
  if (known !== prompt)
    process.stderr.write(
      `--prompt: what the model does not know was left out; it is now ${JSON.stringify(known)}\n`,
    );
  return known;
}
