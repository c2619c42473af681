import fc from "fast-check";
import {
  Key,
  languageModel,
  leafEntries,
  type SamplingSettings,
  sampleSymbols,
  samplingDistribution,
  type tensor,
} from "longspan";
import { describe, expect, it } from "vitest";
import { difference } from "./plain.js";

/** Logits of 8 symbols, whose probabilities are sixteenths. */
const sixteenths = [1, 4, 2, 2, 1, 4, 1, 1];
const logits = sixteenths.map((w) => Math.log(w) + 3);

/** The distribution in sixteenths of `sum` sixteenths. */
function expectWeights(settings: SamplingSettings, expected: number[]) {
  const sum = expected.reduce((a, b) => a + b);
  const p = samplingDistribution(logits, settings);
  expect(
    difference(
      [...p],
      expected.map((w) => w / sum),
    ),
  ).toBeLessThan(1e-15);
  // What is left out is left out altogether.
  expect([...p].map((v) => v === 0)).toEqual(expected.map((w) => w === 0));
}

describe("the distribution, by hand", () => {
  it("is the softmax", () => expectWeights({}, sixteenths));

  it("temperature: powers of the probabilities", () => {
    expectWeights({ temperature: 0.5 }, [1, 16, 4, 4, 1, 16, 1, 1]);
    expectWeights({ temperature: 2 }, [1, 2, Math.SQRT2, Math.SQRT2, 1, 2, 1, 1]);
  });

  it("temperature 0: all on the most probable, at a tie on the first", () => {
    expectWeights({ temperature: 0 }, [0, 1, 0, 0, 0, 0, 0, 0]);
    expectWeights({ temperature: 0, exclude: [1] }, [0, 0, 0, 0, 0, 1, 0, 0]);
    expectWeights({ temperature: 0, topK: 3, topP: 0.9 }, [0, 1, 0, 0, 0, 0, 0, 0]);
  });

  it("top-k: exactly k, at a tie the first", () => {
    expectWeights({ topK: 1 }, [0, 4, 0, 0, 0, 0, 0, 0]);
    expectWeights({ topK: 2 }, [0, 4, 0, 0, 0, 4, 0, 0]);
    expectWeights({ topK: 3 }, [0, 4, 2, 0, 0, 4, 0, 0]);
    expectWeights({ topK: 4 }, [0, 4, 2, 2, 0, 4, 0, 0]);
    expectWeights({ topK: 6 }, [1, 4, 2, 2, 1, 4, 0, 0]);
    expectWeights({ topK: 8 }, sixteenths);
    expectWeights({ topK: 1000 }, sixteenths);
  });

  it("nucleus: the fewest that have the share, at least one", () => {
    expectWeights({ topP: 0.01 }, [0, 4, 0, 0, 0, 0, 0, 0]);
    expectWeights({ topP: 0.25 }, [0, 4, 0, 0, 0, 0, 0, 0]);
    expectWeights({ topP: 0.26 }, [0, 4, 0, 0, 0, 4, 0, 0]);
    expectWeights({ topP: 0.51 }, [0, 4, 2, 0, 0, 4, 0, 0]);
    expectWeights({ topP: 0.8 }, [1, 4, 2, 2, 0, 4, 0, 0]);
    expectWeights({ topP: 1 }, sixteenths);
  });

  it("what is excluded counts for nothing in what follows", () => {
    expectWeights({ exclude: [1] }, [1, 0, 2, 2, 1, 4, 1, 1]);
    expectWeights({ exclude: [1, 5, 1], topK: 1 }, [0, 0, 2, 0, 0, 0, 0, 0]);
    // 8 sixteenths are left; half of them are 4.
    expectWeights({ exclude: [1, 5], topP: 0.5 }, [0, 0, 2, 2, 0, 0, 0, 0]);
    // More than are left: all of these.
    expectWeights({ exclude: [0, 1, 2, 3, 4, 5], topK: 5 }, [0, 0, 0, 0, 0, 0, 1, 1]);
  });

  it("the nucleus is one of what top-k leaves, after the temperature", () => {
    // Of 4, 4, 2 the share 0.75 needs the first two; of all sixteen, it would need four symbols.
    expectWeights({ topK: 3, topP: 0.75 }, [0, 4, 0, 0, 0, 4, 0, 0]);
    expectWeights({ topK: 3, topP: 0.81 }, [0, 4, 2, 0, 0, 4, 0, 0]);
    // 16 of 44 and 32 of 44.
    expectWeights({ temperature: 0.5, topP: 0.7 }, [0, 16, 0, 0, 0, 16, 0, 0]);
  });

  it("extreme logits and temperatures", () => {
    expect([...samplingDistribution([1e30, -1e30])]).toEqual([1, 0]);
    expect([...samplingDistribution([-1e300, -1e300])]).toEqual([0.5, 0.5]);
    expect([...samplingDistribution([0, 1, 1], { temperature: 5e-324 })]).toEqual([0, 0.5, 0.5]);
    expect([...samplingDistribution([0, 9], { temperature: 1e300 })]).toEqual([0.5, 0.5]);
    expect([...samplingDistribution([3])]).toEqual([1]);
    // The most probable of all is excluded and so far above the others that they would round to 0 beside it.
    expect([...samplingDistribution([1e6, 0, 0], { exclude: [0] })]).toEqual([0, 0.5, 0.5]);
  });

  it("any settings: a distribution, in the order of the logits, of the plain definition", () => {
    const settings = fc.record({
      temperature: fc.constantFrom(0.3, 1, 2.5),
      topK: fc.integer({ min: 1, max: 12 }),
      topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
      exclude: fc.subarray([0, 1, 2]),
    });
    const some = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 4, maxLength: 12 });
    fc.assert(
      fc.property(some, settings, (o, s) => {
        const p = [...samplingDistribution(o, s)];
        expect(difference(p, plainly(o, s))).toBeLessThan(1e-12);
      }),
      { numRuns: 1000 },
    );
  });
});

