import type { RationalWeights } from "./net-of-units.js";
import type { Rational } from "./rational.js";

/** A number of at least 0 and at most 1: digits / base^exponent, with the least exponent. */
export interface ExactValue {
  readonly digits: bigint;
  readonly exponent: number;
}

/** h(t): the units that are not 0, with their values. */
export type ExactState = ReadonlyMap<number, ExactValue>;

/**
 * A net of the form (10.8) whose weights are multiples of 1 / base, in exact arithmetic. Nothing is ever rounded: the numbers of a state have as
 * many digits as they need. A unit that is 0 costs nothing.
 */
export class ExactNet {
  readonly initial: ExactState;
  private readonly base: bigint;
  private readonly size: number;
  /** Of each input and each unit, the units that it reaches and base times the weight. */
  private readonly fromInput: readonly Reached[];
  private readonly fromUnit: readonly Reached[];
  private readonly bias: Int32Array;
  private readonly sums: Int32Array;
  private readonly powers: bigint[] = [1n];

  constructor(
    { U, W, b, initial }: RationalWeights,
    private readonly baseNumber: number,
  ) {
    this.base = BigInt(baseNumber);
    this.size = b.length;
    this.fromInput = U.map((row) => this.reached(row));
    this.fromUnit = W.map((row) => this.reached(row));
    this.bias = Int32Array.from(b, (weight) => this.scaled(weight));
    this.sums = new Int32Array(b.length);
    const values = initial.map((value, unit) => [unit, this.value(BigInt(this.scaled(value)), 1)] as const);
    this.initial = new Map(values.filter(([, { digits }]) => digits > 0n));
  }

  /** h(t) of h(t-1) and x(t), whose bits are 0 or 1. */
  step(state: ExactState, x: readonly (0 | 1)[]): ExactState {
    const { sums } = this;
    // In units of 1 / base: what is whole, and beside it what has more digits.
    sums.set(this.bias);
    const fine: (ExactValue | undefined)[] = [];
    for (const [input, bit] of x.entries()) if (bit === 1) addWhole(sums, this.fromInput[input]!);
    for (const [unit, value] of state) {
      const reached = this.fromUnit[unit]!;
      if (value.exponent === 0) addWhole(sums, reached);
      else
        for (let i = 0; i < reached.units.length; i++) {
          const to = reached.units[i]!;
          const part = { digits: value.digits * reached.exact[i]!, exponent: value.exponent + 1 };
          fine[to] = fine[to] === undefined ? part : this.plus(fine[to], part);
        }
    }
    const next = new Map<number, ExactValue>();
    for (let unit = 0; unit < this.size; unit++) {
      const more = fine[unit];
      if (more !== undefined) {
        const value = this.saturated(this.plus(more, { digits: BigInt(sums[unit]!), exponent: 1 }));
        if (value.digits > 0n) next.set(unit, value);
      } else if (sums[unit]! >= this.baseNumber) next.set(unit, one);
      else if (sums[unit]! > 0) next.set(unit, { digits: BigInt(sums[unit]!), exponent: 1 });
    }
    return next;
  }

  /** The digits after the point, the first first; the base has as many. */
  digitsOf({ digits, exponent }: ExactValue): number[] {
    const found: number[] = [];
    for (let rest = digits; found.length < exponent; rest /= this.base) found.push(Number(rest % this.base));
    return found.reverse();
  }

  private reached(row: readonly Rational[]): Reached {
    const units = [...row.keys()].filter((to) => row[to]!.numerator !== 0n);
    const weights = units.map((to) => this.scaled(row[to]!));
    return { units: Int32Array.from(units), weights: Int32Array.from(weights), exact: weights.map(BigInt) };
  }

  private scaled({ numerator, denominator }: Rational): number {
    return Number((numerator * this.base) / denominator);
  }

  private plus(a: ExactValue, b: ExactValue): ExactValue {
    if (a.exponent < b.exponent) return this.plus(b, a);
    return { digits: a.digits + b.digits * this.power(a.exponent - b.exponent), exponent: a.exponent };
  }

  /** sigma(a) = min(max(a, 0), 1) */
  private saturated({ digits, exponent }: ExactValue): ExactValue {
    if (digits <= 0n) return zero;
    return digits >= this.power(exponent) ? one : this.value(digits, exponent);
  }

  private value(digits: bigint, exponent: number): ExactValue {
    let [least, count] = [digits, exponent];
    while (count > 0 && least % this.base === 0n) {
      least /= this.base;
      count--;
    }
    return { digits: least, exponent: count };
  }

  private power(exponent: number): bigint {
    for (let i = this.powers.length; i <= exponent; i++) this.powers.push(this.powers[i - 1]! * this.base);
    return this.powers[exponent]!;
  }
}

/** The units that something reaches, and base times its weights, as numbers for what is whole and exactly for what is not. */
interface Reached {
  readonly units: Int32Array;
  readonly weights: Int32Array;
  readonly exact: readonly bigint[];
}

function addWhole(sums: Int32Array, { units, weights }: Reached): void {
  for (let i = 0; i < units.length; i++) sums[units[i]!]! += weights[i]!;
}

const zero: ExactValue = { digits: 0n, exponent: 0 };
const one: ExactValue = { digits: 1n, exponent: 0 };
