/** What a server allows. */
export interface Limits {
  /** Bytes of a body. */
  readonly body: number;
  /** Streams at once. */
  readonly streams: number;
  /** Seconds after which a stream that nobody uses is closed. */
  readonly idle: number;
  /** Requests per second from one address; 0 for any number. */
  readonly rate: number;
  /** Seconds that a request may take. */
  readonly seconds: number;
  /** Steps that may wait: of streams, rows; of other requests, inputs. */
  readonly waiting: number;
}

/** The largest lists and lengths that a request may ask for, whatever its size. */
export const most = { inputs: 10_000, steps: 10_000, length: 100_000 } as const;
