import { check, checkSettings, isRecord, kind, optional, size } from "../check/index.js";
import { type StreamPool, streamPool } from "../nn/index.js";
import type { OpenedRuns, RunKindName } from "./decode-run.js";
import type { OpenedRun } from "./run-kind.js";
import type { RunTalk, StreamTalk } from "./run-talk.js";
import { classTalk } from "./steps-of-classes.js";
import { numbersTalk } from "./steps-of-numbers.js";
import { seriesTalk } from "./steps-of-series.js";
import { tagTalk } from "./steps-of-tags.js";
import { textTalk } from "./steps-of-texts.js";

/** The streams of a run as somebody uses them who sends plain JSON: a server, or a page. */
export interface RunSteps<S = unknown> {
  /** What a step reads, in words. */
  readonly input: string;
  /** Where the streams are. */
  readonly pool: StreamPool<S>;
  /** What a new stream of the pool reads and says. */
  talk(): StreamTalk;
  /** Releases the memory of the streams. */
  dispose(): void;
}

/**
 * The streams of an opened run, with what they read and say as plain JSON; null for a run that reads its input as a whole: one on trees
 * or pairs, one that reads in both directions, and one that forecasts all steps at once.
 *
 *     text        reads a text, says the most probable next symbols: { next: [{ symbol, probability }, ...] }
 *     synthetic   reads rows of numbers, says the output: { output: [...] }
 *     classify    reads a piece of a sequence, says the class of all so far: { label, probability, probabilities }
 *     tag         reads tokens, says the tag of the last: { tag, probability, probabilities }
 *     series      reads values, says the distribution of the next: { time, median, levels, quantiles }
 *
 * @param options of the pool
 * @example
 * const symbols = characterVocabulary("abc");
 * const model = textRunModel({ cell: "lstm", hidden: 8, features: 4, layers: 1, dropout: 0 }, symbols.size);
 * const run = { kind: "text", model, vocabulary: symbols, params: model.init(Key.of(1)), step: null, config: {} as RunConfig } as const;
 * const steps = runSteps(run)!;
 * const stream = steps.pool.open();
 * const { rows, begin, answer } = steps.talk().read("ab");
 * begin();
 * for (const row of rows) answer(steps.pool.step([stream], row)); // { next: [{ symbol: "c", probability: 0.4 }, ...] }
 * steps.dispose();
 */
export function runSteps(run: OpenedRun, options: { readonly batch?: number } = {}): RunSteps | null {
  check("runSteps", "run", run, runKind);
  const { batch } = checkSettings("runSteps", options, { batch: optional(size) });
  const found = Object.hasOwn(talks, run.kind) ? talks[run.kind as RunKindName]?.(run as never) : undefined;
  if (!found) return null;
  const { model, params, input, talk } = found;
  const pool = streamPool(model, params, batch === undefined ? {} : { batch });
  return { input, talk, pool, dispose: () => pool.dispose() };
}

const runKind = kind(
  "an opened run, as openRun gives it",
  (value) => isRecord(value) && typeof value.kind === "string",
);

// A kind of run whose streams can be used is a line here; null where a run of the kind has none.
const talks: { readonly [K in RunKindName]?: (run: OpenedRuns[K]) => RunTalk | null } = {
  text: textTalk,
  synthetic: numbersTalk,
  classify: classTalk,
  tag: tagTalk,
  series: seriesTalk,
};
