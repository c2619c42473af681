import { Key, type OpenedTextRun, type PooledStream, sampleSymbols, UnknownSymbolError } from "longspan";
import { between, bodyOf, text, whole } from "./fields.js";
import { most } from "./limits.js";
import { Problem } from "./problem.js";
import type { Route, ServerEvent } from "./route.js";
import type { StreamList } from "./stream-list.js";
import type { Ticks } from "./ticks.js";

const fields = {
  prompt: text("What the text begins with.", ""),
  length: whole(0, most.length, "Symbols to draw.", 500),
  temperature: between(0, 100, "Below 1: more of the probable; 0: the most probable only.", 0.8),
  topK: whole(1, 2 ** 31 - 1, "Draw from so many most probable symbols only.", 2 ** 31 - 1),
  topP: between(1e-9, 1, "Draw from the most probable symbols that together have this share only.", 1),
  seed: whole(-(2 ** 31), 2 ** 31 - 1, "Another seed draws another text.", 1),
};

/** What generation needs of the server. */
export interface GenerateParts {
  readonly run: OpenedTextRun;
  readonly streams: StreamList;
  readonly ticks: Ticks;
  readonly seconds: number;
  readonly stopping: AbortSignal;
  readonly generated: (symbols: number) => void;
}

/** A text, symbol by symbol, as `longspan sample` draws it. Its stream is stepped together with the others. */
export function generateRoute(parts: GenerateParts): Route {
  return {
    method: "POST",
    path: "/generate",
    summary: "Draws a text from the model, symbol by symbol, as server-sent events",
    body: fields,
    answer: {
      status: 200,
      description:
        'Events: "symbol" with { text } for each symbol, then "end" with { symbols, reason }; the reason is "length", "time" or "stopping".',
      type: "text/event-stream",
    },
    run: ({ body, signal }) => generate(parts, body, signal),
  };
}

async function* generate(
  { run, streams, ticks, seconds, stopping, generated }: GenerateParts,
  body: unknown,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const { prompt, ...settings } = bodyOf(body, fields);
  const { model, params, vocabulary } = run;
  const { id } = streams.open();
  const time = AbortSignal.timeout(1000 * seconds);
  let symbols = 0;
  const draw = (stream: PooledStream<unknown>) =>
    sampleSymbols(model, params, {
      length: settings.length,
      temperature: settings.temperature,
      topK: Math.min(settings.topK, vocabulary.size),
      topP: settings.topP,
      key: Key.of(settings.seed),
      prompt: encoded(vocabulary, prompt),
      // What stands for unknown words is no word.
      ...(vocabulary.unknown === null ? {} : { exclude: [vocabulary.unknown] }),
      step: (symbol) => ticks.step(stream, [[symbol]]),
    });
  try {
    const drawn = await streams.use(id, async (stream) => draw(stream));
    let reason = "length";
    for await (const symbol of drawn) {
      symbols += 1;
      yield { event: "symbol", data: { text: vocabulary.decode([symbol]) } };
      if (signal.aborted) return;
      if (time.aborted || stopping.aborted) {
        if (symbols < settings.length) reason = stopping.aborted ? "stopping" : "time";
        break;
      }
    }
    yield { event: "end", data: { symbols, reason } };
  } finally {
    streams.close(id);
    generated(symbols);
  }
}

function encoded(vocabulary: OpenedTextRun["vocabulary"], prompt: string): Int32Array {
  try {
    return vocabulary.encode(prompt);
  } catch (error) {
    if (error instanceof UnknownSymbolError) throw new Problem(400, `prompt: ${error.message}`);
    throw error;
  }
}
