import { randomUUID } from "node:crypto";
import type { PooledStream, RunSteps, StreamTalk } from "longspan";
import { Problem } from "./problem.js";

/** A stream of a client. */
export interface ClientStream {
  readonly id: string;
  readonly pooled: PooledStream<unknown>;
  /** What it reads and says. */
  readonly talk: StreamTalk;
}

/** The streams of the clients: by a name that nobody guesses, for as long as they are used. */
export interface StreamList {
  readonly size: number;
  /** @throws Problem 503 if there are as many as there may be */
  open(): ClientStream;
  /** Does something with a stream, which stays open for so long. @throws Problem 404 if there is no such stream */
  use<T>(id: string, work: (stream: PooledStream<unknown>, talk: StreamTalk) => Promise<T>): Promise<T>;
  /** @throws Problem 404 if there is no such stream */
  close(id: string): void;
  /** Closes those that nobody has used for too long. Returns how many. */
  expire(now: number): number;
}

/** What is kept of a stream. */
interface Kept extends ClientStream {
  /** When it was used last, in milliseconds. */
  used: number;
  /** Requests that are under way. */
  busy: number;
  closed: boolean;
}

/** @param most streams at once @param idle seconds after which an unused stream is closed */
export function streamList(
  { pool, talk }: Pick<RunSteps, "pool" | "talk">,
  {
    most,
    idle,
    now = Date.now,
  }: { readonly most: number; readonly idle: number; readonly now?: () => number },
): StreamList {
  const kept = new Map<string, Kept>();

  function find(id: string): Kept {
    const stream = kept.get(id);
    if (!stream)
      throw new Problem(
        404,
        `there is no stream ${JSON.stringify(id.slice(0, 40))}: it was closed, or not used for ${idle} seconds; open one with POST /streams`,
      );
    return stream;
  }

  function remove(stream: Kept): void {
    kept.delete(stream.id);
    stream.closed = true;
    // Who steps it now steps it to the end.
    if (stream.busy === 0) stream.pooled.close();
  }

  return {
    get size() {
      return kept.size;
    },
    open() {
      if (kept.size >= most)
        throw new Problem(
          503,
          `${most} streams are open, which is as many as there may be; try again later`,
          1,
        );
      const stream: Kept = {
        id: randomUUID(),
        pooled: pool.open(),
        talk: talk(),
        used: now(),
        busy: 0,
        closed: false,
      };
      kept.set(stream.id, stream);
      return stream;
    },
    async use(id, work) {
      const stream = find(id);
      stream.busy += 1;
      try {
        return await work(stream.pooled, stream.talk);
      } finally {
        stream.used = now();
        stream.busy -= 1;
        if (stream.closed && stream.busy === 0) stream.pooled.close();
      }
    },
    close: (id) => remove(find(id)),
    expire(at) {
      const old = [...kept.values()].filter(({ busy, used }) => busy === 0 && at - used > 1000 * idle);
      for (const stream of old) remove(stream);
      return old.length;
    },
  };
}
