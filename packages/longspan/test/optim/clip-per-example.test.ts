import { describe, expect, it } from "vitest";
import { clipByJointNorm, clipPerExample } from "../../src/optim/index.js";
import { fromArray, tensor } from "../../src/tensor/index.js";
import { dispose, executor, norm, numbers, random } from "./trees.js";

const tree = (values: readonly number[]) => ({
  layers: [{ U: fromArray(values.slice(0, 6), [2, 3], "float64") }],
  b: fromArray(values.slice(6, 8), [2], "float64"),
  table: tensor([0, 0], "int32"),
});

/** Gradients of examples whose sizes scatter over six powers of ten. */
function examples(seed: number, count: number) {
  const next = random(seed);
  return Array.from({ length: count }, () => {
    const size = 10 ** (6 * next() - 3);
    return tree(Array.from({ length: 8 }, () => (2 * next() - 1) * size));
  });
}

describe("clipPerExample", () => {
  it("is the mean of gradients that are clipped one by one", () => {
    for (const v of [1e-3, 1, 30, Infinity]) {
      const gradients = examples(4, 9);
      const { grads, norms, factors } = clipPerExample(gradients, v);
      const each = gradients.map((g) => {
        const clip = clipByJointNorm(v);
        return numbers(clip.update(g, clip.init(g), g).updates);
      });
      numbers(grads).forEach((x, i) => {
        const mean = each.reduce((s, g) => s + g[i]!, 0) / 9;
        expect(Math.abs(x - mean)).toBeLessThan(1e-14 * (1 + Math.abs(mean)));
      });
      expect(norm(numbers(grads))).toBeLessThan(v * (1 + 1e-14));
      gradients.forEach((g, e) => {
        const length = norm(numbers(g));
        expect(numbers(norms)[e]! / length).toBeCloseTo(1, 14);
        expect(numbers(factors)[e]! / Math.min(1, v / length)).toBeCloseTo(1, 14);
      });
    }
  });

  it("a huge example costs the others nothing", () => {
    const { grads, factors } = clipPerExample([{ w: tensor([3e30, 4e30]) }, { w: tensor([0, 1]) }], 1);
    const [a, b] = numbers(grads.w);
    expect([a, b]).toEqual([expect.closeTo(0.3, 6), expect.closeTo(0.9, 6)]);
    expect(numbers(factors)[1]).toBe(1);
  });

  it("keeps what is not finite in sight, and a zero zero", () => {
    const { grads } = clipPerExample([tensor([Number.NaN, 1]), tensor([0, 0])], 1);
    expect(numbers(grads)).toEqual([Number.NaN, 0.5]);
    expect(numbers(clipPerExample([tensor([0, 0])], 1).grads)).toEqual([0, 0]);
  });

  it("makes nothing but what it returns", () => {
    const gradients = examples(5, 3);
    dispose(clipPerExample(gradients, 1));
    const before = executor.statistics.bytesInUse;
    dispose(clipPerExample(gradients, 1));
    expect(executor.statistics.bytesInUse).toBe(before);
  });

  it("refuses what cannot be", () => {
    expect(() => clipPerExample([], 1)).toThrow("clipPerExample: gradients holds at least one, got none");
    expect(() => clipPerExample([tensor([1])], 0)).toThrow(
      "clipPerExample: threshold is a positive number, got 0",
    );
    expect(() => clipPerExample<unknown>([{ w: tensor([1]) }, { v: tensor([1]) }], 1)).toThrow(
      'clipPerExample: the gradient at "v" has no counterpart',
    );
  });
});
