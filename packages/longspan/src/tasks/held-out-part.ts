import { check, checkSettings, type KindsOf, numbers, optional, rate, size } from "../check/index.js";
import { type Key, RandomNumbers } from "../tensor/index.js";
import { keyKind } from "../tensor/kinds.js";
import { shuffled } from "./shuffled.js";

/** What of a set of examples is held out. */
export interface HeldOutOptions {
  /** In [0, 1): of all examples, or of each stratum. */
  readonly share: number;
  readonly key: Key;
  /** The class of each example, a number from 0: each class gives its share, and keeps one example at least for training. */
  readonly strata?: ArrayLike<number>;
}

/** The numbers of examples, rising. */
export interface ExampleParts {
  readonly train: Int32Array;
  readonly valid: Int32Array;
}

/**
 * Parts examples at random into those that are learned from and those that are held out, by their numbers. It depends on its arguments
 * alone: a run that is taken up again holds out the same.
 *
 * @throws RangeError if the share is not in [0, 1), or there are not as many strata as examples
 * @example
 * const { train, valid } = heldOutPart(10, { share: 0.2, key: Key.of(1), strata: [0, 0, 0, 0, 0, 1, 1, 1, 1, 1] });
 * valid.length; // 2: one of each class
 * train.length; // 8
 */
export function heldOutPart(examples: number, options: HeldOutOptions): ExampleParts {
  check("heldOutPart", "examples", examples, size);
  const { share, key, strata } = checkSettings("heldOutPart", options, kinds);
  if (strata !== undefined && strata.length !== examples)
    throw new RangeError(
      `heldOutPart: there are ${examples} examples and ${strata.length} strata; give one for each example`,
    );
  const byStratum = new Map<number, number[]>();
  for (let i = 0; i < examples; i++) {
    const stratum = strata?.[i] ?? 0;
    const members = byStratum.get(stratum);
    if (members) members.push(i);
    else byStratum.set(stratum, [i]);
  }
  const isHeldOut = new Uint8Array(examples);
  for (const [stratum, members] of byStratum) {
    const order = shuffled([...members], new RandomNumbers(key.fold(stratum)));
    const count = Math.min(Math.round(share * members.length), members.length - 1);
    for (const i of order.slice(0, count)) isHeldOut[i] = 1;
  }
  const all = Int32Array.from({ length: examples }, (_, i) => i);
  return { train: all.filter((i) => isHeldOut[i] === 0), valid: all.filter((i) => isHeldOut[i] === 1) };
}

const kinds: KindsOf<HeldOutOptions> = { share: rate, key: keyKind, strata: optional(numbers) };
