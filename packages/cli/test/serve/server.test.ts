import { connect } from "node:net";
import { Key, type OpenedRun, type OpenedTextRun, sampleSymbols } from "longspan";
import { openRun } from "longspan/node";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Limits } from "../../src/serve/limits.js";
import { type RunServer, serveRun } from "../../src/serve/server.js";
import { freshFolder } from "../command.js";
import { classifyRunIn, syntheticRunIn, textRunIn } from "./runs.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);

const usual: Limits = { body: 100_000, streams: 100, idle: 60, rate: 0, seconds: 20, waiting: 10_000 };
const defects: unknown[] = [];
let server: RunServer | null = null;
let base = "";
afterEach(async () => {
  await server?.stop(1);
  server = null;
  expect(defects.splice(0)).toEqual([]);
});

async function start(run: OpenedRun, limits: Partial<Limits> = {}): Promise<void> {
  server = await serveRun({
    run,
    limits: { ...usual, ...limits },
    host: "127.0.0.1",
    port: 0,
    defect: (error) => defects.push(error),
  });
  base = `http://127.0.0.1:${server.address.port}`;
}

interface Answer {
  readonly status: number;
  readonly json: never;
  readonly headers: Headers;
}

async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(base + path, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const text = await response.text();
  return {
    status: response.status,
    json: text === "" ? null : JSON.parse(text),
    headers: response.headers,
  } as Answer;
}

const openStream = async () => ((await ask("POST", "/streams")).json as { id: string }).id;
const messageOf = ({ json }: Answer) => (json as { error: { message: string } }).error.message;
const figure = async (name: string) => {
  const text = await (await fetch(`${base}/metrics`)).text();
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.split(" ")[1],
  );
};

const text = openRun(await textRunIn(folder), "text");
const synthetic = openRun(await syntheticRunIn(folder), "synthetic");
/** What the text's model says after each character, in this process. */
function logitsAlone({ model, params, vocabulary }: OpenedTextRun, read: string): number[] {
  const stream = model.stream(params);
  let last: number[] = [];
  for (const symbol of vocabulary.encode(read)) last = Array.from(stream.step(symbol));
  stream.dispose();
  return last;
}

