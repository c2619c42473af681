import { binaryAdder, busyBeaver, turingNetwork } from "longspan";
import { expect, test } from "vitest";
import { ExactNet, type ExactState } from "../../../src/nn/turing/exact-net.js";
import { plus, type Rational, rational } from "../../../src/nn/turing/rational.js";

const times = (a: Rational, b: Rational) =>
  rational(a.numerator * b.numerator, a.denominator * b.denominator);
const [zero, one] = [rational(0n), rational(1n)];

/** min(max(a, 0), 1) */
function saturated(a: Rational): Rational {
  if (a.numerator <= 0n) return zero;
  return a.numerator >= a.denominator ? one : a;
}

test.each([
  ["busy beaver 3", busyBeaver(3), ""],
  ["adder", binaryAdder(), "1101"],
] as const)(
  "every unit of every state is sigma(b + W h + U x), by fractions in lowest terms: %s",
  (_, machine, input) => {
    const { weights, base, run } = turingNetwork(machine);
    const { U, W, b, initial } = weights;
    const net = new ExactNet(weights, base);
    let state: ExactState = net.initial;
    let h = initial.map((value) => value);
    for (let t = 1; t <= run(input).time + 4; t++) {
      const bit = input[t - 1];
      const x: readonly (0 | 1)[] = bit === undefined ? [0, 0] : [bit === "1" ? 1 : 0, 1];
      const a = [...b];
      const adds = (row: readonly Rational[], value: Rational) => {
        for (const [to, weight] of row.entries())
          if (weight.numerator !== 0n) a[to] = plus(a[to]!, times(weight, value));
      };
      for (const [i, v] of x.entries()) if (v === 1) adds(U[i]!, one);
      for (const [i, v] of h.entries()) if (v.numerator !== 0n) adds(W[i]!, v);
      h = a.map(saturated);
      state = net.step(state, x);
      const found = h.map((_, unit) => {
        const { digits, exponent } = state.get(unit) ?? { digits: 0n, exponent: 0 };
        return rational(digits, BigInt(base) ** BigInt(exponent));
      });
      expect(found).toEqual(h);
    }
  },
);
