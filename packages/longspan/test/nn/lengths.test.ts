import {
  bernoulliCrossEntropySum,
  categoricalOutput,
  chain,
  concat,
  fedBack,
  freeRunning,
  gaussianLossSum,
  gaussianOutput,
  haltedLengths,
  haltTargets,
  Key,
  lengthDistribution,
  mapTree,
  mul,
  perceptron,
  slice,
  stepNumbers,
  sum,
  tensor,
  trees,
  unfold,
  type Value,
  withHalt,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { normals, numbers } from "./plain.js";

const one = (v: Value) => [...numbers(v)];

describe("a Bernoulli halt", () => {
  const output = withHalt(gaussianOutput({ features: 2 }));

  test("its loss is that of the halt and that of the values", () => {
    const structure = chain([3, 2]);
    const [o, x] = [normals(Key.of(1), 5, 5), normals(Key.of(2), 5, 2)];
    const halts = haltTargets(structure, "float64");
    expect(one(halts)).toEqual([0, 0, 0, 1, 1]);
    const loss = one(sum(output.lossPerRow(o, concat([halts, x]))))[0]!;
    const expected =
      one(bernoulliCrossEntropySum(slice(o, 1, 0, 1), halts))[0]! +
      one(gaussianLossSum({ mean: slice(o, 1, 1, 3), logVariance: slice(o, 1, 3, 5) }, x))[0]!;
    expect(loss).toBeCloseTo(expected, 12);
  });

  test("free runs with a probability p of halting are 1 / p long on average", () => {
    const cell = fedBack({ cell: perceptron({ input: 3, hidden: 2 }), output, regime: freeRunning() });
    const params = mapTree(cell.init(Key.of(1)), (v) => mul(v, 0)) as ReturnType<typeof cell.init>;
    const p = 0.25;
    const c = tensor([Math.log(p / (1 - p)), 0, 0, 0, 0]);
    const structure = chain(new Array<number>(3000).fill(60));
    const { states } = unfold(
      cell,
      { ...params, readout: { ...params.readout, c } },
      { x: zeros([structure.nodes, 3]) },
      structure,
      { key: Key.of(4), states: true },
    );
    const lengths = haltedLengths(states!.feedback!, structure);
    const mean = lengths.reduce((a, b) => a + b, 0) / lengths.length;
    expect(Math.abs(mean - 1 / p)).toBeLessThan(0.25);
    const share = lengths.filter((n) => n === 1).length / lengths.length;
    expect(Math.abs(share - p)).toBeLessThan(0.03);
  });

  test("errors", () => {
    expect(() => withHalt(categoricalOutput({ classes: 3 }))).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: withHalt: output is a distribution of symbols; let one of them be the end, as \`end\` in decoding, instead of a halt]`,
    );
    expect(() => haltTargets(trees([{ children: [[1], []] }]))).toThrowErrorMatchingInlineSnapshot(
      `[StructureError: haltTargets: the structure has no steps, as trees and graphs have none; give a chain, made by chain(lengths)]`,
    );
    expect(() => haltedLengths(zeros([4, 2]), chain([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: haltedLengths: given is [4, 2], expected [3, 1 + features]: a row per node]`,
    );
  });
});

describe("numbers of steps, and of lengths", () => {
  test("time, length, remaining", () => {
    expect(one(stepNumbers(chain([1, 3]), ["time", "length", "remaining"]))).toEqual([
      1, 3, 2, 1, 1, 0, 2, 3, 1, 3, 3, 0,
    ]);
    expect(one(stepNumbers(chain([2]), ["remaining"], { scale: 4, dtype: "float64" }))).toEqual([0.25, 0]);
    // The same rows in reverse order of running: steps keep their numbers.
    expect(one(stepNumbers(chain([2], { reverse: true }), ["time"]))).toEqual([1, 2]);
  });

  test("P(tau) from counts, drawn as often as it says", () => {
    const lengths = lengthDistribution([2, 3, 3], { least: 1, most: 4 });
    const p = [1, 2, 3, 4].map((n) => Math.exp(lengths.logProbability(n)));
    expect(p.map((v) => Math.round(v * 7))).toEqual([1, 2, 3, 1]);
    expect(p.reduce((a, b) => a + b)).toBeCloseTo(1, 14);
    expect(lengths.logProbability(5)).toBe(Number.NEGATIVE_INFINITY);
    expect(lengths.logProbability(0)).toBe(Number.NEGATIVE_INFINITY);
    const drawn = Array.from({ length: 4000 }, (_, i) => lengths.sample(Key.of(i)));
    for (const n of [1, 2, 3, 4])
      expect(Math.abs(drawn.filter((d) => d === n).length / 4000 - p[n - 1]!)).toBeLessThan(0.03);
  });

  test("errors", () => {
    expect(() => lengthDistribution([2, 9], { most: 4 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: lengthDistribution: lengths[1] is 9, expected a length from 0 to 4]`,
    );
    expect(() => lengthDistribution([], { added: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: lengthDistribution: lengths is an empty list and added is 0; no length has a probability]`,
    );
    expect(() => stepNumbers(chain([2]), [])).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: stepNumbers: which is a list of time, length and remaining, got []]`,
    );
  });
});
