import { associativeRecall, completion, Key, prioritySort, repeatCopy } from "longspan";
import { describe, expect, it } from "vitest";
import { answersOf, counts, spread, stepsOf, upTo } from "./sequences.js";

describe("associative recall", () => {
  it("items come behind their delimiter, one comes again between two, and the next is the answer", () => {
    const problem = associativeRecall({ items: 4, vectors: 2, width: 5 });
    expect([problem.input, problem.output]).toEqual([7, 5]);
    const batch = problem.sample(Key.of(1), 0, 300);
    const asked: number[] = [];
    for (const b of upTo(300)) {
      const steps = stepsOf(batch, b, problem);
      expect(steps.length).toBe(4 * 3 + 4 + 2);
      const items = upTo(4).map((i) => {
        expect(steps[3 * i]).toEqual([0, 0, 0, 0, 0, 1, 0]);
        return steps.slice(3 * i + 1, 3 * i + 3);
      });
      for (const t of [12, 15]) expect(steps[t]).toEqual([0, 0, 0, 0, 0, 0, 1]);
      for (const t of [16, 17]) expect(steps[t]).toEqual([0, 0, 0, 0, 0, 0, 0]);
      const { positions, answers } = answersOf(batch, b, problem);
      expect(positions).toEqual([16, 17]);
      const query = steps.slice(13, 15);
      const of = items.map((item) => JSON.stringify(item));
      const i = of.indexOf(JSON.stringify(query));
      expect(i).toBeGreaterThanOrEqual(0);
      // Two items may be equal: one in 341 pairs is.
      if (new Set(of).size < 4) continue;
      asked.push(i);
      expect(answers).toEqual(items[i + 1]!.map((row) => row.slice(0, 5)));
    }
    const [least, most, different] = spread(asked);
    expect([least, most, different]).toEqual([0, 2, 3]);
    // 100 each, with a deviation of 8.2.
    for (const n of counts(asked).values()) expect(Math.abs(n - asked.length / 3)).toBeLessThan(4 * 8.2);
  });

  it("has as many steps as published settings say", () => {
    const problem = associativeRecall({ items: [2, 6] });
    expect([problem.input, problem.output, problem.steps]).toEqual([8, 6, 32]);
    expect(problem.baseline).toBeCloseTo(6 * Math.LN2, 12);
    const items = upTo(60).map((k) => (problem.sample(Key.of(2), k, 1).structure.levels - 8) / 4);
    expect(spread(items)).toEqual([2, 6, 5]);
  });
});

describe("repeat copy", () => {
  it("vectors come, then their number in the scale of training; they come again and then the end", () => {
    const problem = repeatCopy({ length: 2, repeats: 3, width: 4 });
    const batch = problem.sample(Key.of(1), 0, 3);
    for (const b of [0, 1, 2]) {
      const steps = stepsOf(batch, b, problem);
      expect(steps.length).toBe(2 + 1 + 6 + 1);
      expect(steps[2]!.slice(0, 5)).toEqual([0, 0, 0, 0, 1]);
      expect(steps[2]![5]).toBeCloseTo((3 - 5.5) / Math.sqrt(8.25), 6);
      for (const row of steps.slice(3)) expect(row).toEqual([0, 0, 0, 0, 0, 0]);
      const { positions, answers } = answersOf(batch, b, problem);
      expect(positions).toEqual([3, 4, 5, 6, 7, 8, 9]);
      const vectors = steps.slice(0, 2).map((row) => [...row.slice(0, 4), 0]);
      expect(answers).toEqual([...vectors, ...vectors, ...vectors, [0, 0, 0, 0, 1]]);
    }
    expect(problem.baseline).toBeCloseTo((4 * Math.LN2 * 6) / 7, 12);
  });

  it("the scaled number has mean 0 and variance 1, and all numbers come", () => {
    const problem = repeatCopy({ length: [1, 3] });
    const said: number[] = [];
    for (const k of upTo(3000)) {
      const batch = problem.sample(Key.of(4), k, 1);
      const row = stepsOf(batch, 0, problem).find((features) => features[8] === 1)!;
      said.push(row[9]!);
    }
    expect(spread(said)[2]).toBe(10);
    const mean = said.reduce((a, v) => a + v, 0) / said.length;
    const square = said.reduce((a, v) => a + v * v, 0) / said.length;
    // Four standard errors; the fourth moment of ten equal steps is 1.78.
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(3000));
    expect(Math.abs(square - 1)).toBeLessThan(4 * Math.sqrt(0.78 / 3000));
  });

  it("a scale of one number is refused", () => {
    expect(() => repeatCopy({ length: 3, scale: [4, 4] })).toThrow(
      "repeatCopy: scale is from 4 to 4, which has no variance to divide by; give two numbers, such as [1, 10]",
    );
  });
});

