import {
  chain,
  ctcBestPath,
  editDistance,
  graph,
  Key,
  labelErrorRate,
  normal,
  tensor,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { rows } from "./plain.js";

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
