import { countUnknown, evaluateText, natsToBits, TextTooShortError } from "longspan";
import type { EvalOptions } from "../../command-options.js";
import { exitCode, Failure } from "../../failure.js";
import { onInterrupt } from "../../interrupt.js";
import { openTrained } from "../../own-cell.js";
import { seenInWords, whole } from "../../run-lines.js";
import { encodeFor } from "./encode-text.js";
import { heldOutByLength, lengthsOf } from "./lengths.js";
import { toldInBits, unitOf } from "./levels.js";
import { heldOutInWords } from "./lines.js";
import { openText } from "./text-file.js";
import { trainedOn } from "./trained-on.js";

/** Measures a trained model on a text. Returns the exit code. */
export async function evalRun(
  path: string,
  textPath: string | undefined,
  { json, skipUnknown = false, lengths }: EvalOptions,
): Promise<number> {
  if (textPath === undefined)
    throw new Failure(
      "the path of a text is missing: a run of longspan train text is measured on a text; longspan eval RUN PATH",
      exitCode.usage,
    );
  const { vocabulary, model, params } = await openTrained(path, "text");
  const text = openText(textPath);
  const remedy = "; --skip-unknown leaves such characters out";
  const { symbols, skipped } = encodeFor(vocabulary, text, path, { skipUnknown, remedy });
  const unknown = skipUnknown ? skipped : countUnknown(vocabulary, symbols);
  const interrupt = onInterrupt(() => {});
  const { signal } = interrupt;
  try {
    const begin = performance.now();
    const { nats, predictions, complete } = await evaluateText(model, params, symbols, { signal });
    if (!complete) return exitCode.interrupted;
    const { level } = vocabulary;
    const found =
      lengths === undefined
        ? []
        : await heldOutByLength(model, params, symbols, {
            ...lengthsOf(lengths, trainedOn(path)),
            level,
            signal,
          });
    if (found === null) return exitCode.interrupted;
    const seconds = (performance.now() - begin) / 1000;
    const unit = unitOf[level];
    const inBits = toldInBits(unit);
    const figures = {
      path: textPath,
      run: path,
      level,
      predictions,
      unknown,
      skipped,
      nats,
      [`bitsPer${unit[0]!.toUpperCase()}${unit.slice(1)}`]: natsToBits(nats),
      perplexity: Math.exp(nats),
      ...(lengths === undefined ? {} : { lengths: found }),
      seconds,
    };
    const loss = Number.isFinite(nats)
      ? `${nats.toFixed(4)} nats per ${unit} (${natsToBits(nats).toFixed(4)} bits), perplexity ${figures.perplexity.toFixed(inBits ? 3 : 1)}`
      : "the loss is not finite";
    const perLength = found.map(
      (at) => `length ${whole(at.length)}, ${seenInWords(at)}: ${heldOutInWords(at, unit)}\n`,
    );
    process.stdout.write(
      json
        ? `${JSON.stringify({ event: "eval", ...figures })}\n`
        : `${textPath}: ${loss}, over ${whole(predictions)} ${unit}s${unknownInWords(unknown, symbols.length, inBits, skipUnknown)} in ${seconds.toFixed(1)} s\n${perLength.join("")}`,
    );
    return 0;
  } catch (error) {
    if (error instanceof TextTooShortError)
      throw new Failure(
        `${textPath} is too short: ${error.needed === 2 ? "two" : whole(error.needed)} ${unitOf[vocabulary.level]}s${skipped > 0 ? " that the model knows" : ""} are needed for ${error.needed === 2 ? "one prediction" : `pieces of ${whole(error.needed - 1)}`}, and it has ${whole(error.found)}`,
      );
    throw error;
  } finally {
    interrupt.release();
  }
}

/** What of a text the model does not know, and what became of it; nothing where an unknown symbol would have been an error. */
function unknownInWords(unknown: number, read: number, inBits: boolean, skipped: boolean): string {
  if (skipped) return `, leaving out ${whole(unknown)} unknown ones (${percent(unknown / (read + unknown))})`;
  return inBits ? "" : `, ${percent(unknown / read)} of them unknown,`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
