import { adding, Key, latch, type MarkedNumbersVariant, multiplication, twoSequences } from "longspan";
import { describe, expect, it } from "vitest";
import { counts, spread, stepsOf, upTo } from "./sequences.js";

const sequences = 1000;

interface Expected {
  /** First and last step that may be marked first, and second, in the sequences of 41 steps. */
  readonly places: readonly (readonly [number, number])[];
  readonly numbers: readonly [number, number];
  readonly ends: number;
  answer(a: number, b: number): number;
}

const variants: readonly [typeof adding, MarkedNumbersVariant, Expected][] = [
  [
    adding,
    "pascanu2013",
    {
      places: [
        [0, 3],
        [4, 19],
      ],
      numbers: [0, 1],
      ends: 0,
      answer: (a, b) => (a + b) / 2,
    },
  ],
  [
    adding,
    "hochreiter1997",
    {
      places: [
        [0, 9],
        [0, 19],
      ],
      numbers: [-1, 1],
      ends: -1,
      answer: (a, b) => 0.5 + (a + b) / 4,
    },
  ],
  [
    adding,
    "arjovsky2016",
    {
      places: [
        [0, 19],
        [20, 40],
      ],
      numbers: [0, 1],
      ends: 0,
      answer: (a, b) => a + b,
    },
  ],
  [
    multiplication,
    "pascanu2013",
    {
      places: [
        [0, 3],
        [4, 19],
      ],
      numbers: [0, 1],
      ends: 0,
      answer: (a, b) => a * b,
    },
  ],
  [
    multiplication,
    "hochreiter1997",
    {
      places: [
        [0, 9],
        [0, 19],
      ],
      numbers: [0, 1],
      ends: -1,
      answer: (a, b) => a * b,
    },
  ],
];

describe.each(variants)("%o, %s", (make, variant, { places, numbers, ends, answer }) => {
  const problem = make({ length: 41, variant });
  // A batch of 41 steps; with up to a tenth more, the second range is wider.
  const number = upTo(20).find((k) => problem.sample(Key.of(1), k, 1).structure.levels === 41)!;
  const batch = problem.sample(Key.of(1), number, sequences);
  const all = upTo(sequences).map((b) => stepsOf(batch, b, problem));

  it("marks two steps, each of the possible ones", () => {
    const marked = all.map((steps) => upTo(41).filter((t) => steps[t]![1] === 1));
    expect(marked.every((found) => found.length === 2)).toBe(true);
    const [first, second] = places as [readonly [number, number], readonly [number, number]];
    const [lower, upper] = [marked.map((m) => m[0]!), marked.map((m) => m[1]!)];
    const overlap = variant === "hochreiter1997";
    expect(spread(lower)).toEqual([first[0], first[1], first[1] - first[0] + 1]);
    // Of two places in ranges that overlap, the upper one is at least 1.
    const least = overlap ? 1 : second[0];
    expect(spread(upper)).toEqual([least, second[1], second[1] - least + 1]);
    const unmarked = (t: number) => (t === 0 || t === 40 ? ends : 0);
    const right = (steps: number[][]) => steps.every(([, m], t) => m === 1 || m === unmarked(t));
    expect(all.every(right)).toBe(true);
  });

  it("asks for what the two give", () => {
    for (const [b, steps] of all.entries()) {
      const [a, c] = steps.filter(([, marker]) => marker === 1).map(([value]) => value!);
      expect(batch.targets[b]).toBeCloseTo(answer(a!, c!), 6);
    }
    const values = all.flatMap((steps) => steps.slice(1).map(([value]) => value!));
    const [least, greatest] = [
      values.reduce((a, b) => Math.min(a, b)),
      values.reduce((a, b) => Math.max(a, b)),
    ];
    const width = numbers[1] - numbers[0];
    expect(least >= numbers[0] && least < numbers[0] + width / 1000).toBe(true);
    expect(greatest < numbers[1] && greatest > numbers[1] - width / 1000).toBe(true);
    const mean = values.reduce((a, b) => a + b) / values.length;
    expect(Math.abs(mean - (numbers[0] + numbers[1]) / 2)).toBeLessThan(0.01);
  });

  it("a first step that is marked has the neutral number", () => {
    const marked = all.filter((steps) => steps[0]![1] === 1);
    if (variant === "hochreiter1997")
      for (const steps of marked) expect(steps[0]![0]).toBe(make === adding ? 0 : 1);
    else expect(spread(marked.map((steps) => steps[0]![0]!))[2]).toBeGreaterThan(20);
  });

  it("the variance of the answers is the baseline", () => {
    const many = [...Array(5).keys()].flatMap((k) => [...problem.sample(Key.of(2), k, 8000).targets]);
    const mean = many.reduce((a, b) => a + b) / many.length;
    const variance = many.reduce((a, b) => a + (b - mean) ** 2, 0) / many.length;
    expect(Math.abs(variance / problem.baseline - 1)).toBeLessThan(0.03);
  });

  it("errors up to the tolerance are forgiven", () => {
    const tolerance = variant === "hochreiter1997" ? 0.04 : 0.2;
    const off = (by: number) =>
      problem.wrong(
        batch.targets.map((y) => y + by),
        batch,
      );
    expect([off(0.999 * tolerance), off(-0.999 * tolerance)]).toEqual([0, 0]);
    expect([off(1.001 * tolerance), off(-1.001 * tolerance)]).toEqual([sequences, sequences]);
  });
});