describe("priority sort", () => {
  it("the vectors of the highest priorities are the answer, the highest first", () => {
    const problem = prioritySort({ length: 5, sorted: 3, width: 4 });
    const batch = problem.sample(Key.of(1), 0, 4);
    for (const b of upTo(4)) {
      const steps = stepsOf(batch, b, problem);
      expect(steps.length).toBe(5 + 1 + 3);
      expect(steps[5]).toEqual([0, 0, 0, 0, 0, 1]);
      const ranked = steps.slice(0, 5).sort((p, q) => q[4]! - p[4]!);
      const { positions, answers } = answersOf(batch, b, problem);
      expect(positions).toEqual([6, 7, 8]);
      expect(answers).toEqual(ranked.slice(0, 3).map((row) => row.slice(0, 4)));
    }
  });

  it("gives 16 of 20; priorities are uniform between -1 and 1", () => {
    const problem = prioritySort({ length: 20 });
    const batch = problem.sample(Key.of(1), 0, 100);
    expect(batch.targets.length).toBe(100 * 16 * 8);
    const priorities = upTo(100).flatMap((b) =>
      stepsOf(batch, b, problem)
        .slice(0, 20)
        .map((row) => row[8]!),
    );
    expect(Math.max(...priorities.map(Math.abs))).toBeLessThanOrEqual(1);
    const square = priorities.reduce((a, v) => a + v * v, 0) / 2000;
    // Variance 1/3; the deviation of a square is sqrt(4/45).
    expect(Math.abs(square - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / 2000));
  });

  it("more than come cannot be given", () => {
    expect(() => prioritySort({ length: 3, sorted: 4 })).toThrow(
      "prioritySort: length is an integer of at least 4, or the shortest and the longest of such lengths: no more can be given than come, got 3",
    );
  });
});

describe("completion", () => {
  it("one of the vectors comes again with masked bits, and the whole vector is the answer", () => {
    const problem = completion({ length: 4, width: 12, masked: 0.25 });
    const batch = problem.sample(Key.of(1), 0, 200);
    const masks: number[] = [];
    for (const b of upTo(200)) {
      const steps = stepsOf(batch, b, problem);
      expect(steps.length).toBe(6);
      const key = steps[4]!;
      expect(key[12]).toBe(1);
      const masked = upTo(12).filter((i) => key[i] === 0);
      expect(masked.length).toBe(3);
      masks.push(...masked);
      const { positions, answers } = answersOf(batch, b, problem);
      expect(positions).toEqual([5]);
      const signs = answers[0]!.map((bit) => 2 * bit - 1);
      expect(key.slice(0, 12).every((v, i) => v === 0 || v === signs[i])).toBe(true);
      const stored = steps.slice(0, 4).map((row) => JSON.stringify(row.slice(0, 12)));
      expect(stored).toContain(JSON.stringify(signs));
    }
    // 50 each, with a deviation below 7.
    for (const n of counts(masks).values()) expect(Math.abs(n - 50)).toBeLessThan(28);
    expect(problem.baseline).toBeCloseTo(3 * Math.LN2, 12);
  });
});
