import { evaluateByLength, Key } from "longspan";
import type { EvalOptions } from "../../command-options.js";
import { exitCode, Failure } from "../../failure.js";
import { onInterrupt } from "../../interrupt.js";
import { seenInWords, whole } from "../../run-lines.js";
import { lengthsIn } from "../../settings/lengths.js";
import { lengthsInWords, problemOf } from "./config.js";
import { lengthsOf } from "./lengths.js";
import { scoreText } from "./lines.js";
import { readSyntheticRun } from "./read.js";
import { looks, scoring } from "./score.js";

/** Sets the sequences of an evaluation apart from those of training and validation. */
const evaluatedBatch = 0xe7a1;

/** Measures a trained model on fresh sequences of its problem. Returns the exit code. */
export async function evalRun(
  path: string,
  argument: string | undefined,
  { json, skipUnknown, lengths }: EvalOptions,
): Promise<number> {
  const noEffect = argument === undefined ? (skipUnknown ? "--skip-unknown" : null) : argument;
  if (noEffect !== null)
    throw new Failure(
      `${noEffect} has no effect on a run of longspan train synthetic: its problem makes the sequences; leave it out`,
      exitCode.usage,
    );
  const { config, problem, model, params, step: kept } = await readSyntheticRun(path);
  const step = kept ?? 0;
  const asked = { ...lengthsOf(config), lengths: lengths === undefined ? [] : lengthsIn(lengths) };
  const key = Key.of(config.settings.seed).fold(evaluatedBatch);
  // Before anything is looked at: the problem may have no such length.
  for (const length of asked.lengths) problemOf(config, length);
  const interrupt = onInterrupt(() => {});
  const { signal } = interrupt;
  try {
    const fresh = await scoring(model, problem, key, signal)(params, step, looks.deciding);
    if (fresh === null) return exitCode.interrupted;
    const found = await evaluateByLength(asked, (length) =>
      scoring(model, problemOf(config, length), key.fold(length), signal)(params, step, looks.deciding),
    );
    if (found === null) return exitCode.interrupted;
    const words = lengthsInWords(config.problem, config.settings);
    process.stdout.write(
      json
        ? `${JSON.stringify({ event: "eval", run: path, problem: config.problem, fresh, ...(lengths === undefined ? {} : { lengths: found }) })}\n`
        : [
            `${config.problem}${words === null ? "" : `, ${words}`}: ${scoreText(fresh)}\n`,
            ...found.map((at) => `length ${whole(at.length)}, ${seenInWords(at)}: ${scoreText(at)}\n`),
          ].join(""),
    );
    return 0;
  } finally {
    interrupt.release();
  }
}
