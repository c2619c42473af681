import { Key, multiQueryRecall, parity } from "longspan";
import { describe, expect, it } from "vitest";
import { answersOf, counts, spread, stepsOf, symbolsOf, upTo } from "./sequences.js";

describe("multi-query recall", () => {
  it("pairs come, each key comes again once, and its value is the answer there", () => {
    const problem = multiQueryRecall({ pairs: 5, steps: 41, symbols: 6 });
    expect([problem.input, problem.output, problem.steps]).toEqual([12, 6, 41]);
    expect(problem.baseline).toBeCloseTo(Math.log(6), 12);
    const batch = problem.sample(Key.of(1), 0, 200);
    for (const b of upTo(200)) {
      const symbols = stepsOf(batch, b, problem).map((row) => {
        expect(row.filter((v) => v !== 0).every((v) => v === 1)).toBe(true);
        return row.indexOf(1);
      });
      expect(symbols.length).toBe(41);
      const keys = upTo(5).map((i) => symbols[2 * i]!);
      const values = upTo(5).map((i) => symbols[2 * i + 1]! - 6);
      expect(new Set(keys).size).toBe(5);
      for (const key of keys) expect(key >= 0 && key < 6).toBe(true);
      for (const value of values) expect(value >= 0 && value < 6).toBe(true);
      const { positions, answers } = answersOf(batch, b, problem);
      expect(positions).toEqual(upTo(41).filter((t) => t >= 10 && symbols[t]! >= 0));
      expect(positions.every((t) => t % 2 === 0)).toBe(true);
      const asked = positions.map((t) => symbols[t]!);
      expect([...asked].sort()).toEqual([...keys].sort());
      expect(answers.map(([v]) => v)).toEqual(asked.map((key) => values[keys.indexOf(key)]));
    }
  });

  it("a key comes again after g with a probability in proportion to (g + 1)^(a - 1)", () => {
    const gapsOf = (power: number) => {
      const problem = multiQueryRecall({ pairs: 1, steps: 10, symbols: 2, power });
      const batch = problem.sample(Key.of(2), 0, 4000);
      return counts(Array.from(batch.scored, (row) => (batch.structure.parts.positions[row]! - 2) / 2));
    };
    for (const power of [0.01, 1]) {
      const found = gapsOf(power);
      const weights = upTo(4).map((g) => (g + 1) ** (power - 1));
      const total = weights.reduce((a, w) => a + w);
      expect(spread([...found.keys()])).toEqual([0, 3, 4]);
      for (const [g, w] of weights.entries()) {
        const p = w / total;
        expect(Math.abs(found.get(g)! - 4000 * p)).toBeLessThan(4 * Math.sqrt(4000 * p * (1 - p)));
      }
    }
  });

  it("has 16 steps for each pair where none are asked for; a range of pairs gives one number to each batch", () => {
    expect(multiQueryRecall({ pairs: 64 }).steps).toBe(1024);
    const problem = multiQueryRecall({ pairs: [2, 4], steps: 32 });
    const pairs = upTo(60).map((k) => problem.sample(Key.of(3), k, 1).scored.length);
    expect(spread(pairs)).toEqual([2, 4, 3]);
  });

  it("refuses sequences without room, and keys that cannot differ", () => {
    expect(() => multiQueryRecall({ pairs: [2, 5], steps: 19 })).toThrow(
      "multiQueryRecall: steps is an integer of at least 20: 4 for each of 5 pairs, got 19",
    );
    expect(() => multiQueryRecall({ pairs: 5, symbols: 4 })).toThrow(
      "multiQueryRecall: symbols is an integer of at least 5: the keys of 5 pairs differ, got 4",
    );
  });
});

describe("parity", () => {
  it("says at each step whether there was an odd number of ones", () => {
    const problem = parity({ length: [3, 9] });
    expect([problem.input, problem.output, problem.steps]).toEqual([2, 2, 9]);
    for (const k of upTo(20)) {
      const batch = problem.sample(Key.of(4), k, 3);
      for (const b of upTo(3)) {
        const bits = symbolsOf(batch, b, problem);
        const odd = bits.map((_, t) => bits.slice(0, t + 1).reduce((a, bit) => a + bit, 0) % 2);
        expect(answersOf(batch, b, problem).answers.flat()).toEqual(odd);
      }
    }
  });
});
