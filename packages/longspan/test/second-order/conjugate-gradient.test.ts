import {
  conjugateGradient,
  fromArray,
  Key,
  matmul,
  normal,
  onCpu,
  reshape,
  type Tensor,
  tensor,
} from "longspan";
import { describe, expect, it } from "vitest";

const n = 12;
const list = (v: unknown) => [...onCpu(v as Tensor).toArray()];

/** B' B + diag, its product, and the solution of A x = b by elimination. */
function system() {
  const B = list(normal(Key.of(1), [n, n], "float64"));
  const b = list(normal(Key.of(2), [n], "float64"));
  const A = Array.from({ length: n }, (_, i) =>
    Array.from(
      { length: n },
      (_, j) => b.reduce((s, _, k) => s + B[k * n + i]! * B[k * n + j]!, 0) + (i === j ? 1 + i : 0),
    ),
  );
  const rows = A.map((row, i) => [...row, b[i]!]);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const f = rows[k]![i]! / rows[i]![i]!;
      rows[k] = rows[k]!.map((v, j) => v - f * rows[i]![j]!);
    }
  const x = rows.map((row, i) => row[n]! / row[i]!);
  const matrix = fromArray(A.flat(), [n, n], "float64");
  const product = (v: Tensor) => reshape(matmul(reshape(v, [1, n]), matrix), [n]) as Tensor;
  return { A, b: fromArray(b, [n], "float64"), numbers: b, x, product };
}

const { A, b, numbers, x, product } = system();
const quadratic = (at: number[]) =>
  at.reduce((s, v, i) => s + v * (A[i]!.reduce((t, a, j) => t + a * at[j]!, 0) / 2 - numbers[i]!), 0);

describe("conjugateGradient", () => {
  const diagonal = fromArray(
    A.map((row, i) => row[i]!),
    [n],
    "float64",
  );
  it.each([
    ["alone", {}],
    ["with a preconditioner", { preconditioner: diagonal }],
    ["from another start", { start: normal(Key.of(3), [n], "float64") }],
  ])("reaches the closed form of a quadratic, %s", (_, options) => {
    const { iterates, steps } = conjugateGradient(product, b, { ...options, progress: 0, maxSteps: n + 4 });
    const found = list(iterates.at(-1)!.x);
    for (const [i, v] of found.entries()) expect(v).toBeCloseTo(x[i]!, 10);
    expect(steps).toBeLessThanOrEqual(n + 4);
    for (const { x: at, q } of iterates) expect(q).toBeCloseTo(quadratic(list(at)), 9);
    const values = iterates.map((it) => it.q);
    expect(values).toEqual([...values].sort((p, q) => q - p));
  });

  it("needs fewer steps with the preconditioner that is the matrix, and stops at an exact solution", () => {
    const scale = tensor([1, 100, 10_000], "float64");
    const stretched = (v: Tensor) => list(v).map((e, i) => e * [1, 100, 10_000][i]!);
    const diagonalProduct = (v: Tensor) => fromArray(stretched(v), [3], "float64");
    const right = tensor([1, 1, 1], "float64");
    const solved = conjugateGradient(diagonalProduct, right, { preconditioner: scale });
    expect([solved.steps, solved.ended]).toEqual([1, "solved"]);
    expect(conjugateGradient(diagonalProduct, right, { progress: 0 }).steps).toBeGreaterThan(2);
    const none = conjugateGradient(product, tensor(new Array(n).fill(0), "float64"));
    expect([none.steps, none.ended, none.iterates.length]).toEqual([0, "solved", 1]);
  });

  it("meets negative curvature, reports it and does not divide by it", () => {
    const bent = (v: Tensor) => {
      const [p, q] = list(v) as [number, number];
      return tensor([3 * p, -2 * q], "float64");
    };
    const first = conjugateGradient(bent, tensor([0, 1], "float64"));
    expect(first).toMatchObject({ steps: 0, ended: "negative curvature", negativeCurvature: -2 });
    expect(list(first.iterates[0]!.x)).toEqual([0, 0]);
    const later = conjugateGradient(bent, tensor([1, 0.1], "float64"));
    expect(later.ended).toBe("negative curvature");
    expect(later.steps).toBe(1);
    expect(later.negativeCurvature).toBeLessThan(0);
    expect(list(later.iterates.at(-1)!.x).every(Number.isFinite)).toBe(true);
  });

  it("ends when too little is won, keeps stages at growing steps, and stops at what is not finite", () => {
    const wide = Array.from({ length: 200 }, (_, i) => 1 + i * i);
    const slow = (v: Tensor) =>
      fromArray(
        list(v).map((e, i) => e * wide[i]!),
        [200],
        "float64",
      );
    const right = tensor(
      wide.map(() => 1),
      "float64",
    );
    const { ended, steps, iterates } = conjugateGradient(slow, right, { progress: 0.01 });
    expect(ended).toBe("progress");
    expect(steps).toBeLessThan(120);
    expect(steps).toBeGreaterThan(10);
    const stricter = conjugateGradient(slow, right, { progress: 0.001 });
    expect(stricter.steps).toBeGreaterThan(steps);
    const kept = iterates.map((it) => it.step);
    expect(kept.slice(0, 8)).toEqual([1, 2, 3, 4, 6, 8, 11, 15]);
    expect(kept.at(-1)).toBe(steps);
    const nan = conjugateGradient(
      (v) =>
        fromArray(
          list(v).map(() => Number.NaN),
          [n],
          "float64",
        ),
      b,
    );
    expect([nan.ended, nan.steps, nan.negativeCurvature]).toEqual(["not finite", 0, null]);
    expect(conjugateGradient(slow, right, { maxSteps: 3 })).toMatchObject({ ended: "steps", steps: 3 });
    expect(() => conjugateGradient(slow, right, { maxSteps: 0 })).toThrow(
      /maxSteps is a positive integer, got 0/,
    );
  });
});
