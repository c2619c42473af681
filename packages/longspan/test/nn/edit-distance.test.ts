import { editDistance, labelErrorRate } from "longspan";
import { describe, expect, test } from "vitest";

describe("edit distance", () => {
  /** By its definition, without memory. */
  const slow = (a: string, b: string): number => {
    if (a === "" || b === "") return a.length + b.length;
    const [x, y] = [a.slice(1), b.slice(1)];
    return Math.min(slow(x, y) + (a[0] === b[0] ? 0 : 1), slow(x, b) + 1, slow(a, y) + 1);
  };

  test("of all short words", () => {
    let words = [""];
    for (let n = 0; n < 4; n++) words = [...new Set(words.flatMap((w) => [w, `${w}a`, `${w}b`]))];
    for (const a of words) for (const b of words) expect(editDistance(a, b)).toBe(slow(a, b));
  });

  test("of numbers, and as a rate", () => {
    expect(editDistance([1, 2, 3], Int32Array.of(1, 3, 3, 4))).toBe(2);
    expect(labelErrorRate([[1, 2], [], [5, 5, 5]], [[1, 2, 2], [3], [5]])).toBe(4 / 5);
    expect(labelErrorRate([[1, 1, 1]], [[2]])).toBe(3);
    expect(() => labelErrorRate([[1]], [])).toThrow(
      "labelErrorRate: found has 1 sequences and wanted 0: they are compared one by one",
    );
    expect(() => labelErrorRate([[1]], [[]])).toThrow(
      "labelErrorRate: wanted has no labels: there is no rate over none",
    );
  });
});
