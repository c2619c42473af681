import { threefry2x32 } from "../program/index.js";
import type { Key } from "./key.js";

/**
 * The random stream of a key as plain numbers, one after another, for data that is made on the CPU. The numbers are the key's alone:
 * whoever needs another stream folds the key first.
 *
 * @example
 * const draws = new RandomNumbers(Key.of(1));
 * draws.below(6); // 0, 1, 2, 3, 4 or 5
 */
export class RandomNumbers {
  private readonly words = new Int32Array(2);
  private readonly k0: number;
  private readonly k1: number;
  private block = 0;
  private unused = 0;

  constructor(key: Key) {
    [this.k0, this.k1] = key.words;
  }

  /** 32 random bits, as a whole number from 0. */
  bits(): number {
    if (this.unused === 0) {
      threefry2x32(this.k0, this.k1, 0, this.block++, this.words, 0);
      this.unused = 2;
    }
    this.unused -= 1;
    return this.words[1 - this.unused]! >>> 0;
  }

  /** A whole number from 0 to n - 1, for n up to 2^32; none is likelier than another by more than n / 2^32. */
  below(n: number): number {
    return Math.floor((this.bits() * n) / 2 ** 32);
  }

  /** A multiple of 2^-24 in [0, 1): float32 holds it exactly. */
  uniform(): number {
    return (this.bits() >>> 8) / 2 ** 24;
  }

  /** A standard normal number (Box and Muller 1958). */
  normal(): number {
    // Centred in its cell of width 2^-32, so never 0.
    const radius = Math.sqrt(-2 * Math.log((this.bits() + 0.5) / 2 ** 32));
    return radius * Math.cos((2 * Math.PI * this.bits()) / 2 ** 32);
  }
}
