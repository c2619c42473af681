import { dynamicNGrams, Key, nGramOptimum } from "longspan";
import { describe, expect, it } from "vitest";
import { answersOf, stepsOf, upTo } from "./sequences.js";

describe("dynamic n-grams", () => {
  it("each bit is to be predicted from those before it", () => {
    const problem = dynamicNGrams({ length: 12, context: 3 });
    const batch = problem.sample(Key.of(1), 0, 5);
    for (const b of upTo(5)) {
      const bits = stepsOf(batch, b, problem).map(([bit]) => bit!);
      expect(bits.length).toBe(11);
      const { positions, answers } = answersOf(batch, b, problem);
      // From the third bit on; what follows a step is the input of the next.
      expect(positions).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(answers.slice(0, -1).flat()).toEqual(bits.slice(3));
    }
  });

  it("the optimum is that of Krichevsky and Trofimov, worked out by hand", () => {
    // With a context of one bit, the bits 0 1 0 1 1 have p = 1/2, 1/2, 3/4 (after 0 came 1), 1/4 (after 1 came 0).
    const problem = dynamicNGrams({ length: 5, context: 1 });
    const batch = problem.sample(Key.of(1), 0, 1);
    const fixed = {
      ...batch,
      x: Float32Array.of(0, 1, 0, 1),
      targets: Float32Array.of(1, 0, 1, 1),
    };
    const expected = -Math.log((1 / 2) * (1 / 2) * (3 / 4) * (1 / 4)) / 4;
    expect(nGramOptimum(fixed, 1)).toBeCloseTo(expected, 12);
    // Right up to 1.05 times that.
    const logits = (scale: number) =>
      [1 / 2, 1 / 2, 3 / 4, 1 / 4].map((p, i) => {
        const q = p ** scale;
        return (fixed.targets[i] === 1 ? 1 : -1) * Math.log(q / (1 - q));
      });
    expect(problem.wrong(logits(1), fixed)).toBe(0);
    expect(problem.wrong(logits(1.049), fixed)).toBe(0);
    expect(problem.wrong(logits(1.051), fixed)).toBe(1);
    expect(problem.wrong([Number.NaN, 0, 0, 0], fixed)).toBe(1);
  });

  it("no predictions that know what a context holds on average do better", () => {
    const problem = dynamicNGrams({ length: 200 });
    const batch = problem.sample(Key.of(3), 0, 1000);
    const optimum = nGramOptimum(batch);
    // With known probabilities it would be the mean entropy of Beta(1/2, 1/2): 2 ln 2 - 1 = 0.386. Learning 32 of them costs more.
    expect(optimum).toBeGreaterThan(0.386);
    expect(optimum).toBeLessThan(0.6 * Math.LN2 + 0.1);
    // Half of all bits are 1.
    const mean = [...batch.targets].reduce((a, y) => a + y, 0) / batch.targets.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
    expect(problem.wrong(new Float32Array(batch.targets.length), batch)).toBeGreaterThan(990);
  });

  it("lengths within the context are refused", () => {
    expect(() => dynamicNGrams({ length: 5 })).toThrow(
      "dynamicNGrams: length is an integer of at least 6, or the shortest and the longest of such lengths: a bit is predicted from those before it, got 5",
    );
  });
});
