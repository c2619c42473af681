import { balancedWeights, heldOutPart, Key, normalisedWeights } from "longspan";
import { describe, expect, it } from "vitest";

describe("heldOutPart", () => {
  it("holds out of each class its share, and keeps one of it", () => {
    const strata = [...new Array<number>(90).fill(0), ...new Array<number>(9).fill(1), 2];
    const { train, valid } = heldOutPart(100, { share: 0.2, key: Key.of(1), strata });
    const count = (part: Int32Array, of: number) => part.filter((i) => strata[i] === of).length;
    expect([count(valid, 0), count(valid, 1), count(valid, 2)]).toEqual([18, 2, 0]);
    expect([...train, ...valid].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(Array.from(valid)).toEqual([...valid].sort((a, b) => a - b));
  });

  it("is the same for the same key, and another for another", () => {
    const part = (seed: number) => Array.from(heldOutPart(200, { share: 0.3, key: Key.of(seed) }).valid);
    expect(part(1)).toEqual(part(1));
    expect(part(1)).not.toEqual(part(2));
    expect(part(1).length).toBe(60);
  });

  it("holds out none where the share is none, and never all", () => {
    expect(heldOutPart(5, { share: 0, key: Key.of(1) }).valid.length).toBe(0);
    expect(heldOutPart(2, { share: 0.9, key: Key.of(1) }).train.length).toBe(1);
  });

  it("refuses another number of strata", () => {
    expect(() => heldOutPart(3, { share: 0.5, key: Key.of(1), strata: [0] })).toThrow(
      "heldOutPart: there are 3 examples and 1 strata; give one for each example",
    );
  });
});

describe("weights", () => {
  it("of classes that count the same have the mean 1, and each class the same sum", () => {
    const weights = balancedWeights([0, 0, 0, 0, 5]);
    expect(Array.from(weights)).toEqual([0.625, 0.625, 0.625, 0.625, 2.5]);
  });

  it("in any unit are scaled to the mean 1", () => {
    expect(Array.from(normalisedWeights([0, 3, 1]))).toEqual([0, 2.25, 0.75]);
  });

  it("that are none are refused", () => {
    expect(() => normalisedWeights([1, -1])).toThrow(
      "normalisedWeights: weights[1] is -1, expected a finite number of at least 0",
    );
    expect(() => normalisedWeights([0, 0])).toThrow("all weights are 0");
    expect(() => balancedWeights([])).toThrow("balancedWeights: classes holds no example");
  });
});
