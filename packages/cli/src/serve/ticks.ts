import type { PooledStream, StreamPool } from "longspan";

/** Steps of streams that wait to be taken together. */
export interface Ticks {
  /**
   * Goes on in a stream row by row. Steps of one stream are taken in the order in which they were asked for.
   * @returns the output of the last row
   */
  step(stream: PooledStream<unknown>, rows: readonly ArrayLike<number>[]): Promise<ArrayLike<number>>;
  /** Rows that wait. */
  readonly waiting: number;
}

/** Told of each tick: how many streams were stepped, and how long it took. */
export type TickWatch = (streams: number, seconds: number) => void;

interface Request {
  readonly rows: readonly ArrayLike<number>[];
  /** How many of them were read. */
  read: number;
  done(output: ArrayLike<number>): void;
  failed(error: unknown): void;
}

/**
 * Steps the streams of a pool together: a tick is one call for all streams that have something to read. What arrives while a tick is
 * computed waits for the next one, so nobody waits for company, and the more there is to do the more is done at once.
 */
export function ticksOf(pool: StreamPool<unknown>, watch: TickWatch = () => {}): Ticks {
  const queues = new Map<PooledStream<unknown>, Request[]>();
  let waiting = 0;
  let scheduled = false;

  function tick(): void {
    scheduled = false;
    const streams = [...queues.keys()];
    const next = streams.map((stream) => {
      const { rows, read } = queues.get(stream)![0]!;
      return rows[read]!;
    });
    const width = next[0]!.length;
    const x = new Float64Array(streams.length * width);
    for (const [i, row] of next.entries()) x.set(row as number[], i * width);
    const begin = performance.now();
    try {
      const output = pool.step(streams, x);
      const each = output.length / streams.length;
      for (const [i, stream] of streams.entries())
        readOne(stream, () => output.slice(i * each, (i + 1) * each));
    } catch (error) {
      // A stream that was closed while it waited, or a defect: nothing has moved, and nobody is left waiting.
      for (const stream of streams) fail(stream, error);
    }
    watch(streams.length, (performance.now() - begin) / 1000);
    schedule();
  }

  function readOne(stream: PooledStream<unknown>, output: () => ArrayLike<number>): void {
    const queue = queues.get(stream)!;
    const request = queue[0]!;
    request.read += 1;
    waiting -= 1;
    if (request.read < request.rows.length) return;
    queue.shift();
    if (queue.length === 0) queues.delete(stream);
    request.done(output());
  }

  function fail(stream: PooledStream<unknown>, error: unknown): void {
    for (const { rows, read, failed } of queues.get(stream)!) {
      waiting -= rows.length - read;
      failed(error);
    }
    queues.delete(stream);
  }

  function schedule(): void {
    if (scheduled || queues.size === 0) return;
    scheduled = true;
    // After the input that has arrived, so that requests of one moment share a tick.
    setImmediate(tick);
  }

  return {
    get waiting() {
      return waiting;
    },
    step: (stream, rows) =>
      new Promise((done, failed) => {
        waiting += rows.length;
        const request: Request = { rows, read: 0, done, failed };
        const queue = queues.get(stream);
        if (queue) queue.push(request);
        else queues.set(stream, [request]);
        schedule();
      }),
  };
}