describe("streams over HTTP", () => {
  it("a stream of a text: after one character or several, the numbers of a stream in the process", async () => {
    await start(text);
    const id = await openStream();
    for (const [read, all] of [
      ["h", "h"],
      ["ello ", "hello "],
      ["w", "hello w"],
    ] as const) {
      const { status, json } = await ask("POST", `/streams/${id}/steps`, {
        input: read,
        logits: true,
        top: 2,
      });
      expect(status).toBe(200);
      const { logits, next } = json as { logits: number[]; next: { symbol: string; probability: number }[] };
      expect(logits).toEqual(logitsAlone(text, all));
      const best = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!).slice(0, 2);
      expect(next.map(({ symbol }) => symbol)).toEqual(best.map((s) => text.vocabulary.symbols[s]));
      const sum = logits.reduce((all, x) => all + Math.exp(x), 0);
      expect(next[0]!.probability).toBeCloseTo(Math.exp(logits[best[0]!]!) / sum, 12);
    }
    expect((await ask("DELETE", `/streams/${id}`)).status).toBe(204);
    const gone = await ask("POST", `/streams/${id}/steps`, { input: "a" });
    expect([gone.status, messageOf(gone)]).toEqual([
      404,
      `there is no stream "${id}": it was closed, or not used for 60 seconds; open one with POST /streams`,
    ]);
  });

  it("a stream of numbers", async () => {
    await start(synthetic);
    const id = await openStream();
    const rows = [
      [0.25, 1],
      [0.5, -1],
      [1, 0.125],
    ];
    const alone = synthetic.model.stream(synthetic.params);
    const expected = rows.map((row) => Array.from(alone.step(row)));
    alone.dispose();
    const first = await ask("POST", `/streams/${id}/steps`, { input: rows[0] });
    expect(first.json).toEqual({ output: expected[0] });
    const last = await ask("POST", `/streams/${id}/steps`, { input: rows.slice(1) });
    expect(last.json).toEqual({ output: expected[2] });
    const wrong = await ask("POST", `/streams/${id}/steps`, { input: [1] });
    expect([wrong.status, messageOf(wrong)]).toEqual([400, "row 0 of the input has length 1, expected 2"]);
  });

  it("what arrives together is stepped together, and each stream has the numbers that it has alone", async () => {
    await start(text);
    const words = Array.from({ length: 40 }, (_, i) => `${"stream of words".slice(i % 7)} ${"abc"[i % 3]}`);
    const ids = await Promise.all(words.map(openStream));
    const answers = await Promise.all(
      ids.map((id, i) => ask("POST", `/streams/${id}/steps`, { input: words[i], logits: true })),
    );
    expect(answers.map(({ json }) => (json as { logits: number[] }).logits)).toEqual(
      words.map((word) => logitsAlone(text, word)),
    );
    const [steps, calls] = [
      await figure("longspan_tick_streams_sum"),
      await figure("longspan_tick_streams_count"),
    ];
    expect(steps).toBe(words.join("").length);
    expect(calls).toBeLessThan(steps / 4);
    // One request for all: as few calls as the longest takes.
    const many = await ask("POST", "/steps", {
      steps: ids.map((stream, i) => ({ stream, input: "xyz".slice(i % 3) })),
      logits: true,
    });
    expect((many.json as { answers: { logits: number[] }[] }).answers.map(({ logits }) => logits)).toEqual(
      words.map((word, i) => logitsAlone(text, word + "xyz".slice(i % 3))),
    );
    expect(await figure("longspan_tick_streams_count")).toBe(calls + 3);
  });

  it("in a request for many, a step that cannot be taken has an error, and the others are taken", async () => {
    await start(text);
    const [a, b] = [await openStream(), await openStream()];
    const { status, json } = await ask("POST", "/steps", {
      steps: [
        { stream: a, input: "a" },
        { stream: "none", input: "a" },
        { stream: b, input: "A" },
        { stream: a, input: "b" },
      ],
      logits: true,
    });
    const { answers } = json as {
      answers: { logits: number[]; error: { status: number; message: string } }[];
    };
    expect(status).toBe(200);
    expect(answers[1]!.error.status).toBe(404);
    expect(answers[2]!.error).toEqual({
      status: 400,
      message:
        'steps[2]: the character "A" (U+0041), character 0 of the text counted from 0, is not among the 30 of the vocabulary',
    });
    expect(answers[0]!.logits).toEqual(logitsAlone(text, "a"));
    expect(answers[3]!.logits).toEqual(logitsAlone(text, "ab"));
  });

  it("a stream that is closed while its steps wait is stepped to the end", async () => {
    await start(text);
    const id = await openStream();
    const [answer, closed] = await Promise.all([
      ask("POST", `/streams/${id}/steps`, {
        input: "a long text that takes its time".repeat(50),
        logits: true,
      }),
      new Promise((resolve) => setTimeout(resolve, 5)).then(() => ask("DELETE", `/streams/${id}`)),
    ]);
    expect([answer.status, closed.status]).toEqual([200, 204]);
    expect(await figure("longspan_streams_open")).toBe(0);
  });
});

