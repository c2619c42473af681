import { check, count, integer, kind, number, type RequiredKind } from "../check/index.js";
import { threefry2x32 } from "../program/index.js";
import { hostAccess } from "./host-access.js";

const words = new Int32Array(2);

/**
 * The key of a random stream: 64 bits. Keys are values: nothing is consumed by using one, the same key gives the same
 * numbers, and independent streams come from `split` and `fold` (Threefry-2x32).
 *
 * @example
 * const [forInit, forDropout] = Key.of(1).split(2);
 */
export class Key {
  private constructor(
    /** Two 32-bit words. */
    readonly words: readonly [number, number],
  ) {}

  /** The key of a seed: any safe integer. */
  static of(seed: number): Key {
    check("Key.of", "seed", seed, integer);
    return new Key([Math.floor(seed / 2 ** 32) | 0, seed | 0]);
  }

  /** The key of two 32-bit words, such as those of a stored `words`. */
  static fromWords(k0: number, k1: number): Key {
    check("Key.fromWords", "k0", k0, number);
    check("Key.fromWords", "k1", k1, number);
    return new Key([k0 | 0, k1 | 0]);
  }

  /** The key of stream number `data` under this one. */
  fold(data: number): Key {
    check("Key.fold", "data", data, integer);
    threefry2x32(this.words[0], this.words[1], Math.floor(data / 2 ** 32) | 0, data | 0, words, 0);
    const key = new Key([words[0]!, words[1]!]);
    hostAccess()?.folded(this.words, data, key.words);
    return key;
  }

  /** `many` independent keys. */
  split(many: number): Key[] {
    check("Key.split", "count", many, count);
    return Array.from({ length: many }, (_, i) => this.fold(i));
  }
}

/** A key of random numbers. */
export const keyKind: RequiredKind = kind("a Key, such as Key.of(1)", (value) => value instanceof Key);
