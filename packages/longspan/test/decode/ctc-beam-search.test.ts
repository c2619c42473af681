import { ctcBeamSearch, fromArray, Key, logSoftmax, normal, tensor, zeros } from "longspan";
import { describe, expect, test } from "vitest";
import { difference, numbers } from "../nn/plain.js";
import { all } from "./plain-model.js";

/** Every labelling with its probability: the sum over all alignments. */
function enumerated(p: ArrayLike<number>, frames: number, classes: number, blank: number) {
  const sums = new Map<string, number>();
  for (const alignment of all(classes, frames)) {
    const labels = alignment.filter((c, t) => c !== alignment[t - 1]).filter((c) => c !== blank);
    const chance = alignment.reduce((product, c, t) => product * Math.exp(p[t * classes + c]!), 1);
    sums.set(labels.join(), (sums.get(labels.join()) ?? 0) + chance);
  }
  return [...sums].sort(([, a], [, b]) => b - a);
}

describe("prefix beam search", () => {
  test.each([0, 2])("is the sum over all alignments where the beam is wide enough; blank %i", (blank) => {
    for (let seed = 0; seed < 12; seed++) {
      const [frames, classes] = [1 + (seed % 6), 3];
      const logits = normal(Key.of(seed), [frames, classes], "float64");
      const p = logSoftmax(logits);
      const found = ctcBeamSearch(p, { blank, width: 1000, best: 1000 });
      const expected = enumerated(numbers(p), frames, classes, blank);
      expect(found.map(({ labels }) => labels.join())).toEqual(expected.map(([labels]) => labels));
      expect(
        difference(
          found.map((f) => f.logProbability),
          expected.map(([, chance]) => Math.log(chance)),
        ),
      ).toBeLessThan(1e-12);
    }
  });

  test("finds what the best path misses", () => {
    const frames = tensor([
      [Math.log(0.6), Math.log(0.4)],
      [Math.log(0.6), Math.log(0.4)],
    ]);
    const [best] = ctcBeamSearch(frames, { width: 2 });
    expect(best!.labels).toEqual([1]);
    expect(best!.logProbability).toBeCloseTo(Math.log(0.64), 6);
  });

  test("edges: no frames; labels of no probability", () => {
    expect(ctcBeamSearch(zeros([0, 3]))).toEqual([{ labels: [], logProbability: 0 }]);
    const certain = fromArray([-Infinity, 0, -Infinity, -Infinity, 0, -Infinity], [2, 3]);
    expect(ctcBeamSearch(certain, { best: 5 })).toEqual([{ labels: [1], logProbability: 0 }]);
  });

  test("errors", () => {
    expect(() => ctcBeamSearch(zeros([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: ctcBeamSearch: logProbabilities are [3], expected [frames, classes], of one sequence]`,
    );
    expect(() => ctcBeamSearch(zeros([3, 2]), { blank: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: ctcBeamSearch: blank is 2; classes run from 0 to 1]`,
    );
    expect(() => ctcBeamSearch(tensor([[Number.NaN, 0]]))).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: ctcBeamSearch: a log-probability is NaN]`,
    );
  });
});