describe("generation over HTTP", () => {
  const events = (body: string) =>
    body
      .split("\n\n")
      .filter((part) => part !== "")
      .map((part) => {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(part)!;
        return { event, data: JSON.parse(data!) };
      });
  const generate = async (body: object) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${base}/generate`, { method: "POST", headers, body: JSON.stringify(body) });
    return { response, text: await response.text() };
  };

  it("draws what `longspan sample` draws, symbol by symbol, as server-sent events, many at once", async () => {
    await start(text);
    const seeds = [1, 2, 3, 4, 5];
    const drawn = await Promise.all(
      seeds.map((seed) =>
        generate({ prompt: "once ", length: 30, seed, temperature: 0.9, topK: 12, topP: 0.95 }),
      ),
    );
    for (const [i, seed] of seeds.entries()) {
      const { model, params, vocabulary } = text;
      const prompt = vocabulary.encode("once ");
      const settings = { key: Key.of(seed), length: 30, temperature: 0.9, topK: 12, topP: 0.95, prompt };
      const expected: string[] = [];
      for await (const symbol of sampleSymbols(model, params, settings))
        expected.push(vocabulary.decode([symbol]));
      const { response, text: body } = drawn[i]!;
      expect(response.headers.get("content-type")).toContain("text/event-stream");
      const found = events(body);
      expect(found.slice(0, -1)).toEqual(expected.map((text) => ({ event: "symbol", data: { text } })));
      expect(found.at(-1)).toEqual({ event: "end", data: { symbols: 30, reason: "length" } });
    }
    expect(await figure("longspan_generated_symbols_total")).toBe(150);
    expect(await figure("longspan_streams_open")).toBe(0);
  });

  it("a prompt that the model does not know, and a setting that cannot be, are usual errors", async () => {
    await start(text);
    const unknown = await generate({ prompt: "Ä" });
    expect([unknown.response.status, JSON.parse(unknown.text).error.message]).toEqual([
      400,
      'prompt: the character "Ä" (U+00C4), character 0 of the text counted from 0, is not among the 30 of the vocabulary',
    ]);
    const cold = await generate({ temperature: -1 });
    expect([cold.response.status, JSON.parse(cold.text).error.message]).toEqual([
      400,
      "temperature is -1, expected a number from 0 to 100",
    ]);
    expect(await figure("longspan_streams_open")).toBe(0);
  });

  it("a client that goes away ends it", async () => {
    await start(text);
    const gone = new AbortController();
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${base}/generate`, {
      method: "POST",
      headers,
      body: JSON.stringify({ length: 100_000 }),
      signal: gone.signal,
    });
    await response.body!.getReader().read();
    gone.abort();
    await expect.poll(() => figure("longspan_streams_open"), { timeout: 10_000 }).toBe(0);
    expect(await figure("longspan_generated_symbols_total")).toBeLessThan(100_000);
  });
});

describe("predictions over HTTP", () => {
  it("an answer to each input: those of the run's predictor", async () => {
    const run = openRun(await classifyRunIn(folder), "classify");
    await start(run, { waiting: 50 });
    const texts = Array.from({ length: 30 }, (_, i) => "a text of some length".slice(0, 1 + (i % 20)));
    const predictor = run.predictor();
    const expected = await predictor.predict(texts.map((text) => predictor.read(text)));
    const { status, json } = await ask("POST", "/predict", { inputs: texts });
    expect([status, json]).toEqual([200, { answers: JSON.parse(JSON.stringify(expected)) }]);
    const wrong = await ask("POST", "/predict", { inputs: ["a text", null] });
    expect(wrong.status).toBe(400);
    expect(messageOf(wrong)).toMatch(/^inputs\[1\]: /);
    const many = await ask("POST", "/predict", { inputs: [...texts, ...texts] });
    expect([many.status, messageOf(many)]).toEqual([
      503,
      "0 inputs wait, and there may be 50; try again later",
    ]);
  });
});

