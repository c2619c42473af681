import {
  copyMemory,
  Key,
  noiselessMemorisation,
  randomPermutation,
  temporalOrder,
  temporalOrder1997,
} from "longspan";
import { describe, expect, it } from "vitest";
import { counts, spread, symbolsOf, upTo } from "./sequences.js";

const sequences = 1000;

describe("temporal order", () => {
  it.each([
    [
      2,
      57,
      [
        [5, 9],
        [28, 32],
      ],
    ],
    [
      3,
      100,
      [
        [10, 19],
        [30, 39],
        [60, 69],
      ],
    ],
  ] as const)("%s symbols, L = %s: places, classes and distractors", (symbols, length, ranges) => {
    const problem = temporalOrder({ length, symbols });
    const batch = problem.sample(Key.of(1), 0, sequences);
    const places: number[][] = ranges.map(() => []);
    const distractors: number[] = [];
    for (let b = 0; b < sequences; b++) {
      const read = symbolsOf(batch, b, problem);
      const found = upTo(length).filter((t) => read[t]! < 2);
      for (const [k, t] of found.entries()) places[k]!.push(t);
      distractors.push(...read.filter((s) => s >= 2));
      // First the lowest binary digit.
      const digits = found.map((t) => read[t]!).reverse();
      expect([found.length, batch.targets[b]]).toEqual([symbols, Number.parseInt(digits.join(""), 2)]);
    }
    for (const [k, [from, to]] of ranges.entries())
      expect(spread(places[k]!)).toEqual([from, to, to - from + 1]);
    expect(spread(distractors)).toEqual([2, 5, 4]);
    for (const n of counts(distractors).values()) expect(n / distractors.length).toBeCloseTo(0.25, 1.7);
    const classes = counts(batch.targets);
    expect(classes.size).toBe(2 ** symbols);
    // Five standard deviations of a binomial.
    for (const n of classes.values())
      expect(Math.abs(n - sequences / 2 ** symbols)).toBeLessThan(5 * Math.sqrt(sequences / 2 ** symbols));
    expect(problem.baseline).toBeCloseTo(symbols * Math.log(2), 12);
  });

  it("other numbers of symbols are refused", () => {
    expect(() => temporalOrder({ length: 50, symbols: 4 as 3 })).toThrow(
      "temporalOrder: symbols is one of 2, 3, got 4",
    );
  });
});

describe("temporal order of 1997", () => {
  it.each([
    [
      2,
      [
        [10, 20],
        [50, 60],
      ],
    ],
    [
      3,
      [
        [10, 20],
        [33, 43],
        [66, 76],
      ],
    ],
  ] as const)("%s symbols: places and classes", (symbols, ranges) => {
    const problem = temporalOrder1997({ symbols });
    const places: number[][] = ranges.map(() => []);
    const lengths: number[] = [];
    for (let k = 0; k < 200; k++) {
      const batch = problem.sample(Key.of(1), k, 4);
      lengths.push(batch.structure.levels);
      for (let b = 0; b < 4; b++) {
        const read = symbolsOf(batch, b, problem);
        expect([read[0], read.at(-1), read.filter((s) => s > 5).length]).toEqual([6, 7, 2]);
        const found = upTo(read.length).filter((t) => read[t]! < 2);
        for (const [i, t] of found.entries()) places[i]!.push(t);
        const digits = found.map((t) => read[t]!).reverse();
        expect(batch.targets[b]).toBe(Number.parseInt(digits.join(""), 2));
      }
    }
    expect(spread(lengths)).toEqual([100, 110, 11]);
    for (const [k, [from, to]] of ranges.entries()) expect(spread(places[k]!)).toEqual([from, to, 11]);
  });
});

describe("random permutation", () => {
  it("begins with one of two symbols, which is the answer", () => {
    const problem = randomPermutation({ length: 30 });
    const batch = problem.sample(Key.of(2), 0, 500);
    const rest: number[] = [];
    for (let b = 0; b < 500; b++) {
      const [first, ...others] = symbolsOf(batch, b, problem);
      expect(batch.targets[b]).toBe(first);
      rest.push(...others);
    }
    expect(spread(rest)).toEqual([2, 99, 98]);
    const ones = counts(batch.targets).get(1)!;
    expect(Math.abs(ones - 250)).toBeLessThan(5 * Math.sqrt(500 / 4));
  });
});

describe("memorisation", () => {
  it.each([
    [noiselessMemorisation({ length: 7 }), 10, 5],
    [noiselessMemorisation({ length: 7, bits: 5 }), 5, 2],
    [copyMemory({ length: 7 }), 10, 8],
  ])("is laid out as said, case %#", (problem, n, values) => {
    const batch = problem.sample(Key.of(3), 0, 300);
    const all: number[] = [];
    for (let b = 0; b < 300; b++) {
      const read = symbolsOf(batch, b, problem);
      const answers = batch.structure.rowsOf(b).map((row) => batch.targets[row]!);
      const pattern = read.slice(0, n);
      all.push(...pattern);
      const blanks = (count: number) => new Array<number>(count).fill(values);
      expect(read).toEqual([...pattern, ...blanks(6), values + 1, ...blanks(n)]);
      expect(answers).toEqual([...blanks(n + 7), ...pattern]);
    }
    expect(spread(all)).toEqual([0, values - 1, values]);
    const usual = all.length / values;
    for (const count of counts(all).values())
      expect(Math.abs(count - usual)).toBeLessThan(5 * Math.sqrt(usual));
    expect(problem.baseline).toBeCloseTo((n * Math.log(values)) / (7 + 2 * n), 12);
  });

  it("over a range of lengths, the baseline is the mean", () => {
    const [shorter, longer] = [30, 31].map((length) => copyMemory({ length }).baseline);
    expect(copyMemory({ length: [30, 31] }).baseline).toBeCloseTo((shorter! + longer!) / 2, 12);
  });

  it("one wrong step makes a sequence wrong", () => {
    const problem = copyMemory({ length: 4 });
    const batch = problem.sample(Key.of(3), 0, 3);
    const outputs = new Float64Array(batch.scored.length * 9);
    for (const [row, y] of batch.targets.entries()) outputs[9 * row + y] = 1;
    const row = batch.structure.rowsOf(1)[2]!;
    outputs[9 * row + 3] = 2;
    expect(problem.wrong(outputs, batch)).toBe(1);
  });
});
