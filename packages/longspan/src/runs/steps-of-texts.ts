import {
  check,
  checkSettings,
  describe,
  flag,
  type KindsOf,
  numbers,
  optional,
  size,
} from "../check/index.js";
import { mostProbable } from "../tasks/text/index.js";
import { type RunTalk, type StepAnswerOptions, withoutMemory } from "./run-talk.js";
import type { OpenedTextRun } from "./text-run.js";

const answerKinds: KindsOf<StepAnswerOptions> = { top: optional(size), logits: optional(flag) };

/** Streams of runs on texts. */
export function textTalk({ model, params, vocabulary }: OpenedTextRun): RunTalk {
  const input = `a text of ${vocabulary.level === "char" ? "characters" : "words"} that the model knows`;
  return withoutMemory({
    model,
    params,
    input,
    read(value) {
      if (typeof value !== "string")
        throw new TypeError(`the input is ${describe(value)}, expected ${input}`);
      if (value === "") throw new RangeError(`the input is empty, expected ${input}`);
      return Array.from(vocabulary.encode(value), (symbol) => [symbol]);
    },
    answer(output, options) {
      check("runSteps.answer", "output", output, numbers);
      const { top = 5, logits = false } = checkSettings("runSteps.answer", options, answerKinds);
      return {
        next: mostProbable("runSteps", output, Math.min(top, vocabulary.size), vocabulary.symbols),
        ...(logits ? { logits: Array.from(output) } : {}),
      };
    },
  });
}
