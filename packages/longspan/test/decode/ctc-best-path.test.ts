import {
  chain,
  ctcBeamSearch,
  ctcBestPath,
  ctcLossPerSequence,
  ctcTargets,
  graph,
  Key,
  logSoftmax,
  normal,
  onCpu,
  tensor,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { rows } from "../nn/plain.js";

describe("best path", () => {
  const said = (classes: readonly number[], of = 4) =>
    classes.map((c) => Array.from({ length: of }, (_, k) => (k === c ? 1 : 0)));

  test("drops repeats, then blanks", () => {
    const path = said([0, 1, 1, 0, 1, 2, 2, 0, 0, 3, 2]);
    expect(ctcBestPath(tensor(path), chain([11]))).toEqual([[1, 1, 2, 3, 2]]);
    expect(ctcBestPath(tensor(path), chain([11]), { blank: 2 })).toEqual([[0, 1, 0, 1, 0, 3]]);
  });

  test("of a ragged batch, each sequence by itself, whichever way its frames are laid out", () => {
    const lengths = [3, 0, 6, 1];
    const link = (n: number) =>
      Array.from({ length: Math.max(0, n - 1) }, (_, i) => ({ from: i + 1, to: i }));
    for (const frames of [chain(lengths), graph(lengths.map((nodes) => ({ nodes, edges: link(nodes) })))]) {
      const logits = normal(Key.of(1), [10, 3]);
      const all = rows(logits);
      const alone = lengths.map((n, b) =>
        n === 0 ? [] : ctcBestPath(tensor(frames.rowsOf(b).map((r) => all[r]!)), chain([n]))[0],
      );
      expect(ctcBestPath(logits, frames)).toEqual(alone);
      expect(alone.flat().length).toBeGreaterThan(2);
    }
  });

  test("errors", () => {
    expect(() => ctcBestPath(zeros([2, 3]), chain([3]))).toThrow(
      "ctcBestPath: logits are [2, 3], expected [3, classes]: a row for each of the 3 frames",
    );
    expect(() => ctcBestPath(zeros([3, 3]), chain([3]), { blank: 3 })).toThrow(
      "ctcBestPath: the blank is class 3 and the logits have 3 classes, 0 to 2: the blank is one of them",
    );
  });
});

test("beam search over all prefixes gives labellings the probabilities that the loss says", () => {
  const logits = normal(Key.of(2), [6, 3], "float64");
  const found = ctcBeamSearch(logSoftmax(logits), { width: 1000, best: 12 });
  for (const { labels, logProbability } of found) {
    const loss = ctcLossPerSequence(logits, ctcTargets(chain([6]), [labels]));
    expect(onCpu(loss).item()).toBeCloseTo(-logProbability, 12);
  }
  expect(found.length).toBe(12);
});
