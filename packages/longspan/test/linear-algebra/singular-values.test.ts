import { singularValues, symmetricEigen } from "longspan";
import { describe, expect, test } from "vitest";
import { matrixProduct, orthonormalise } from "../../src/linear-algebra/index.js";
import { diagonal, distance, gaussian, orthogonalMatrix, secondsOf, transposed } from "./matrices.js";

/** The largest relative difference. */
function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return distance(
    Array.from(a, (x, i) => x / b[i]!),
    new Array(b.length).fill(1),
  );
}

describe("singularValues", () => {
  test("of wide, tall and diagonal matrices", () => {
    expect(Array.from(singularValues([3, 0, 0, 0, -4, 0], 2, 3))).toEqual([4, 3]);
    expect(Array.from(singularValues([3, 0, 0, -4, 0, 0], 3, 2))).toEqual([4, 3]);
    expect(
      distance(singularValues([1, 1, 0, 1], 2, 2), [(1 + Math.sqrt(5)) / 2, (Math.sqrt(5) - 1) / 2]),
    ).toBeLessThan(1e-15);
  });

  test("square roots of the eigenvalues of A'A, and the Frobenius norm", () => {
    for (const [rows, columns] of [
      [12, 12],
      [20, 7],
      [7, 20],
    ] as const) {
      const a = gaussian(rows, rows * columns);
      const s = singularValues(a, rows, columns);
      const small = Math.min(rows, columns);
      const at = transposed(a, rows, columns);
      const gram =
        rows < columns
          ? matrixProduct(a, at, rows, columns, rows)
          : matrixProduct(at, a, columns, rows, columns);
      expect(
        distance(
          s.map((x) => x * x),
          symmetricEigen(gram, small).values,
        ),
      ).toBeLessThan(1e-12 * rows);
      expect(Math.abs(s.reduce((t, x) => t + x * x, 0) - a.reduce((t, x) => t + x * x, 0))).toBeLessThan(
        1e-12 * rows,
      );
    }
  });

  test("tiny ones are right to their own size", () => {
    // Q D with orthonormal Q has the singular values D, whatever their range; norms squared would underflow.
    const sizes = [1e150, 1, 1e-8, 1e-30, 1e-60, 1e-200, 1e-290];
    const n = sizes.length;
    const q = orthogonalMatrix(2, n);
    const graded = matrixProduct(q, diagonal(sizes), n, n, n);
    expect(relativeDistance(singularValues(graded, n, n), sizes)).toBeLessThan(1e-14);
    // [[1, 1], [1, 1 + e]]: the product is the determinant, e.
    const e = 2 ** -40;
    const s = singularValues([1, 1, 1, 1 + e], 2, 2);
    expect(Math.abs((s[0]! * s[1]!) / e - 1)).toBeLessThan(1e-3);
    // Columns that differ in size as well as in direction: D B with sigma(1) sigma(2) = |det|.
    const t = singularValues([1e-20, 1, 2e-20, 1], 2, 2);
    expect(Math.abs((t[0]! * t[1]!) / 1e-20 - 1)).toBeLessThan(1e-14);
  });

  test("singular matrices have exact zeros or rounding error", () => {
    expect(Array.from(singularValues(new Float64Array(6), 2, 3))).toEqual([0, 0]);
    expect(Array.from(singularValues([0, 2, 0, 0, 0, 0, 0, 0, 0], 3, 3))).toEqual([2, 0, 0]);
    const u = gaussian(4, 30);
    const s = singularValues(matrixProduct(u, gaussian(5, 30), 30, 1, 30), 30, 30);
    expect(s[1]! / s[0]!).toBeLessThan(1e-14);
  });

  test("rows of zeros, as of units that are driven to their ends, leave the values of the other rows", () => {
    const n = 32;
    for (const alive of [3, 16, 31]) {
      const a = gaussian(alive, n * n).map((x, k) => (k < alive * n ? x * 10 ** (-(k % n) / 4) : 0));
      const s = singularValues(a, n, n);
      expect(
        relativeDistance(s.slice(0, alive), singularValues(a.slice(0, alive * n), alive, n)),
      ).toBeLessThan(1e-8);
      expect(Math.max(...s.slice(alive))).toBeLessThan(1e-14 * s[0]!);
    }
  });

  test("an orthogonal matrix has ones; 200 x 200 takes less than 2 s", () => {
    const n = 200;
    const g = gaussian(6, n * n);
    let s: Float64Array = new Float64Array();
    const seconds = secondsOf(() => {
      s = singularValues(g, n, n);
    });
    expect(seconds).toBeLessThan(2);
    expect(Math.abs(s.reduce((t, x) => t + x * x, 0) / g.reduce((t, x) => t + x * x, 0) - 1)).toBeLessThan(
      1e-13,
    );
    // log |det| is also the sum of the logs of R's diagonal.
    const q = g.slice();
    const logs = orthonormalise(q, n, n);
    expect(Math.abs(s.reduce((t, x) => t + Math.log(x), 0) - logs.reduce((t, x) => t + x, 0))).toBeLessThan(
      1e-10,
    );
    expect(distance(singularValues(q, n, n), new Array(n).fill(1))).toBeLessThan(1e-13);
  });

  test("says what is wrong with a matrix", () => {
    expect(() => singularValues([1, 2, 3], 2, 2)).toThrow("singularValues: 3 numbers for a 2 x 2 matrix");
    expect(() => singularValues([1, Number.POSITIVE_INFINITY], 1, 2)).toThrow(
      "singularValues: the entry in row 0, column 1 is Infinity",
    );
    expect(() => singularValues([1], 1.5, 1)).toThrow("positive integers, got 1.5 x 1");
  });
});