describe("marked numbers", () => {
  it("sequences have up to a tenth more steps in two of the variants", () => {
    const lengths = (problem: ReturnType<typeof adding>) =>
      spread(upTo(200).map((k) => problem.sample(Key.of(1), k, 1).structure.levels));
    expect(lengths(adding({ length: 41 }))).toEqual([41, 44, 4]);
    expect(lengths(adding({ length: 41, variant: "hochreiter1997" }))).toEqual([41, 44, 4]);
    expect(lengths(adding({ length: 41, variant: "arjovsky2016" }))).toEqual([41, 41, 1]);
    expect(adding({ length: 41 }).steps).toBe(44);
  });

  it("a variant that does not exist is refused", () => {
    expect(() => multiplication({ length: 50, variant: "arjovsky2016" })).toThrow(
      'multiplication: variant is one of pascanu2013, hochreiter1997, got "arjovsky2016"',
    );
  });
});

describe("the problems of Bengio, Simard and Frasconi", () => {
  it("latch: three steps say what is kept, noise follows", () => {
    const problem = latch({ length: 20, noise: 0.3 });
    const batch = problem.sample(Key.of(1), 0, sequences);
    const noise: number[] = [];
    for (let b = 0; b < sequences; b++) {
      const steps = stepsOf(batch, b, problem);
      const kind = batch.targets[b]! > 0 ? 1 : 0;
      expect(batch.targets[b]).toBeCloseTo(kind === 1 ? 0.8 : -0.8, 6);
      const told = steps.map((row) => row.slice(0, 6));
      expect(told).toEqual(steps.map((_, t) => upTo(6).map((i) => (t < 3 && i === 3 * kind + t ? 1 : 0))));
      const others = steps.map((row) => row[6]!);
      expect(others.slice(0, 3)).toEqual([0, 0, 0]);
      noise.push(...others.slice(3));
    }
    expectNormal(noise, 0.3);
    expect(() => latch({ length: 20, noise: -1 })).toThrow(
      "latch: noise is a finite number of at least 0, got -1",
    );
  });

  it.each([1, 3] as const)("two sequences: %s steps tell the class", (informative) => {
    const problem = twoSequences({ length: 20, informative });
    const batch = problem.sample(Key.of(1), 0, sequences);
    const noise: number[] = [];
    for (let b = 0; b < sequences; b++) {
      const steps = stepsOf(batch, b, problem).flat();
      const sign = batch.targets[b] === 1 ? 1 : -1;
      expect(steps.slice(0, informative)).toEqual(new Array(informative).fill(sign));
      noise.push(...steps.slice(informative));
    }
    expectNormal(noise, Math.sqrt(0.2));
    const ones = counts(batch.targets).get(1)!;
    expect(Math.abs(ones - sequences / 2)).toBeLessThan(5 * Math.sqrt(sequences / 4));
  });
});

/** The first four moments of a normal distribution of mean 0, over some 17,000 numbers. */
function expectNormal(values: readonly number[], std: number): void {
  const moment = (k: number) => values.reduce((a, v) => a + (v / std) ** k, 0) / values.length;
  expect(Math.abs(moment(1))).toBeLessThan(0.04);
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.06);
  expect(Math.abs(moment(3))).toBeLessThan(0.15);
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.4);
}
