import { adding, centred, embeddedReber, Key, noiselessMemorisation, twoSequences } from "longspan";
import { describe, expect, it } from "vitest";

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, v) => a + v, 0) / values.length;

/** The values of one feature. */
const feature = (x: Float32Array, i: number, size: number) => x.filter((_, k) => k % size === i);

describe("a centred problem", () => {
  it("has inputs and answers of mean 0, and is otherwise as it was", () => {
    const problem = adding({ length: 40 });
    const shifted = centred(problem);
    const [before, after] = [problem, shifted].map((p) => p.sample(Key.of(1), 0, 2000)) as [
      ReturnType<typeof problem.sample>,
      ReturnType<typeof problem.sample>,
    ];
    // Two markers among 40 to 43 steps, numbers in [0, 1), answers with the standard deviation 1 / sqrt(24).
    expect(Math.abs(mean(feature(after.x, 0, 2)))).toBeLessThan(0.01);
    expect(Math.abs(mean(feature(after.x, 1, 2)))).toBeLessThan(0.003);
    expect(Math.abs(mean(after.targets))).toBeLessThan(5 * (0.2041 / Math.sqrt(1000)));
    expect(mean(before.targets)).toBeCloseTo(0.5, 1);
    for (const i of [0, 1]) {
      const shifts = feature(
        before.x.map((v, k) => v - after.x[k]!),
        i,
        2,
      );
      // One mean for all steps: 1/2, and 2 of about 41.5.
      expect(Math.max(...shifts) - Math.min(...shifts)).toBeLessThan(1e-6);
      expect(shifts[0]).toBeCloseTo([0.5, 2 / 41.5][i]!, 2);
    }
    expect(after.structure).toBe(before.structure);
    expect([shifted.name, shifted.baseline]).toEqual([problem.name, problem.baseline]);
    expect(centred(problem).sample(Key.of(1), 3, 5)).toEqual(shifted.sample(Key.of(1), 3, 5));
  });

  it("takes the same answers for wrong", () => {
    for (const problem of [adding({ length: 20 }), twoSequences({ length: 8 })]) {
      const shifted = centred(problem);
      const [before, after] = [problem, shifted].map((p) => p.sample(Key.of(2), 0, 50)) as [
        ReturnType<typeof problem.sample>,
        ReturnType<typeof problem.sample>,
      ];
      const shift = problem.answer === "number" ? before.targets[0]! - after.targets[0]! : 0;
      const outputs = Float32Array.from({ length: 50 * problem.output }, (_, i) => Math.sin(i));
      const wrong = problem.wrong(outputs, before);
      expect(wrong).toBeGreaterThan(0);
      expect(wrong).toBeLessThan(50);
      expect(
        shifted.wrong(
          outputs.map((y) => y - shift),
          after,
        ),
      ).toBe(wrong);
      if (problem.answer === "number") expect(shifted.wrong(after.targets, after)).toBe(0);
    }
  });

  it("of one-hot inputs keeps the classes and takes away how often a symbol comes", () => {
    const problem = noiselessMemorisation({ length: 10, bits: 5 });
    const [before, after] = [problem, centred(problem)].map((p) => p.sample(Key.of(1), 0, 4)) as [
      ReturnType<typeof problem.sample>,
      ReturnType<typeof problem.sample>,
    ];
    expect(after.targets).toEqual(before.targets);
    // 20 steps: 5 symbols of 2 values, 14 blanks and a cue.
    const shifts = [0, 1, 2, 3].map((i) => before.x[i]! - after.x[i]!);
    for (const [i, share] of [1 / 8, 1 / 8, 7 / 10, 1 / 20].entries())
      expect(shifts[i]).toBeCloseTo(share, 1);
    expect(shifts[2]).toBeCloseTo(0.7, 6);
    const strings = centred(embeddedReber());
    const lots = strings.sample(Key.of(5), 0, 1000);
    for (let i = 0; i < strings.input; i++)
      expect(Math.abs(mean(feature(lots.x, i, strings.input)))).toBeLessThan(0.02);
  });

  it("refuses to take means of nothing", () => {
    expect(() => centred(adding({ length: 20 }), { sequences: 0 })).toThrow(
      "centred: sequences is a positive integer, got 0",
    );
  });
});
