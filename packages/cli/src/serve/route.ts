import type { Fields } from "./fields.js";

/** What a route is given. */
export interface RouteRequest {
  /** The part of the path that names a stream; "" where there is none. */
  readonly id: string;
  /** The body, as JSON; undefined where the route takes none. */
  readonly body: unknown;
  /** Ends when the client goes away, or the time is up. */
  readonly signal: AbortSignal;
}

/** What an address of the server does: all that the server and the description of its interface know of it. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** With `{id}` for the name of a stream. */
  readonly path: string;
  readonly summary: string;
  /** The fields of the body; absent where there is none. */
  readonly body?: Fields;
  /** What a good answer is: its status, a description, and a JSON Schema or another type of contents. */
  readonly answer: {
    readonly status: 200 | 201 | 204;
    readonly description: string;
    readonly schema?: object;
    readonly type?: string;
  };
  /** Whether it is answered although the server is stopping, and at any rate. */
  readonly always?: true;
  /** The answer: JSON, nothing, a text of `answer.type`, or a stream of events. @throws Problem */
  run(request: RouteRequest): Promise<object | string | null> | AsyncIterable<ServerEvent>;
}

/** An event that is sent while a request goes on. */
export interface ServerEvent {
  readonly event: string;
  readonly data: object;
}
