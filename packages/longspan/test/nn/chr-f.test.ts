import { describe, expect, it } from "vitest";
import { chrF } from "../../src/nn/index.js";

describe("chrF", () => {
  // Values that sacreBLEU's own tests state (test/test_chrf.py), in percent.
  const risk = [
    "risk assessment must be made of those who are qualified and expertise in the sector - these are the scientists .",
    "risk assessment has to be undertaken by those who are qualified and expert in that area - that is the scientists .",
  ] as const;
  const obama = [
    "Die Beziehung zwischen Obama und Netanjahu ist nicht gerade freundlich.",
    "Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich.",
  ] as const;
  for (const [found, wanted, expected] of [
    [["a"], ["a"], 100],
    [[""], ["reference"], 0],
    [["a b c"], ["a b c"], 100],
    [["a b c"], ["abc"], 100],
    [["a", "b"], ["a", "c"], 50],
    [["aa"], ["ab"], 25],
  ] as const)
    it(`is that of sacreBLEU: ${JSON.stringify([found, wanted])}`, () => {
      const references = wanted.map((reference) => [reference]);
      expect(100 * chrF(found, references, { beta: 3 })).toBeCloseTo(expected, 8);
    });

  it("is that of sacreBLEU with white space", () => {
    const options = { beta: 3, whiteSpace: true };
    expect(100 * chrF([obama[0]], [[obama[1]]], options)).toBeCloseTo(67.3481606, 4);
    expect(100 * chrF([risk[0]], [[risk[1]]], options)).toBeCloseTo(65.2414427, 4);
  });

  // Computed in Python, with the counters of collections: F of the means over n = 1 to 6, beta 2.
  it("is that of the formula written out in Python", () => {
    expect(100 * chrF([obama[0]], [[obama[1]]])).toBeCloseTo(64.8181237261, 8);
    expect(100 * chrF([risk[0], obama[0]], [[risk[1]], [obama[1]]])).toBeCloseTo(64.0036486995, 8);
  });

  it("takes the reference that gives a sentence the most", () => {
    const one = chrF([obama[0]], [[obama[1]]]);
    expect(chrF([obama[0]], [["x", obama[1], risk[1]]])).toBe(one);
    expect(chrF([obama[0]], [[risk[1]]])).toBeLessThan(one);
  });

  it("counts code points, and each n-gram as often as the reference has it", () => {
    expect(chrF(["🙂🙃"], [["🙂🙂"]])).toBe(0.25);
    expect(chrF(["aaaa"], [["a"]], { order: 1, beta: 1 })).toBeCloseTo((2 * 0.25) / 1.25, 12);
  });

  it("says what it cannot compare", () => {
    expect(() => chrF([], [])).toThrow("chrF: found has no texts");
    expect(() => chrF(["a"], [])).toThrow("found has 1 texts and wanted has references of 0");
    expect(() => chrF(["a"], [[]])).toThrow("chrF: wanted[0] has no references");
  });
});
