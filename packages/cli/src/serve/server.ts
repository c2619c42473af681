import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { type OpenedRun, type OpenedTextRun, runSteps } from "longspan";
import { version } from "../version.js";
import { appOf } from "./app.js";
import { generateRoute } from "./generate.js";
import type { Limits } from "./limits.js";
import { metrics } from "./metrics.js";
import { openApi } from "./open-api.js";
import { predictRoute } from "./predict-route.js";
import { Problem } from "./problem.js";
import { rateLimit } from "./rate-limit.js";
import type { Route } from "./route.js";
import { streamList } from "./stream-list.js";
import { streamRoutes } from "./stream-routes.js";
import { ticksOf } from "./ticks.js";

/** What is served, and how. */
export interface ServerSettings {
  readonly run: OpenedRun;
  readonly limits: Limits;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Told of errors that are no client's. */
  readonly defect: (error: unknown) => void;
}

/** A server that runs. */
export interface RunServer {
  readonly address: AddressInfo;
  /** Begins nothing new, finishes what is under way for so many seconds at most, and ends. */
  stop(seconds: number): Promise<void>;
}

/** Serves a run over HTTP. @throws Error of the system if the address cannot be taken */
export async function serveRun({ run, limits, host, port, defect }: ServerSettings): Promise<RunServer> {
  const stop = new AbortController();
  const counts = metrics();
  const steps = runSteps(run);
  const ticks = steps && ticksOf(steps.pool, counts.tick);
  const streams = steps && streamList(steps, { most: limits.streams, idle: limits.idle });
  const own: Route[] = [
    ...(run.predictor ? [predictRoute(run.predictor(), limits)] : []),
    ...(steps ? streamRoutes({ steps, streams: streams!, ticks: ticks!, limits }) : []),
    ...(steps && run.kind === "text"
      ? [
          generateRoute({
            run: run as OpenedTextRun,
            streams: streams!,
            ticks: ticks!,
            seconds: limits.seconds,
            stopping: stop.signal,
            generated: counts.generated,
          }),
        ]
      : []),
  ];
  const about = { title: `A longspan run on ${run.kind}`, version };
  const load = () => ({ streams: streams?.size ?? 0, waiting: ticks?.waiting ?? 0 });
  const routes: Route[] = [
    ...own,
    {
      method: "GET",
      path: "/health",
      summary: "Whether the server takes requests",
      always: true,
      answer: { status: 200, description: "It does; 503 while it stops.", schema: { type: "object" } },
      run: async () => {
        if (stop.signal.aborted) throw new Problem(503, "the server is stopping", 1);
        return { status: "ok", kind: run.kind, step: run.step, ...load() };
      },
    },
    {
      method: "GET",
      path: "/metrics",
      summary: "What was counted, for Prometheus",
      always: true,
      answer: {
        status: 200,
        description: "Counts in Prometheus' text format.",
        type: "text/plain; version=0.0.4",
      },
      run: async () => counts.text(load()),
    },
    {
      method: "GET",
      path: "/openapi.json",
      summary: "This description",
      always: true,
      answer: { status: 200, description: "OpenAPI 3.1.", schema: { type: "object" } },
      run: async () => openApi(routes, about),
    },
  ];
  const app = appOf({
    routes,
    limits,
    metrics: counts,
    rate: rateLimit(limits.rate),
    stopping: stop.signal,
    defect,
  });
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: {
      requestTimeout: 1000 * limits.seconds,
      headersTimeout: 1000 * Math.min(limits.seconds, 20),
    },
  }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const expiry = setInterval(() => streams?.expire(Date.now()), Math.min(1000 * limits.idle, 10_000) / 2);
  expiry.unref();
  return {
    address: server.address() as AddressInfo,
    async stop(seconds) {
      stop.abort();
      clearInterval(expiry);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), 1000 * seconds);
      await closed;
      clearTimeout(late);
      steps?.dispose();
    },
  };
}
