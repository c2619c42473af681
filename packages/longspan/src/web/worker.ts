// What runs in the worker that `openRun` starts: the run, and what is asked of it.
import { executorReport, loadWasmExecutor } from "../executors/index.js";
import { sampleSymbols } from "../nn/index.js";
import {
  type OpenedRun,
  type OpenedTextRun,
  type RunSteps,
  runSteps,
  type StreamTalk,
} from "../runs/index.js";
import type { Predictor } from "../tasks/index.js";
import { Key, useExecutor } from "../tensor/index.js";
import { fetchRun } from "./fetch-run.js";
import type { Call, Reply, RunFacts, WorkerCalls } from "./messages.js";

declare const performance: { now(): number };

interface Opened {
  readonly run: OpenedRun;
  readonly predictor: Predictor | null;
  readonly steps: RunSteps | null;
}

/** Milliseconds after which a text that is drawn is told. */
const pieceTime = 30;

function callsIn(): {
  readonly [N in keyof WorkerCalls]: (
    ...args: Parameters<WorkerCalls[N]>
  ) => Promise<ReturnType<WorkerCalls[N]>>;
} {
  let opened: Opened | null = null;
  let next = 0;
  const streams = new Map<number, { stream: ReturnType<RunSteps["pool"]["open"]>; talk: StreamTalk }>();
  const texts = new Map<number, AsyncGenerator<string, void, undefined>>();
  const present = <T>(part: T | null | undefined, what: string): T => {
    if (!part) throw new TypeError(`this run has no ${what}: it is of the kind ${opened?.run.kind}`);
    return part;
  };
  return {
    async open(address) {
      useExecutor(await loadWasmExecutor());
      const run = await fetchRun(address);
      opened = { run, predictor: run.predictor?.() ?? null, steps: runSteps(run) };
      return factsOf(opened);
    },
    async predict(inputs) {
      const predictor = present(opened?.predictor, "predictions");
      const read = inputs.map((input, i) => {
        try {
          return predictor.read(input);
        } catch (error) {
          throw new TypeError(`inputs[${i}]: ${(error as Error).message}`);
        }
      });
      return predictor.predict(read);
    },
    async openStream() {
      const { pool, talk } = present(opened?.steps, "streams");
      streams.set(next, { stream: pool.open(), talk: talk() });
      return next++;
    },
    async step(number, input, options) {
      const { pool } = present(opened?.steps, "streams");
      const { stream, talk } = present(streams.get(number), "such stream");
      const { rows, begin, answer } = talk.read(input);
      begin();
      let output: ArrayLike<number> = [];
      for (const row of rows) output = pool.step([stream], row);
      return answer(output, options);
    },
    async closeStream(number) {
      streams.get(number)?.stream.close();
      streams.delete(number);
    },
    async startText(settings) {
      if (opened?.run.kind !== "text") throw new TypeError("only runs on texts draw texts");
      texts.set(next, pieces(opened.run as OpenedTextRun, settings));
      return next++;
    },
    async continueText(number) {
      const piece = await present(texts.get(number), "such text").next();
      return piece.done ? null : piece.value;
    },
    async endText(number) {
      await texts.get(number)?.return();
      texts.delete(number);
    },
  };
}

function factsOf({ run, predictor, steps }: Opened): RunFacts {
  const wasm = executorReport().find(({ name }) => name === "wasm");
  return {
    kind: run.kind,
    step: run.step,
    settings: run.config.settings,
    predicts: predictor?.input ?? null,
    streams: steps?.input ?? null,
    draws: run.kind === "text",
    executor: `wasm, ${wasm?.detail ?? ""}`,
  };
}

/** A text in pieces: what was drawn in the time after which it is told. */
async function* pieces(
  { model, params, vocabulary }: OpenedTextRun,
  { prompt = "", length = 500, temperature = 0.8, seed = 1 }: Parameters<WorkerCalls["startText"]>[0],
): AsyncGenerator<string, void, undefined> {
  const symbols = sampleSymbols(model, params, {
    key: Key.of(seed),
    length,
    temperature,
    prompt: vocabulary.encode(prompt),
    ...(vocabulary.unknown === null ? {} : { exclude: [vocabulary.unknown] }),
  });
  let drawn: number[] = [];
  let last = performance.now();
  for await (const symbol of symbols) {
    drawn.push(symbol);
    if (performance.now() - last < pieceTime) continue;
    yield vocabulary.decode(drawn);
    drawn = [];
    last = performance.now();
  }
  if (drawn.length > 0) yield vocabulary.decode(drawn);
}

/** A worker, from within. */
interface Worker {
  onmessage: ((event: { readonly data: Call }) => void) | null;
  postMessage(message: Reply): void;
}

/** Does what the page asks, one call after the other: a step waits for the one before it. */
function listen(worker: Worker): void {
  const calls = callsIn();
  let last: Promise<unknown> = Promise.resolve();
  worker.onmessage = ({ data: { id, name, args } }) => {
    const call = calls[name] as (...args: readonly unknown[]) => Promise<unknown>;
    last = last
      .then(() => call(...args))
      .then(
        (value) => worker.postMessage({ id, value }),
        (error: Error) => worker.postMessage({ id, error: { name: error.name, message: error.message } }),
      );
  };
}

listen(globalThis as unknown as Worker);
