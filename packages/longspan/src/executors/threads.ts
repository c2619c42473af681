import type { Executor } from "../program/index.js";

/** What an executor that runs on several threads has beside the rest. */
export interface Threaded {
  /** How many threads runs use at most. */
  threads: number;
  /** Physical cores that this process may use, and the number of threads by default. */
  readonly cores: number;
  /** Why threads could not be started, if that has happened; work is divided in the same way, and one thread does it all. */
  readonly trouble?: string | undefined;
}

const most = 64;

/** Whether an executor can run on several threads. */
export function isThreaded(executor: Executor): executor is Executor & Threaded {
  return "threads" in executor;
}

/**
 * A number of threads from a caller or from the environment.
 * @throws RangeError if it is none, naming where it was given
 */
export function threadCount(value: number | string, where: string): number {
  const count = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
  if (!Number.isInteger(count) || count < 1 || count > most)
    throw new RangeError(`${where}: ${value} threads; expected a whole number from 1 to ${most}`);
  return count;
}
