import { check, number } from "../../check/index.js";

/**
 * Nats as bits: divides by ln 2. Bits per character is this of the mean cross-entropy per character.
 * @example natsToBits(Math.LN2) // 1
 */
export function natsToBits(nats: number): number {
  check("natsToBits", "nats", nats, number);
  return nats / Math.LN2;
}

/**
 * Perplexity: e to the mean cross-entropy per token, the number of equally likely tokens that would be as
 * hard to predict.
 * @param meanNats as given by `crossEntropyMean`, in nats per token
 * @example perplexity(Math.log(50)) // 50
 */
export function perplexity(meanNats: number): number {
  check("perplexity", "meanNats", meanNats, number);
  return Math.exp(meanNats);
}
