import { markovModel, scoreSequences } from "longspan";
import { describe, expect, test } from "vitest";
import { difference } from "../nn/plain.js";
import { all } from "./plain-model.js";

const texts = [
  [0, 1, 2, 0, 1, 1, 2],
  [1, 2, 2, 0, 1],
  [3, 1, 2, 0, 0],
];
const V = 5;

describe("Markov model", () => {
  test("of order 1, Kneser-Ney, by hand", () => {
    // Bigrams of "0 1 0 2" with its beginning b: b0 01 10 02. After 0: 1 and 2, once each. All counts are 1, so D = 1: everything is
    // spread by the order below, whose counts are 2 for the symbol 0 (after b and 1), 1 for 1 and 2: D = 2 / (2 + 2 * 1) = 1/2.
    const model = markovModel([[0, 1, 0, 2]], { order: 1, vocabulary: 3 });
    const spread = (0.5 * 3) / 4 / 3;
    const lower = [(2 - 0.5) / 4 + spread, (1 - 0.5) / 4 + spread, (1 - 0.5) / 4 + spread];
    expect(difference(model.distribution([0]), lower)).toBeLessThan(1e-15);
    expect(difference(model.distribution([2]), lower)).toBeLessThan(1e-15);
  });

  test("Kneser-Ney as its recursion has it", () => {
    const order = 2;
    const padded = texts.map((text) => [-1, -1, ...text, 4]);
    const grams = (n: number) =>
      padded.flatMap((text) => text.slice(2).map((_, i) => text.slice(i + 2 - n, i + 3).join()));
    const count = (n: number, h: string, w: number): number => {
      const gram = [...(h === "" ? [] : [h]), w].join();
      if (n === order) return grams(n).filter((g) => g === gram).length;
      const longer = new Set(grams(n + 1));
      return [...longer].filter((g) => g.slice(g.indexOf(",") + 1) === gram).length;
    };
    const symbols = [0, 1, 2, 3, 4];
    const contexts = (n: number) => [
      ...new Set(grams(n).map((g) => (n === 0 ? "" : g.slice(0, g.lastIndexOf(","))))),
    ];
    const discount = (n: number) => {
      const counts = contexts(n).flatMap((h) => symbols.map((w) => count(n, h, w)));
      const [n1, n2] = [1, 2].map((c) => counts.filter((x) => x === c).length) as [number, number];
      return n1 / (n1 + 2 * n2);
    };
    const p = (n: number, h: string, w: number): number => {
      if (n < 0) return 1 / V;
      const lower = p(n - 1, n === 0 ? "" : h.slice(h.indexOf(",") + 1 || h.length), w);
      const counts = symbols.map((v) => count(n, h, v));
      const total = counts.reduce((a, b) => a + b, 0);
      if (total === 0) return lower;
      const D = discount(n);
      return (Math.max(counts[w]! - D, 0) + D * counts.filter((c) => c > 0).length * lower) / total;
    };
    const model = markovModel(texts, { order, vocabulary: V, end: 4 });
    for (const before of [[], [0], [1, 2], [3, 1], [2, 0], [0, 3]]) {
      const h = [-1, -1, ...before].slice(-2).join();
      const expected = symbols.map((w) => p(2, h, w));
      expect(difference(model.distribution(before), expected), String(before)).toBeLessThan(1e-14);
    }
  });

  test.each(["kneser-ney", "additive"] as const)(
    "%s gives every text of a length a probability, 1 together",
    (smoothing) => {
      for (const order of [0, 1, 2, 3]) {
        const model = markovModel(texts, { order, vocabulary: V, smoothing });
        const texts3 = all(V, 3);
        const scores = scoreSequences(model.steps(), texts3, { of: texts3.map(() => 0) });
        const total = scores.reduce((sum, { logProbability }) => sum + Math.exp(logProbability), 0);
        expect(total).toBeCloseTo(1, 12);
        expect(scores.every(({ logProbability }) => logProbability > -Infinity)).toBe(true);
      }
    },
  );

  test("additive smoothing by hand, and prompts", () => {
    const model = markovModel([[0, 1, 0, 2]], { order: 1, vocabulary: 3, smoothing: "additive", added: 0.5 });
    expect(difference(model.distribution([1, 0]), [0.5 / 3.5, 1.5 / 3.5, 1.5 / 3.5])).toBeLessThan(1e-15);
    expect(difference(model.distribution([]), [1.5 / 2.5, 0.5 / 2.5, 0.5 / 2.5])).toBeLessThan(1e-15);
    const [score] = scoreSequences(model.steps([[2, 0]]), [[1, 0]]);
    expect(score!.logProbability).toBeCloseTo(Math.log((1.5 / 3.5) * (1.5 / 2.5)), 14);
  });

  test("errors", () => {
    expect(() => markovModel([[0, 5]], { order: 1, vocabulary: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: markovModel: texts[0][1] is 5, expected a symbol from 0 to 2]`,
    );
    expect(() => markovModel([[0]], { order: 1, vocabulary: 3, end: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: markovModel: end is 3; symbols run from 0 to 2]`,
    );
    expect(() =>
      markovModel([[0]], { order: 1, vocabulary: 3, added: 2 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: markovModel: added is 2, which has no effect; it belongs to smoothing "additive"]`,
    );
  });
});