describe("limits", () => {
  const post = (path: string, body: string | ReadableStream, type = "application/json") =>
    fetch(base + path, {
      method: "POST",
      body,
      headers: { "content-type": type },
      duplex: "half",
    } as RequestInit);
  const message = async (response: Response) =>
    ((await response.json()) as { error: { message: string } }).error.message;

  it("413: a body that is too large, whether it says so or not", async () => {
    await start(text, { body: 1000 });
    const id = await openStream();
    const large = JSON.stringify({ input: "a".repeat(2000) });
    const said = await post(`/streams/${id}/steps`, large);
    expect([said.status, await message(said)]).toEqual([
      413,
      "the body has more than 1000 bytes; send less at a time",
    ]);
    const chunks = new ReadableStream({
      start(out) {
        out.enqueue(new TextEncoder().encode(large));
        out.close();
      },
    });
    expect((await post(`/streams/${id}/steps`, chunks)).status).toBe(413);
    expect((await ask("POST", `/streams/${id}/steps`, { input: "a" })).status).toBe(200);
  });

  it("415 and 400: a body of another type, a body that is no JSON, fields that are none", async () => {
    await start(text);
    const id = await openStream();
    const path = `/streams/${id}/steps`;
    const other = await post(path, "a", "text/plain");
    expect([other.status, await message(other)]).toEqual([
      415,
      'the content type is "text/plain", expected "application/json"',
    ]);
    for (const [body, expected] of [
      ["{", "the body is not JSON in UTF-8: "],
      ["[]", "the body is a list of 0 entries, expected an object with input, top, logits"],
      ["{}", "input is missing, expected a value"],
      ['{"input": 5}', "the input is 5, expected a text of characters that the model knows"],
      ['{"input": ""}', "the input is empty, expected a text"],
      ['{"input": "a", "tpo": 1}', '"tpo" is unknown (did you mean top?); known are input, top, logits'],
      ['{"input": "a", "top": 0}', "top is 0, expected a whole number from 1 to 1000"],
    ] as const) {
      const response = await post(path, body);
      expect(response.status).toBe(400);
      expect(await message(response)).toContain(expected);
    }
  });

  it("404 and 405: an address that is none, a method that it does not take", async () => {
    await start(text);
    const none = await ask("GET", "/nothing");
    expect([none.status, messageOf(none).slice(0, 50)]).toEqual([
      404,
      "there is nothing at this address; there are POST /",
    ]);
    const get = await ask("GET", "/streams");
    expect([get.status, messageOf(get)]).toEqual([405, "/streams takes POST, not GET"]);
  });

  it("429: more requests from one address than there may be; health is told all the same", async () => {
    await start(text, { rate: 5 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask("POST", "/streams")));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(5);
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(5);
    expect(refused[0]!.headers.get("retry-after")).toBe("1");
    expect(messageOf(refused[0]!)).toBe(
      "more than 5 requests per second came from your address; wait a moment",
    );
    expect((await ask("GET", "/health")).status).toBe(200);
  });

  it("503: as many streams as there may be, as many steps as may wait", async () => {
    await start(text, { streams: 2, waiting: 10 });
    const id = await openStream();
    await openStream();
    const third = await ask("POST", "/streams");
    expect([third.status, messageOf(third)]).toEqual([
      503,
      "2 streams are open, which is as many as there may be; try again later",
    ]);
    const long = await ask("POST", `/streams/${id}/steps`, { input: "eleven of e" });
    expect([long.status, messageOf(long)]).toEqual([
      503,
      "0 steps wait, and there may be 10; try again later",
    ]);
    expect((await ask("POST", `/streams/${id}/steps`, { input: "ten" })).status).toBe(200);
  });

  it("503: an answer that takes too long; then the stream goes on", async () => {
    await start(text, { seconds: 0.05 });
    const id = await openStream();
    const late = await ask("POST", `/streams/${id}/steps`, { input: "a".repeat(9000) });
    expect([late.status, messageOf(late)]).toEqual([
      503,
      "the answer took longer than 0.05 seconds; ask for less at a time",
    ]);
  });

  it("streams that nobody uses are closed", async () => {
    await start(text, { idle: 0.2 });
    const id = await openStream();
    await expect.poll(() => figure("longspan_streams_open"), { timeout: 10_000 }).toBe(0);
    expect((await ask("POST", `/streams/${id}/steps`, { input: "a" })).status).toBe(404);
  });
});

describe("what the server tells of itself", () => {
  it("OpenAPI names every address, with the fields of its body", async () => {
    await start(text);
    const { json } = await ask("GET", "/openapi.json");
    const { openapi, paths } = json as { openapi: string; paths: Record<string, Record<string, never>> };
    expect(openapi).toBe("3.1.0");
    expect(Object.entries(paths).map(([path, methods]) => `${Object.keys(methods)} ${path}`)).toEqual([
      "post /predict",
      "post /streams",
      "post /streams/{id}/steps",
      "delete /streams/{id}",
      "post /steps",
      "post /generate",
      "get /health",
      "get /metrics",
      "get /openapi.json",
    ]);
    const { requestBody, responses } = paths["/generate"]!.post as never as {
      requestBody: {
        content: { "application/json": { schema: { properties: object; required: string[] } } };
      };
      responses: object;
    };
    const { schema } = requestBody.content["application/json"];
    expect(schema.required).toEqual([]);
    expect(Object.keys(schema.properties)).toEqual([
      "prompt",
      "length",
      "temperature",
      "topK",
      "topP",
      "seed",
    ]);
    expect(Object.keys(responses)).toEqual(["200", "400", "404", "413", "415", "429", "503"]);
  });

  it("health and metrics", async () => {
    await start(text);
    await openStream();
    expect((await ask("GET", "/health")).json).toEqual({
      status: "ok",
      kind: "text",
      step: 7,
      streams: 1,
      waiting: 0,
    });
    const page = await (await fetch(`${base}/metrics`)).text();
    expect(page).toContain('longspan_requests_total{route="/streams",status="201"} 1\n');
    expect(page).toContain("# TYPE longspan_request_seconds histogram\n");
    for (const line of page.trim().split("\n"))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [\d.e+-]+)$/);
  });
});

