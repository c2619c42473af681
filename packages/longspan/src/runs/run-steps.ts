import {
  check,
  checkSettings,
  describe,
  flag,
  isRecord,
  type KindsOf,
  kind,
  list,
  numbers,
  optional,
  size,
} from "../check/index.js";
import { type SequenceLayer, type StreamPool, streamPool } from "../nn/index.js";
import { mostProbable } from "../tasks/text/index.js";
import type { TypedArray } from "../tensor/index.js";
import type { OpenedRuns, RunKindName } from "./decode-run.js";
import type { OpenedRun } from "./run-kind.js";
import type { OpenedSyntheticRun } from "./synthetic-run.js";
import type { OpenedTextRun } from "./text-run.js";

/** How an answer is told. */
export interface StepAnswerOptions {
  /** Of a text: how many of the most probable symbols; 5 by default. */
  readonly top?: number;
  /** Of a text: whether the logits of all symbols are told too; false by default. */
  readonly logits?: boolean;
}

/** The streams of a run as somebody uses them who sends plain JSON: a server, or a page. */
export interface RunSteps<S = unknown> {
  /** What a step reads, in words. */
  readonly input: string;
  /** Where the streams are. */
  readonly pool: StreamPool<S>;
  /**
   * The rows of one step or several, from a value that was JSON.
   * @throws TypeError, RangeError or UnknownSymbolError saying what it is and what was expected
   */
  read(value: unknown): readonly ArrayLike<number>[];
  /** What the model says after a step, as plain JSON. @param output the row that the step gave */
  answer(output: ArrayLike<number>, options?: StepAnswerOptions): object;
  /** Releases the memory of the streams. */
  dispose(): void;
}

/**
 * The streams of an opened run, with what they read and say as plain JSON; null for a kind of run that reads its input as a whole.
 *
 *     text        reads a text, says the most probable next symbols: { next: [{ symbol, probability }, ...] }
 *     synthetic   reads rows of numbers, says the output: { output: [...] }
 *
 * @param options of the pool
 * @example
 * const symbols = characterVocabulary("abc");
 * const model = textRunModel({ cell: "lstm", hidden: 8, features: 4, layers: 1, dropout: 0 }, symbols.size);
 * const run = { kind: "text", model, vocabulary: symbols, params: model.init(Key.of(1)), step: null, config: {} as RunConfig } as const;
 * const steps = runSteps(run)!;
 * const stream = steps.pool.open();
 * for (const row of steps.read("ab")) steps.answer(steps.pool.step([stream], row)); // { next: [{ symbol: "c", probability: 0.4 }, ...] }
 * steps.dispose();
 */
export function runSteps(run: OpenedRun, options: { readonly batch?: number } = {}): RunSteps | null {
  check("runSteps", "run", run, runKind);
  const { batch } = checkSettings("runSteps", options, { batch: optional(size) });
  const talk = Object.hasOwn(talks, run.kind) ? talks[run.kind as RunKindName]?.(run as never) : undefined;
  if (!talk) return null;
  const { model, params } = run as unknown as { model: SequenceLayer<unknown, unknown>; params: unknown };
  const pool = streamPool(model, params, batch === undefined ? {} : { batch });
  return { ...talk, pool, dispose: () => pool.dispose() };
}

const runKind = kind(
  "an opened run, as openRun gives it",
  (value) => isRecord(value) && typeof value.kind === "string",
);

type Talk = Pick<RunSteps, "input" | "read" | "answer">;

// A kind of run whose streams can be used is a line here.
const talks: { readonly [K in RunKindName]?: (run: OpenedRuns[K]) => Talk } = {
  text: textTalk,
  synthetic: numbersTalk,
};

const answerKinds: KindsOf<StepAnswerOptions> = { top: optional(size), logits: optional(flag) };

function textTalk({ vocabulary }: OpenedTextRun): Talk {
  const input = `a text of ${vocabulary.level === "char" ? "characters" : "words"} that the model knows`;
  return {
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
  };
}

function numbersTalk({ problem }: OpenedSyntheticRun): Talk {
  const width = problem.input;
  const input = `a list of ${width} ${width === 1 ? "number" : "numbers"}, or a list of such lists, one for each step`;
  const isRow = (value: unknown): value is number[] =>
    list.accepts(value) && (value as unknown[]).every((x) => typeof x === "number" && Number.isFinite(x));
  return {
    input,
    read(value) {
      if (!Array.isArray(value)) throw new TypeError(`the input is ${describe(value)}, expected ${input}`);
      const rows: unknown[] = value.some(Array.isArray) ? value : [value];
      for (const [t, row] of rows.entries()) {
        if (!isRow(row))
          throw new TypeError(`row ${t} of the input is ${describe(row)}, expected ${width} finite numbers`);
        if (row.length !== width)
          throw new RangeError(`row ${t} of the input has length ${row.length}, expected ${width}`);
      }
      return rows as number[][];
    },
    answer: (output) => ({ output: Array.from(output as TypedArray) }),
  };
}
