import { copyVectors, Key, reverseVectors } from "longspan";
import { describe, expect, it } from "vitest";
import { answersOf, stepsOf } from "./sequences.js";

describe.each([
  ["copy", copyVectors, (vectors: number[][]) => vectors],
  ["reversal", reverseVectors, (vectors: number[][]) => vectors.toReversed()],
] as const)("%s", (_, make, again) => {
  it("vectors come, then the delimiter, then nothing while they are given again", () => {
    const problem = make({ length: 3, width: 4 });
    const batch = problem.sample(Key.of(1), 0, 5);
    for (let b = 0; b < 5; b++) {
      const steps = stepsOf(batch, b, problem);
      expect(steps.length).toBe(7);
      const vectors = steps.slice(0, 3);
      for (const row of vectors) expect(row[4]).toBe(0);
      expect(steps[3]).toEqual([0, 0, 0, 0, 1]);
      for (const row of steps.slice(4)) expect(row).toEqual([0, 0, 0, 0, 0]);
      const { positions, answers } = answersOf(batch, b, problem);
      expect(positions).toEqual([4, 5, 6]);
      expect(answers).toEqual(again(vectors.map((row) => row.slice(0, 4))));
    }
    expect(problem.baseline).toBeCloseTo(4 * Math.LN2, 12);
  });

  it("bits are 1 as often as 0, and all lengths of a range come", () => {
    const problem = make({ length: [1, 20] });
    expect([problem.input, problem.output, problem.steps]).toEqual([9, 8, 41]);
    const batches = Array.from({ length: 200 }, (_, k) => problem.sample(Key.of(3), k, 5));
    const lengths = new Set(batches.map(({ structure }) => (structure.levels - 1) / 2));
    expect([Math.min(...lengths), Math.max(...lengths), lengths.size]).toEqual([1, 20, 20]);
    const bits = batches.flatMap(({ targets }) => [...targets]);
    // Four standard errors.
    const mean = bits.reduce((a, v) => a + v, 0) / bits.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(2 / Math.sqrt(bits.length));
  });

  it("of symbols has classes as answers", () => {
    const problem = make({ length: 6, symbols: 128 });
    expect([problem.input, problem.output, problem.answer]).toEqual([129, 128, "class"]);
    const batch = problem.sample(Key.of(1), 0, 2);
    for (const b of [0, 1]) {
      const symbols = stepsOf(batch, b, problem)
        .slice(0, 6)
        .map((row) => [row.indexOf(1)]);
      expect(answersOf(batch, b, problem).answers).toEqual(again(symbols));
    }
    expect(problem.baseline).toBeCloseTo(Math.log(128), 12);
  });

  it("a width and symbols exclude each other", () => {
    expect(() => make({ length: 6, symbols: 128, width: 8 })).toThrow(
      "width is 8 and symbols is 128, but a vector that is one of some symbols has no bits; leave one out",
    );
  });
});
