import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { Limits } from "./limits.js";
import type { Metrics } from "./metrics.js";
import { Problem } from "./problem.js";
import type { RateLimit } from "./rate-limit.js";
import type { Route, ServerEvent } from "./route.js";

/** What requests go through. */
export interface AppParts {
  readonly routes: readonly Route[];
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly rate: RateLimit;
  /** Ends when the server stops: then nothing new is begun. */
  readonly stopping: AbortSignal;
  /** Told of an error that is no client's: a defect. */
  readonly defect: (error: unknown) => void;
}

type Env = { Bindings: Partial<HttpBindings> };

/** The routes as a web application: what a request may be, its limits and its errors are the same for all. */
export function appOf(parts: AppParts): Hono<Env> {
  const { routes, metrics } = parts;
  const app = new Hono<Env>();
  for (const route of routes)
    app.on(route.method, [route.path.replace("{id}", ":id")], (context) =>
      counted(route.path, metrics, context, () => answered(route, parts, context)),
    );
  app.notFound((context) =>
    counted("other", metrics, context, async () => problemOf(unknownAddress(routes, context), parts)),
  );
  app.onError((error) => problemOf(error, parts));
  return app;
}

async function counted(
  route: string,
  metrics: Metrics,
  _context: Context<Env>,
  answer: () => Promise<Response>,
): Promise<Response> {
  const begin = performance.now();
  const response = await answer();
  metrics.request(route, response.status, (performance.now() - begin) / 1000);
  return response;
}

async function answered(route: Route, parts: AppParts, context: Context<Env>): Promise<Response> {
  const { limits, rate, stopping } = parts;
  try {
    if (!route.always) {
      if (stopping.aborted) throw new Problem(503, "the server is stopping", 1);
      rate(context.env?.incoming?.socket.remoteAddress ?? "");
    }
    const body = route.body === undefined ? undefined : await readBody(context, limits.body);
    const ended = new AbortController();
    const result = route.run({ id: context.req.param("id") ?? "", body, signal: ended.signal });
    if (Symbol.asyncIterator in result) return await events(context, result, ended, parts);
    const value = await within(limits.seconds, result, ended);
    const { status, type = "application/json" } = route.answer;
    if (value === null) return new Response(null, { status });
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return new Response(text, { status, headers: { "content-type": type } });
  } catch (error) {
    return problemOf(error, parts);
  }
}

/** The body of a request, as JSON. @throws Problem */
async function readBody({ req }: Context<Env>, limit: number): Promise<unknown> {
  const type = req.header("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new Problem(
      415,
      `the content type is ${JSON.stringify(type.slice(0, 60))}, expected "application/json"`,
    );
  const bytes = await bytesOf(req, limit);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Problem(400, `the body is not JSON in UTF-8: ${(error as Error).message.slice(0, 200)}`);
  }
}

async function bytesOf(req: Context<Env>["req"], limit: number): Promise<ArrayBuffer | Uint8Array> {
  const tooLarge = () => new Problem(413, `the body has more than ${limit} bytes; send less at a time`);
  try {
    const said = req.header("content-length");
    if (said !== undefined) {
      if (Number(said) > limit) throw tooLarge();
      // It is no longer than it says: Node.js sees to that.
      return await req.arrayBuffer();
    }
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of (req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
      length += part.length;
      if (length > limit) throw tooLarge();
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch (error) {
    if (error instanceof Problem) throw error;
    // A connection that broke, or chunks that are none.
    throw new Problem(400, "the body broke off before its end");
  }
}

/** A result, if it comes in time. @throws Problem 503 otherwise */
async function within<T>(seconds: number, result: Promise<T>, ended: AbortController): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      ended.abort();
      reject(new Problem(503, `the answer took longer than ${seconds} seconds; ask for less at a time`, 1));
    }, 1000 * seconds);
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Sends events as they come. What is wrong with the request shows before the first one, and is a usual error. */
async function events(
  context: Context<Env>,
  all: AsyncIterable<ServerEvent>,
  ended: AbortController,
  parts: AppParts,
): Promise<Response> {
  const iterator = all[Symbol.asyncIterator]();
  const first = await iterator.next();
  return streamSSE(context, async (out) => {
    out.onAbort(() => ended.abort());
    try {
      for (let next = first; !next.done; next = await iterator.next()) {
        const { event, data } = next.value;
        await out.writeSSE({ event, data: JSON.stringify(data) });
      }
    } catch (error) {
      const { message } = error instanceof Problem ? error : defectIn(error, parts);
      await out.writeSSE({ event: "error", data: JSON.stringify({ error: { message } }) });
    }
  });
}

function problemOf(error: unknown, parts: AppParts): Response {
  const { status, message, retryAfter } = error instanceof Problem ? error : defectIn(error, parts);
  const headers = new Headers();
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  // Nobody reads the rest of the body, and a server that stops keeps no connection.
  if (status === 413 || parts.stopping.aborted) headers.set("connection", "close");
  headers.set("content-type", "application/json");
  return new Response(JSON.stringify({ error: { message } }), { status, headers });
}

/** An error that is not the client's: it is told where the server runs, and the client learns no more than that. */
function defectIn(error: unknown, { defect }: AppParts): Problem {
  defect(error);
  return new Problem(500, "the server made a mistake, which its log tells");
}

function unknownAddress(routes: readonly Route[], { req }: Context<Env>): Problem {
  const same = routes.filter(({ path }) => new RegExp(`^${path.replace("{id}", "[^/]+")}$`).test(req.path));
  const known = routes.map(({ method, path }) => `${method} ${path}`).join(", ");
  return same.length > 0
    ? new Problem(
        405,
        `${req.path} takes ${same.map(({ method }) => method).join(" and ")}, not ${req.method}`,
      )
    : new Problem(404, `there is nothing at this address; there are ${known}`);
}
