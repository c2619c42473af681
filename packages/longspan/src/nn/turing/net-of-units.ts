import { plus, type Rational, rational } from "./rational.js";

/**
 * The weights of a net of the form (10.8) and (10.10), as rational numbers.
 *
 *     h(t) = sigma(b + W h(t-1) + U x(t)),   sigma(a) = min(max(a, 0), 1)
 *     o(t) = V h(t)
 *
 * Matrices are stored [in, out], as everywhere in the library.
 */
export interface RationalWeights {
  /** What each unit of h is for. */
  readonly units: readonly string[];
  /** [inputs, units] */
  readonly U: readonly (readonly Rational[])[];
  /** [units, units] */
  readonly W: readonly (readonly Rational[])[];
  /** [units] */
  readonly b: readonly Rational[];
  /** [units, outputs] */
  readonly V: readonly (readonly Rational[])[];
  /** h(0): [units] */
  readonly initial: readonly Rational[];
}

/** A number, or a fraction [numerator, denominator]. */
type Weight = number | readonly [numerator: number, denominator: number];

/** What a unit sums, by the names of units; `bias`, `x0` and `x1` stand for b and the inputs. */
export type Terms = readonly (readonly [from: string, weight: Weight])[];

/** A net by its units: each is declared with what it sums, in any order. */
export class NetOfUnits {
  private readonly numbers = new Map<string, number>();
  private readonly sums: Terms[] = [];
  private readonly starts: Weight[] = [];
  private readonly outputs: (readonly [from: string, output: 0 | 1])[] = [];

  /** @param start its value in h(0) */
  unit(name: string, terms: Terms, start: Weight = 0): void {
    this.numbers.set(name, this.sums.length);
    this.sums.push(terms);
    this.starts.push(start);
  }

  /** An output sums a unit. */
  output(from: string, output: 0 | 1): void {
    this.outputs.push([from, output]);
  }

  weights(): RationalWeights {
    const units = [...this.numbers.keys()];
    const rows = (count: number, width: number) => Array.from({ length: count }, () => zeros(width));
    const [U, W, V] = [rows(2, units.length), rows(units.length, units.length), rows(units.length, 2)];
    const b = zeros(units.length);
    const rowOf = (from: string) =>
      from === "bias" ? b : from === "x0" ? U[0]! : from === "x1" ? U[1]! : W[this.numbers.get(from)!]!;
    for (const [to, terms] of this.sums.entries())
      for (const [from, weight] of terms) {
        const row = rowOf(from);
        row[to] = plus(row[to]!, fraction(weight));
      }
    for (const [from, output] of this.outputs) V[this.numbers.get(from)!]![output] = rational(1n);
    return { units, U, W, b, V, initial: this.starts.map(fraction) };
  }
}

function fraction(weight: Weight): Rational {
  return typeof weight === "number"
    ? rational(BigInt(weight))
    : rational(BigInt(weight[0]), BigInt(weight[1]));
}

const zero = rational(0n);
const zeros = (length: number): Rational[] => Array.from({ length }, () => zero);
