import { convexHullProblem, Key, sortingProblem } from "longspan";
import { describe, expect, test } from "vitest";

describe("the sorting problem", () => {
  const problem = sortingProblem({ numbers: [2, 6] });
  const { source, target, answers } = problem.sample(Key.of(1), 0, 50);
  test("asks for the members from the smallest to the largest, in sources of every length", () => {
    const sizes = new Set(answers.map((a) => a.length));
    expect([...sizes].sort()).toEqual([2, 3, 4, 5, 6]);
    answers.forEach((answer, s) => {
      const rows = source.structure.rowsOf(s);
      expect([...answer].sort((a, b) => a - b)).toEqual(rows.map((_, i) => i));
      const sorted = answer.map((m) => source.x[rows[m]!]!);
      expect(sorted).toEqual([...sorted].sort((a, b) => a - b));
      expect(target.structure.rowsOf(s).map((r) => target.members[r])).toEqual(answer);
    });
  });
  test("is right member for member", () => {
    expect(problem.right([2, 0, 1], [2, 0, 1])).toBe(true);
    expect(problem.right([2, 1, 0], [2, 0, 1])).toBe(false);
    expect(problem.right([2, 0], [2, 0, 1])).toBe(false);
  });
  test("source i of a batch depends on the key, the batch and i alone", () => {
    expect(problem.sample(Key.of(1), 0, 3).answers).toEqual(answers.slice(0, 3));
    expect(problem.sample(Key.of(1), 1, 50).answers).not.toEqual(answers);
  });
});

describe("the convex hull problem", () => {
  const problem = convexHullProblem({ points: [3, 12] });
  const { source, answers } = problem.sample(Key.of(2), 0, 100);
  test("all points lie left of every side, and none of the others is a corner", () => {
    answers.forEach((answer, s) => {
      const points = source.structure.rowsOf(s).map((r) => [source.x[2 * r]!, source.x[2 * r + 1]!] as const);
      const corners = answer.slice(0, -1);
      expect(answer.at(-1)).toBe(answer[0]);
      expect(answer[0]).toBe(Math.min(...answer));
      expect(new Set(corners).size).toBe(corners.length);
      corners.forEach((a, i) => {
        const b = answer[i + 1]!;
        points.forEach((p, m) => {
          if (m === a || m === b) return;
          const [[ax, ay], [bx, by]] = [points[a]!, points[b]!];
          expect((bx - ax) * (p[1] - ay) - (by - ay) * (p[0] - ax)).toBeGreaterThan(0);
        });
      });
    });
  });
  test("is right from any corner, up to the return to it", () => {
    const answer = [0, 3, 1, 4, 0];
    expect(problem.right([0, 3, 1, 4, 0], answer)).toBe(true);
    expect(problem.right([1, 4, 0, 3, 1, 2], answer)).toBe(true);
    expect(problem.right([0, 4, 1, 3, 0], answer)).toBe(false);
    expect(problem.right([0, 3, 1, 4, 2], answer)).toBe(false);
    expect(problem.right([0, 3, 1, 0, 4], answer)).toBe(false);
    expect(problem.right([], answer)).toBe(false);
    expect(problem.length(5)).toBe(6);
  });
  test("refuses what has no polygon", () => {
    expect(() => convexHullProblem({ points: 2 })).toThrow(
      "convexHullProblem: points is an integer of at least 3, or the shortest and the longest of such lengths: fewer have no polygon, got 2",
    );
  });
});