/** The definition, step after step, with lists of symbols. */
function plainly(o: number[], { temperature, topK, topP, exclude }: Required<SamplingSettings>): number[] {
  const allowed = o.map((_, i) => i).filter((i) => !exclude.includes(i));
  const kept = allowed.sort((i, j) => o[j]! - o[i]! || i - j).slice(0, topK);
  const weight = (i: number) => Math.exp(o[i]! / temperature);
  const total = kept.reduce((sum, i) => sum + weight(i), 0);
  const nucleus: number[] = [];
  let share = 0;
  for (const i of kept) {
    // Where the share is met to rounding only, either answer is right: keep to one side of it.
    if (share >= topP - 1e-12 && topP < 1) break;
    nucleus.push(i);
    share += weight(i) / total;
  }
  const sum = nucleus.reduce((a, i) => a + weight(i), 0);
  return o.map((_, i) => (nucleus.includes(i) ? weight(i) / sum : 0));
}

describe("impossible settings", () => {
  for (const [settings, message] of [
    [{ temperature: -1 }, "samplingDistribution: temperature is a finite number of at least 0, got -1"],
    [
      { temperature: Number.NaN },
      "samplingDistribution: temperature is a finite number of at least 0, got NaN",
    ],
    [{ topK: 0 }, "samplingDistribution: topK is a positive integer, got 0"],
    [{ topK: 2.5 }, "samplingDistribution: topK is a positive integer, got 2.5"],
    [{ topP: 0 }, "samplingDistribution: topP is a number in (0, 1], got 0"],
    [{ topP: 1.01 }, "samplingDistribution: topP is a number in (0, 1], got 1.01"],
    [{ topP: Number.NaN }, "samplingDistribution: topP is a number in (0, 1], got NaN"],
    [{ exclude: [8] }, "samplingDistribution: exclude holds 8; symbols run from 0 to 7"],
    [{ exclude: [-1] }, "samplingDistribution: exclude[0] is an integer of at least 0, got -1"],
    [{ exclude: [0, 1, 2, 3, 4, 5, 6, 7] }, "sampling: no symbol is left to draw: 8 of 8 are excluded"],
  ] as const)
    it(JSON.stringify(settings), () => {
      expect(() => samplingDistribution(logits, settings)).toThrow(new RangeError(message));
    });

  it("are found before the first draw", async () => {
    const { model, params } = constant();
    const drawn = sampleSymbols(model, params, { key: Key.of(1), length: 0, topP: 2 });
    await expect(drawn.next()).rejects.toThrow("sampleSymbols: topP is a number in (0, 1], got 2");
  });

  it("logits that are not finite, also where they are excluded", () => {
    expect(() => samplingDistribution([0, Number.NaN])).toThrow("the logits are not finite");
    expect(() => samplingDistribution([0, Number.POSITIVE_INFINITY], { exclude: [1] })).toThrow(
      "the logits are not finite",
    );
  });
});

/** A model whose logits are the same whatever it reads. */
function constant() {
  const model = languageModel({ vocabulary: 8, features: 1, hidden: 1 });
  const params = model.init(Key.of(1));
  for (const [path, p] of leafEntries(params))
    (p as ReturnType<typeof tensor>).write(
      path === "readout.b" ? logits : new Float32Array(p.shape.reduce((a, b) => a * b, 1)),
    );
  return { model, params };
}

describe("draws", () => {
  for (const [settings, degrees, bound] of [
    // The bounds are passed once in a thousand.
    [{}, 7, 24.32],
    [{ temperature: 1.5 }, 7, 24.32],
    [{ topK: 5, topP: 0.9, temperature: 0.8 }, 3, 16.27],
    [{ exclude: [1, 6], topK: 4 }, 3, 16.27],
  ] as const)
    it(`${JSON.stringify(settings)}: as often as they are probable`, async () => {
      const { model, params } = constant();
      const n = 4000;
      const counts = new Array<number>(8).fill(0);
      for await (const s of sampleSymbols(model, params, { key: Key.of(7), length: n, ...settings }))
        counts[s]! += 1;
      const p = samplingDistribution(logits, settings);
      expect([...p].filter((v) => v > 0).length).toBe(degrees + 1);
      let chiSquare = 0;
      counts.forEach((count, i) => {
        if (p[i] === 0) expect(count).toBe(0);
        else chiSquare += (count - n * p[i]!) ** 2 / (n * p[i]!);
      });
      expect(chiSquare).toBeLessThan(bound);
    });
});
