/** The statuses of answers that are errors. */
export type ProblemStatus = 400 | 404 | 405 | 413 | 415 | 429 | 500 | 503;

/** An answer that is an error: what the client did or has to wait for, in one sentence. */
export class Problem extends Error {
  override name = "Problem";

  constructor(
    readonly status: ProblemStatus,
    message: string,
    /** Seconds after which it may be tried again. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}
