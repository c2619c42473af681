import { Problem } from "./problem.js";

/** Counts a request of a client. @throws Problem 429 if it is one too many */
export type RateLimit = (client: string) => void;

/** The most clients that are remembered: beyond, those that have been silent for a second are forgotten. */
const mostClients = 10_000;

/**
 * At most so many requests per second from one address, as a bucket of tokens: it holds as many as a second brings, so that a client may
 * send them at once.
 * @param perSecond 0 for no limit
 */
export function rateLimit(perSecond: number, now: () => number = Date.now): RateLimit {
  if (perSecond === 0) return () => {};
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (client) => {
    const at = now();
    if (buckets.size >= mostClients)
      for (const [name, bucket] of buckets) if (at - bucket.at > 1000) buckets.delete(name);
    const bucket = buckets.get(client) ?? { tokens: perSecond, at };
    bucket.tokens = Math.min(perSecond, bucket.tokens + ((at - bucket.at) / 1000) * perSecond);
    bucket.at = at;
    buckets.set(client, bucket);
    if (bucket.tokens < 1)
      throw new Problem(
        429,
        `more than ${perSecond} requests per second came from your address; wait a moment`,
        1,
      );
    bucket.tokens -= 1;
  };
}
