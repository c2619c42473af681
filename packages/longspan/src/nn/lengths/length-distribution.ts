import {
  atLeastZero,
  check,
  checkSettings,
  count,
  type KindsOf,
  listOf,
  optional,
} from "../../check/index.js";
import type { Key } from "../../tensor/index.js";
import { keyKind } from "../../tensor/kinds.js";
import { drawSymbol } from "../sampling-distribution.js";

/** Settings of `lengthDistribution`. */
export interface LengthDistributionSettings {
  /** The least length; 0 by default. */
  readonly least?: number;
  /** The greatest length; the greatest that was seen by default. */
  readonly most?: number;
  /** What is added to the count of each length from the least to the greatest; 1 by default. */
  readonly added?: number;
}

/** P(tau), made by `lengthDistribution`. */
export interface LengthDistribution {
  readonly least: number;
  readonly most: number;
  /** ln P(tau), in nats; -Infinity outside. */
  logProbability(length: number): number;
  /** A length. The same key gives the same. */
  sample(key: Key): number;
}

/**
 * The distribution of lengths, P(tau), from lengths that were seen: (count + added) / (all + added x lengths).
 *
 * To draw a sequence, draw its length, then run a model that is given it as an input (`stepNumbers`): P(tau) P(x | tau) (10.34).
 *
 * @throws RangeError if a length lies outside, or no length has a probability
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.3, equation 10.34
 * @example
 * const lengths = lengthDistribution([2, 3, 3], { added: 0 });
 * Math.exp(lengths.logProbability(3)) // 2/3
 * lengths.sample(Key.of(1)); // 2 or 3
 */
export function lengthDistribution(
  lengths: readonly number[],
  settings?: LengthDistributionSettings,
): LengthDistribution {
  check("lengthDistribution", "lengths", lengths, lengthsKind);
  const settled = checkSettings("lengthDistribution", settings, kinds);
  const { least = 0, most = lengths.reduce((a, b) => Math.max(a, b), least), added = 1 } = settled;
  if (least > most)
    throw new RangeError(`lengthDistribution: least is ${least}, above most, which is ${most}`);
  const p = new Float64Array(most - least + 1).fill(added);
  for (const [i, length] of lengths.entries()) {
    if (length < least || length > most)
      throw new RangeError(
        `lengthDistribution: lengths[${i}] is ${length}, expected a length from ${least} to ${most}`,
      );
    p[length - least]! += 1;
  }
  const total = p.reduce((a, b) => a + b, 0);
  if (total === 0)
    throw new RangeError(
      "lengthDistribution: lengths is an empty list and added is 0; no length has a probability",
    );
  for (let i = 0; i < p.length; i++) p[i]! /= total;
  return {
    least,
    most,
    logProbability(length) {
      check("LengthDistribution.logProbability", "length", length, count);
      return Math.log(p[length - least] ?? 0);
    },
    sample(key) {
      check("LengthDistribution.sample", "key", key, keyKind);
      // The words of a seed are no random numbers; those of a stream are.
      return least + drawSymbol(p, key.fold(0));
    },
  };
}

const lengthsKind = listOf(count, "a list of lengths");
const kinds: KindsOf<LengthDistributionSettings> = {
  least: optional(count),
  most: optional(count),
  added: optional(atLeastZero),
};