describe("10^4 malformed requests", () => {
  /** Whole numbers that look random, the same each time. */
  let state = 11;
  const draw = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % below;
  };
  const bytes = () => Buffer.from(Array.from({ length: draw(60) }, () => draw(256)));
  const pick = <T>(list: readonly T[]) => list[draw(list.length)]!;
  const values = [
    null,
    5,
    -1,
    1e308,
    "",
    "Ä",
    "\u0000",
    [],
    [[]],
    {},
    true,
    "a".repeat(300),
    { input: "a" },
    [1, "2"],
  ];

  /** A text that is no good request: JSON with a wrong value, JSON that is cut or changed, or bytes. */
  function badBody(): Buffer {
    const field = pick([
      "input",
      "steps",
      "prompt",
      "length",
      "top",
      "logits",
      "temperature",
      "topK",
      "seed",
      "x",
    ]);
    const good = JSON.stringify({ [field]: pick(values), [pick(["input", "none", "seed"])]: pick(values) });
    const way = draw(4);
    if (way === 0) return bytes();
    if (way === 1) return Buffer.from(good.slice(0, draw(good.length)));
    const changed = Buffer.from(good);
    if (way === 2) changed[draw(changed.length)] = draw(256);
    return changed;
  }

  it("each is refused by 4xx, and the server goes on", async () => {
    await start(text, { body: 200 });
    const id = await openStream();
    const paths = [
      `/streams/${id}/steps`,
      "/steps",
      "/streams/none/steps",
      "/generate",
      "/predict",
      `/${"x".repeat(200)}`,
    ];
    const types = [
      "application/json",
      "application/json",
      "application/json",
      "text/plain",
      "",
      "application/json; charset=x",
    ];
    const statuses = new Map<number, number>();
    const one = async () => {
      const type = pick(types);
      const response = await fetch(base + pick(paths), {
        method: pick(["POST", "POST", "POST", "PUT", "PATCH"]),
        body: badBody(),
        headers: type === "" ? {} : { "content-type": type },
      });
      const body = await response.text();
      expect(JSON.parse(body).error.message).toBeTypeOf("string");
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    };
    for (let i = 0; i < 9_600; i += 32) await Promise.all(Array.from({ length: 32 }, one));
    expect([...statuses.keys()].sort()).toEqual([400, 404, 405, 413, 415]);
    expect((await ask("POST", `/streams/${id}/steps`, { input: "a" })).status).toBe(200);
  }, 120_000);

  it("so is what is no HTTP: the connection is closed, with 4xx at most", async () => {
    await start(text);
    const port = server!.address.port;
    const heads = [
      "GET / HTTP/1.1\r\n",
      "POST /steps HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999999999\r\n\r\n",
      "\u0000\r\n\r\n",
      "POST /steps HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n\r\nzz\r\n",
      `GET /${"y".repeat(70_000)} HTTP/1.1\r\n\r\n`,
    ];
    const raw = (data: Buffer) =>
      new Promise<string>((resolve) => {
        let answer = "";
        const socket = connect(port, "127.0.0.1", () => socket.end(data));
        socket.on("data", (part) => {
          answer += part;
        });
        socket.on("error", () => resolve(answer));
        socket.on("close", () => resolve(answer));
      });
    for (let i = 0; i < 400; i += 20) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () =>
          raw(draw(2) ? Buffer.concat([Buffer.from(pick(heads)), bytes()]) : bytes()),
        ),
      );
      for (const answer of answers) expect(answer).toMatch(/^$|^HTTP\/1\.1 4\d\d /);
    }
    expect((await ask("GET", "/health")).status).toBe(200);
  }, 60_000);
});
