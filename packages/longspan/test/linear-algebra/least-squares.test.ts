import { singularValues } from "longspan";
import { describe, expect, test } from "vitest";
import { emptyTriangle, reflectInPanels, reflectPlainly } from "../../src/linear-algebra/append-rows.js";
import {
  appendRows,
  bidiagonalise,
  choleskyFactor,
  matrixProduct,
  solveBidiagonal,
  solveLower,
  solveUpper,
} from "../../src/linear-algebra/index.js";
import { distance, gaussian, transposed } from "./matrices.js";

const upperPart = (rows: Float64Array, n: number, m: number) =>
  Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return j < i ? 0 : rows[i * (n + m) + j]!;
  });

describe("rows appended to a triangle", () => {
  for (const [n, m, count] of [
    [1, 1, 1],
    [5, 2, 3],
    [33, 1, 40],
    [70, 3, 100],
  ] as const)
    test(`${count} of ${n} + ${m} numbers: panels are the plain reflections, and R'R = X'X`, () => {
      const block = gaussian(n, count * (n + m));
      const [plain, panels] = [emptyTriangle(n, m), emptyTriangle(n, m)];
      // Rows below rows: the second time there is a triangle above.
      for (const [to, reflect] of [
        [plain, reflectPlainly],
        [panels, reflectInPanels],
      ] as const)
        for (let time = 0; time < 2; time++) {
          const left = reflect(
            to,
            block.map((x) => x * (1 + time)),
            count,
          );
          for (let i = 0; i < left.length; i++) to.left[i % m]! += left[i]! ** 2;
        }
      expect(distance(plain.rows, panels.rows)).toBeLessThan(1e-12);
      expect(distance(plain.left, panels.left)).toBeLessThan(1e-11);
      const columns = (from: number, many: number) =>
        Float64Array.from(
          { length: count * many },
          (_, i) => block[Math.floor(i / many) * (n + m) + from + (i % many)]!,
        );
      const X = columns(0, n);
      const R = upperPart(plain.rows, n, m);
      const [RR, XX] = [
        matrixProduct(transposed(R, n, n), R, n, n, n),
        matrixProduct(transposed(X, count, n), X, n, count, n).map((x) => 5 * x),
      ];
      expect(distance(RR, XX)).toBeLessThan(1e-11);
      const Y = columns(n, m);
      const Z = Float64Array.from(
        { length: n * m },
        (_, i) => plain.rows[Math.floor(i / m) * (n + m) + n + (i % m)]!,
      );
      for (let q = 0; q < m; q++) {
        const squares = (a: Float64Array) => a.reduce((s, x, i) => (i % m === q ? s + x * x : s), 0);
        expect(squares(Z) + plain.left[q]!).toBeCloseTo(5 * squares(Y), 9);
      }
    });

  test("the triangle before is as it was", () => {
    const before = appendRows(emptyTriangle(2, 1), gaussian(1, 9), 3);
    const copy = structuredClone(before);
    appendRows(before, gaussian(2, 9), 3);
    expect(before).toEqual(copy);
  });
});

describe("the bidiagonal form", () => {
  for (const n of [1, 2, 3, 8, 25])
    test(`of a ${n} x ${n} matrix: the same singular values, and least squares with any ridge`, () => {
      const A = gaussian(n, n * n);
      const C = gaussian(n + 1, n * 2);
      const form = bidiagonalise(A.slice(), n);
      const B = new Float64Array(n * n);
      for (let k = 0; k < n; k++) {
        B[k * n + k] = form.diagonal[k]!;
        if (k + 1 < n) B[k * n + k + 1] = form.beside[k]!;
      }
      expect(distance(singularValues(B, n, n), singularValues(A, n, n))).toBeLessThan(1e-13 * n);
      const right = C.slice();
      form.intoLeft(right, 2);
      for (const ridge of [0, 1e-3, 1, 50]) {
        const z = solveBidiagonal(form, right, 2, ridge);
        form.fromRight(z, 2);
        // A'(A z - C) + ridge z = 0
        const error = matrixProduct(A, z, n, n, 2).map((x, i) => x - C[i]!);
        const slope = matrixProduct(transposed(A, n, n), error, n, n, 2).map((x, i) => x + ridge * z[i]!);
        const size = Math.max(1, ...z.map(Math.abs));
        expect(Math.max(...slope.map(Math.abs))).toBeLessThan(1e-12 * n * size);
      }
    });
});

describe("Cholesky and triangles", () => {
  test("L L' = A; L^-1 and R^-1 undo them", () => {
    const n = 12;
    const X = gaussian(3, 20 * n);
    const A = matrixProduct(transposed(X, 20, n), X, n, 20, n);
    const L = A.slice();
    expect(choleskyFactor(L, n, 1e-12)).toBe(-1);
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) L[i * n + j] = 0;
    expect(distance(matrixProduct(L, transposed(L, n, n), n, n, n), A)).toBeLessThan(1e-12);
    const b = gaussian(4, n * 3);
    const x = b.slice();
    solveLower(L, n, x, 3);
    expect(distance(matrixProduct(L, x, n, n, 3), b)).toBeLessThan(1e-12);
    const y = b.slice();
    solveUpper(transposed(L, n, n), n, y, 3);
    expect(distance(matrixProduct(transposed(L, n, n), y, n, n, 3), b)).toBeLessThan(1e-12);
  });

  test("a row that depends on those before it is named", () => {
    const X = gaussian(5, 10 * 3);
    for (let i = 0; i < 10; i++) X[i * 3 + 2] = X[i * 3]! - 2 * X[i * 3 + 1]!;
    const A = matrixProduct(transposed(X, 10, 3), X, 3, 10, 3);
    expect(choleskyFactor(A, 3, 1e-14)).toBe(2);
  });
});
