import { evaluateText, natsToBits, TextTooShortError } from "longspan";
import { encodeFor } from "./encode-text.js";
import { exitCode, Failure } from "./failure.js";
import { onInterrupt } from "./interrupt.js";
import { readText } from "./read-text.js";
import { readRun } from "./run-folder.js";
import { whole } from "./run-lines.js";

/** Options of `longspan eval`. */
export interface EvalOptions {
  readonly json?: boolean;
}

/** Measures a trained model on a text. Returns the exit code. */
export async function evalRun(path: string, textPath: string, { json }: EvalOptions): Promise<number> {
  const { vocabulary, model, params } = readRun(path);
  const text = readText(textPath);
  if (text === "") throw new Failure(`${textPath} is empty`);
  const symbols = encodeFor(vocabulary, text, textPath, path);
  const interrupt = onInterrupt(() => {});
  const { signal } = interrupt;
  try {
    const begin = performance.now();
    const { nats, predictions, complete } = await evaluateText(model, params, symbols, { signal });
    if (!complete) return exitCode.interrupted;
    const seconds = (performance.now() - begin) / 1000;
    const isWord = vocabulary.level === "word";
    const unit = isWord ? "word" : "character";
    const figures = {
      path: textPath,
      run: path,
      level: vocabulary.level,
      predictions,
      nats,
      ...(isWord ? { bitsPerWord: natsToBits(nats) } : { bitsPerCharacter: natsToBits(nats) }),
      perplexity: Math.exp(nats),
      seconds,
    };
    const loss = Number.isFinite(nats)
      ? `${nats.toFixed(4)} nats per ${unit} (${natsToBits(nats).toFixed(4)} bits), perplexity ${figures.perplexity.toFixed(isWord ? 1 : 3)}`
      : "the loss is not finite";
    process.stdout.write(
      json
        ? `${JSON.stringify({ event: "eval", ...figures })}\n`
        : `${textPath}: ${loss}, over ${whole(predictions)} ${unit}s in ${seconds.toFixed(1)} s\n`,
    );
    return 0;
  } catch (error) {
    if (error instanceof TextTooShortError)
      throw new Failure(
        `${textPath} is too short: two ${vocabulary.level === "word" ? "words" : "characters"} are needed for one prediction`,
      );
    throw error;
  } finally {
    interrupt.release();
  }
}
