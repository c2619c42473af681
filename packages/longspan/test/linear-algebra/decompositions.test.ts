import { symmetricEigen } from "longspan";
import { describe, expect, test } from "vitest";
import { matrixProduct, orthonormalise } from "../../src/linear-algebra/index.js";
import { diagonal, distance, gaussian, identityMatrix, transposed } from "./matrices.js";

test("matrixProduct", () => {
  expect(Array.from(matrixProduct([1, 2, 3, 4, 5, 6], [1, 0, 2, 1, 0, -1], 2, 3, 2))).toEqual([
    5, -1, 14, -1,
  ]);
  expect(() => matrixProduct([1], [1, 2], 1, 1, 1)).toThrow(
    "1 and 2 numbers for matrices of 1 x 1 and 1 x 1",
  );
});

describe("orthonormalise", () => {
  test("Q Q' = 1, Q V' is upper triangular, and its positive diagonal has the logs", () => {
    const [n, k] = [15, 6];
    const v = gaussian(1, n * k);
    const q = v.slice();
    const logs = orthonormalise(q, n, k);
    expect(distance(matrixProduct(q, transposed(q, k, n), k, n, k), identityMatrix(k))).toBeLessThan(
      1e-15 * n,
    );
    const r = matrixProduct(q, transposed(v, k, n), k, n, k);
    for (let i = 0; i < k; i++) {
      expect(r[i * k + i]!).toBeGreaterThan(0);
      expect(Math.abs(Math.log(r[i * k + i]!) - logs[i]!)).toBeLessThan(1e-13);
      for (let j = 0; j < i; j++) expect(Math.abs(r[i * k + j]!)).toBeLessThan(1e-14);
    }
  });

  test("nearly parallel vectors and vectors of very different lengths stay orthonormal", () => {
    const q = Float64Array.of(1, 1, 1, 1, 1 + 1e-12, 1, 1e-200, 3e-200, -2e-200);
    const logs = orthonormalise(q, 3, 3);
    expect(distance(matrixProduct(q, transposed(q, 3, 3), 3, 3, 3), identityMatrix(3))).toBeLessThan(1e-15);
    expect(logs[0]).toBeCloseTo(Math.log(3) / 2, 14);
    expect(logs[1]).toBeCloseTo(Math.log(1e-12) + Math.log(2 / 3) / 2, 3);
    // What of (1, 3, -2) is orthogonal to the others is (3, 0, -3) / 2.
    expect(logs[2]).toBeCloseTo(Math.log(1e-200) + Math.log(4.5) / 2, 3);
  });

  test("a dependent vector has the log -Infinity and is still made orthonormal", () => {
    const q = Float64Array.of(1, 0, 0, 0, 0, 0, 0, 0, 2);
    expect(Array.from(orthonormalise(q, 3, 3))).toEqual([0, Number.NEGATIVE_INFINITY, Math.log(2)]);
    expect(distance(matrixProduct(q, transposed(q, 3, 3), 3, 3, 3), identityMatrix(3))).toBe(0);
  });

  test("more vectors than dimensions are refused", () => {
    expect(() => orthonormalise(Float64Array.of(1, 2), 1, 2)).toThrow(
      "2 vectors of 1 numbers; at most 1 are independent",
    );
  });
});

describe("symmetricEigen", () => {
  test("A = Q Lambda Q', largest magnitude first", () => {
    const n = 40;
    const g = gaussian(2, n * n);
    const a = Float64Array.from(g, (x, at) => x + g[(at % n) * n + Math.floor(at / n)]!);
    const { values, vectors } = symmetricEigen(a, n);
    const back = matrixProduct(
      matrixProduct(vectors, diagonal(values), n, n, n),
      transposed(vectors, n, n),
      n,
      n,
      n,
    );
    expect(distance(back, a)).toBeLessThan(1e-13 * n);
    expect(
      distance(matrixProduct(transposed(vectors, n, n), vectors, n, n, n), identityMatrix(n)),
    ).toBeLessThan(1e-13);
    const sizes = values.map(Math.abs);
    expect(Array.from(sizes)).toEqual(Array.from(sizes).sort((x, y) => y - x));
  });

  test("known values, repeated and zero ones too", () => {
    const { values, vectors } = symmetricEigen([2, 1, 1, 2], 2);
    expect(distance(values, [3, 1])).toBeLessThan(1e-15);
    expect(Math.abs(vectors[0]!)).toBeCloseTo(Math.SQRT1_2, 15);
    const ones = symmetricEigen(new Float64Array(25).fill(1), 5).values;
    expect(distance(ones, [5, 0, 0, 0, 0])).toBeLessThan(1e-14);
    expect(Array.from(symmetricEigen(new Float64Array(9), 3).values)).toEqual([0, 0, 0]);
  });

  test("a matrix that is not symmetric is refused", () => {
    expect(() => symmetricEigen([1, 2, 3, 4], 2)).toThrow(
      "the matrix is not symmetric: 2 in row 0, column 1, but 3 in row 1, column 0; use eigenvalues()",
    );
  });
});
