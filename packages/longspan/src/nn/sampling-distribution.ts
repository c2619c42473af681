import {
  atLeastZero,
  check,
  checkSettings,
  count,
  type KindsOf,
  listOf,
  numbers,
  optional,
  share,
  size,
} from "../check/index.js";
import type { Key } from "../tensor/index.js";

/** Which symbols may be drawn, and how probable each is made. */
export interface SamplingSettings {
  /** Divides the logits: below 1 favours what is probable, 0 takes the most probable. 1 by default: the model itself. */
  readonly temperature?: number;
  /** Only the `topK` most probable symbols are drawn; all by default. */
  readonly topK?: number;
  /** Only the nucleus is drawn: the fewest most probable symbols that together have this probability, in (0, 1]; 1 by default. */
  readonly topP?: number;
  /** Symbols that are never drawn, such as the one for unknown words; none by default. */
  readonly exclude?: readonly number[];
}

/**
 * The distribution that a symbol is drawn from, in this order:
 *
 *     1. p(i) = softmax(logits / temperature)(i)
 *     2. p(i) = 0 for what is excluded
 *     3. top-k: p(i) = 0 for all but the k most probable
 *     4. nucleus: of those, the fewest most probable whose share of what 3 left is at least topP; p(i) = 0 for the others
 *     5. divided by the sum
 *
 * Among equally probable symbols, those with lower numbers come first, so exactly k are left by step 3, or all where k is
 * larger. At least one is left by step 4. At temperature 0, the most probable symbol that is not excluded has probability 1.
 *
 * The cost is that of one exponential per symbol, and of one sort if `topK` or `topP` leaves symbols out.
 *
 * @param logits unnormalised log-probabilities, one per symbol
 * @returns one probability per symbol
 * @throws RangeError if a setting is impossible, or nothing is left
 * @throws Error if a logit is not finite
 * @see Holtzman et al. (2020), "The curious case of neural text degeneration" (nucleus); Fan, Lewis, Dauphin (2018),
 * "Hierarchical neural story generation" (top-k)
 * @example
 * const logits = [1, 2, 4].map(Math.log);
 * samplingDistribution(logits, { topK: 2 }); // Float64Array [0, 1/3, 2/3]
 * samplingDistribution(logits, { topP: 0.5 }); // Float64Array [0, 0, 1]
 */
export function samplingDistribution(
  logits: ArrayLike<number>,
  settings: SamplingSettings = {},
): Float64Array {
  check("samplingDistribution", "logits", logits, numbers);
  checkSettings("samplingDistribution", settings, samplingKinds);
  if (logits.length === 0) throw new RangeError("samplingDistribution: logits holds no number");
  return distributionOf("samplingDistribution", logits, settings);
}

/** `samplingDistribution` of settings that were checked; `what` begins the messages. */
export function distributionOf(
  what: string,
  logits: ArrayLike<number>,
  settings: SamplingSettings,
): Float64Array {
  const { temperature = 1, topK = logits.length, topP = 1 } = settings;
  for (let i = 0; i < logits.length; i++)
    if (!Number.isFinite(logits[i]))
      throw new RangeError(`${what}: the logits are not finite; are the parameters damaged?`);
  const isExcluded = excluded(what, settings, logits.length);
  let best = -1;
  for (let i = 0; i < logits.length; i++)
    if (!isExcluded[i] && (best < 0 || logits[i]! > logits[best]!)) best = i;
  const p = new Float64Array(logits.length);
  if (temperature === 0) {
    p[best] = 1;
    return p;
  }
  for (let i = 0; i < p.length; i++)
    p[i] = isExcluded[i] ? 0 : Math.exp((logits[i]! - logits[best]!) / temperature);
  if (topK < p.length || topP < 1) leaveMostProbable(p, topK, topP);
  let sum = 0;
  for (const v of p) sum += v;
  for (let i = 0; i < p.length; i++) p[i]! /= sum;
  return p;
}

/** Sets to 0 all but the `topK` largest weights, and of those all but the fewest largest that have the share `topP` of their sum. */
function leaveMostProbable(weights: Float64Array, topK: number, topP: number): void {
  const descending = weights.toSorted().reverse();
  let left = Math.min(topK, descending.length);
  if (topP < 1) {
    const total = descending.subarray(0, left).reduce((a, b) => a + b, 0);
    let [sum, count] = [descending[0]!, 1];
    while (count < left && sum < topP * total) sum += descending[count++]!;
    left = count;
  }
  // The smallest weight that is left, and how many of those that equal it are.
  const smallest = descending[left - 1]!;
  let ties = left - descending.indexOf(smallest);
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === smallest && ties > 0) ties -= 1;
    else if (weights[i]! <= smallest) weights[i] = 0;
  }
}

/** The kinds of the settings of sampling. */
export const samplingKinds: KindsOf<SamplingSettings> = {
  temperature: optional(atLeastZero),
  topK: optional(size),
  topP: optional(share),
  exclude: optional(listOf(count, "a list of symbols")),
};

/** @throws RangeError if nothing is left. @returns which of `size` symbols are excluded. */
export function excluded(what: string, { exclude = [] }: SamplingSettings, size: number): Uint8Array {
  const isExcluded = new Uint8Array(size);
  let left = size;
  for (const i of exclude) {
    if (!(Number.isInteger(i) && i >= 0 && i < size))
      throw new RangeError(`${what}: exclude holds ${i}; symbols run from 0 to ${size - 1}`);
    left -= 1 - isExcluded[i]!;
    isExcluded[i] = 1;
  }
  if (left === 0)
    throw new RangeError(`sampling: no symbol is left to draw: ${size} of ${size} are excluded`);
  return isExcluded;
}

/** The symbol at which the distribution function passes a uniform number, which follows from the key alone. */
export function drawSymbol(distribution: Float64Array, key: Key): number {
  let rest = uniformNumber(key);
  let last = 0;
  for (let i = 0; i < distribution.length; i++) {
    const p = distribution[i]!;
    if (p === 0) continue;
    rest -= p;
    if (rest < 0) return i;
    last = i;
  }
  // Rounding may leave a crumb; a symbol of probability 0 is never drawn.
  return last;
}

/** A number in [0, 1) of 53 bits. */
export function uniformNumber({ words: [a, b] }: Key): number {
  return ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53;
}
