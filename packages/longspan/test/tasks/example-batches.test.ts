import { exampleBatches, Key } from "longspan";
import { describe, expect, it } from "vitest";

const key = Key.of(3);
const passOf = (batches: ReturnType<typeof exampleBatches>, pass: number) =>
  Array.from({ length: batches.perPass }, (_, i) => Array.from(batches.batch(pass * batches.perPass + i)));

describe("exampleBatches", () => {
  it("gives each example once in a pass, and another order in each", () => {
    const batches = exampleBatches({ examples: 103, batch: 10, key });
    expect(batches.perPass).toBe(11);
    expect(batches.batch(10).length).toBe(3);
    const all = Array.from({ length: 103 }, (_, i) => i);
    for (const pass of [0, 1, 7])
      expect(
        passOf(batches, pass)
          .flat()
          .sort((a, b) => a - b),
      ).toEqual(all);
    expect(passOf(batches, 0)).not.toEqual(passOf(batches, 1));
    expect(passOf(batches, 0).flat()).not.toEqual(all);
    expect(batches.passOf(10)).toBe(0);
    expect(batches.passOf(11)).toBe(1);
  });

  it("depends on the number of the step alone, in whatever order steps are asked for", () => {
    const lengths = Float64Array.from({ length: 300 }, (_, i) => 1 + ((i * 37) % 100));
    const make = () => exampleBatches({ examples: 300, batch: 8, key, lengths });
    const forwards = make();
    const seen = Array.from({ length: 120 }, (_, step) => Array.from(forwards.batch(step)));
    const other = make();
    for (const step of [119, 3, 77, 76, 0, 38]) expect(Array.from(other.batch(step))).toEqual(seen[step]);
  });

  it("puts examples of like length together where that pays, and every one still comes once in a pass", () => {
    const lengths = Int32Array.from({ length: 512 }, (_, i) => 1 + ((i * 97) % 512));
    const levelsOf = (some: number[][]) =>
      some.reduce((total, batch) => total + Math.max(...batch.map((i) => lengths[i]!)), 0);
    const plain = exampleBatches({ examples: 512, batch: 16, key });
    const bucketed = exampleBatches({ examples: 512, batch: 16, key, lengths });
    const [without, together] = [levelsOf(passOf(plain, 2)), levelsOf(passOf(bucketed, 2))];
    // All 512 lie in one bucket: batches are 16 neighbours, 16 + 32 + ... + 512 levels.
    expect(together).toBe((16 * 32 * 33) / 2);
    expect(without).toBeGreaterThan(1.5 * together);
    expect(
      passOf(bucketed, 2)
        .flat()
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 512 }, (_, i) => i));
    // The batches themselves are shuffled: lengths do not rise along a pass.
    const longest = passOf(bucketed, 2).map((batch) => Math.max(...batch.map((i) => lengths[i]!)));
    expect(longest).not.toEqual([...longest].sort((a, b) => a - b));
  });

  it("leaves examples of nearly one length in the order of the shuffle", () => {
    const lengths = Int32Array.from({ length: 100 }, (_, i) => 20 + (i % 3));
    expect(passOf(exampleBatches({ examples: 100, batch: 8, key, lengths }), 1)).toEqual(
      passOf(exampleBatches({ examples: 100, batch: 8, key }), 1),
    );
  });

  it("refuses another number of lengths", () => {
    expect(() => exampleBatches({ examples: 3, batch: 2, key, lengths: [1, 2] })).toThrow(
      "exampleBatches: there are 3 examples and 2 lengths; give a length for each",
    );
  });
});
