import { existsSync } from "node:fs";
import { type SymbolNumbers, TextTooShortError, type Vocabulary } from "longspan";
import type { InspectOptions } from "../../command-options.js";
import { Failure } from "../../failure.js";
import type { AdvisedRun } from "../../flow-advice.js";
import type { Inspected } from "../../report/flow/flow-html.js";
import { whole } from "../../run-lines.js";
import type { AnySubject } from "../job.js";
import type { TextRunConfig } from "./config.js";
import { encodeFor } from "./encode-text.js";
import { segmentsOf, textAnswers, textLoss } from "./flow.js";
import { unitOf } from "./levels.js";
import { readRun } from "./read.js";
import { textData } from "./text-data.js";
import { openText } from "./text-file.js";

/** Fewest steps that are looked at by default: fewer say little about long dependencies. */
const usualSteps = 100;

/** What `longspan inspect` looks at in a run on a text: segments of it, or of another text. */
export async function textSubject(path: string, options: InspectOptions): Promise<AnySubject> {
  const { vocabulary, model, params, config, step } = await readRun(path);
  const { sequences, steps = Math.max(usualSteps, config.settings.seq), data } = options;
  const unit = unitOf[vocabulary.level];
  const symbols =
    data === undefined
      ? heldOut(path, config, vocabulary)
      : encodeFor(vocabulary, openText(data), path).symbols;
  const text = data ?? `the held-out part of ${config.text.path}`;
  const inspected: Inspected = { run: path, text, unit, sequences, steps, measure: "nats" };
  const segments = longEnough(() => segmentsOf(symbols, inspected), inspected);
  const { settings } = config;
  const advised: AdvisedRun = { command: "train text", settings, run: path, trained: step, steps };
  const loss = textLoss(model, segments);
  return (look) => look({ inspected, loss, answers: textAnswers(model, segments), params, advised });
}

function heldOut(run: string, config: TextRunConfig, vocabulary: Vocabulary): SymbolNumbers {
  const { path, sha256 } = config.text;
  if (config.settings.valid === 0)
    throw new Failure(`${run} was trained with nothing held out (--valid 0); name a text with --data`);
  if (!existsSync(path))
    throw new Failure(`${path}, the text that ${run} was trained on, is gone; name another one with --data`);
  const text = openText(path);
  if (text.sha256 !== sha256)
    throw new Failure(
      `${path} is no longer the text that ${run} was trained on; name another one with --data`,
    );
  return textData(text, config.settings, vocabulary).valid;
}

function longEnough<T>(cut: () => T, { text, unit, sequences, steps }: Inspected): T {
  try {
    return cut();
  } catch (error) {
    if (error instanceof TextTooShortError)
      throw new Failure(
        `${text} is too short: it has ${whole(error.found)} ${unit}s, and --sequences ${sequences} with --steps ${steps} needs ${whole(error.needed)}; lower one of them, or name a longer text with --data`,
      );
    throw error;
  }
}
