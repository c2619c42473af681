import { eigenpairs, eigenvalues, powerNorms, schur, singularValues, symmetricEigen } from "longspan";
import { describe, expect, test } from "vitest";
import { matrixProduct } from "../../src/linear-algebra/index.js";
import { distance, gaussian, identityMatrix, orthogonalMatrix, transposed } from "./matrices.js";

const norm = (a: ArrayLike<number>) => Math.sqrt(Array.from(a).reduce((s, x) => s + x * x, 0));
const jordan = (n: number, value: number) =>
  Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? value : i % (n + 1) === 1 ? 1 : 0));
const shift = (n: number) =>
  Float64Array.from({ length: n * n }, (_, i) => (i % n === (Math.floor(i / n) + 1) % n ? 1 : 0));
const scaled = (a: Float64Array, factor: number) => a.map((x) => x * factor);

/** Matrices with their sizes. */
const matrices: readonly (readonly [string, Float64Array, number])[] = [
  ...[1, 2, 3, 4, 5, 8, 13, 21, 40, 75].map((n) => [`random ${n}`, gaussian(n, n * n), n] as const),
  ["zero", new Float64Array(16), 4],
  ["identity", identityMatrix(5), 5],
  ["a Jordan block", jordan(6, 0.7), 6],
  ["a delay line", jordan(5, 0), 5],
  ["a cycle", shift(7), 7],
  ["two equal pairs", Float64Array.from([0, -1, 1, 0, 1, 0, 0, 1, 0, 0, 0, -1, 0, 0, 1, 0]), 4],
  ["orthogonal", orthogonalMatrix(3, 12), 12],
  ["upper triangular", gaussian(5, 9 * 9).map((x, i) => (i % 9 >= Math.floor(i / 9) ? x : 0)), 9],
  ["large numbers", scaled(gaussian(7, 10 * 10), 1e200), 10],
  ["small numbers", scaled(gaussian(8, 10 * 10), 1e-200), 10],
  [
    "rows of very different sizes",
    gaussian(9, 8 * 8).map((x, i) => x * 10 ** (3 * Math.floor(i / 8) - 12)),
    8,
  ],
];

describe("the real Schur form", () => {
  for (const [name, a, n] of matrices)
    test(`of ${name}: A Q = Q T, Q orthogonal, T in blocks of at most two rows with complex pairs`, () => {
      const { Q, T } = schur(a, n);
      const size =
        norm(a.map((x) => x / (Math.max(...a.map(Math.abs)) || 1))) * (Math.max(...a.map(Math.abs)) || 1);
      const [aq, qt] = [matrixProduct(a, Q, n, n, n), matrixProduct(Q, T, n, n, n)];
      expect(Math.max(...aq.map((x, i) => Math.abs(x - qt[i]!)))).toBeLessThanOrEqual(1e-13 * size);
      expect(distance(matrixProduct(transposed(Q, n, n), Q, n, n, n), identityMatrix(n))).toBeLessThan(
        1e-13 * n,
      );
      for (let i = 1; i < n; i++) {
        for (let j = 0; j + 1 < i; j++) expect(T[i * n + j]).toBe(0);
        const below = T[i * n + i - 1]!;
        if (below === 0) continue;
        if (i + 1 < n) expect(T[(i + 1) * n + i]).toBe(0);
        const [p, q, s] = [T[(i - 1) * n + i - 1]!, T[(i - 1) * n + i]!, T[i * n + i]!];
        expect(((p - s) / 2 / size) ** 2 + (q / size) * (below / size)).toBeLessThan(0);
      }
    });

  test("of a symmetric matrix is diagonal, with the eigenvalues of symmetricEigen", () => {
    for (const n of [2, 5, 20]) {
      const g = gaussian(n + 50, n * n);
      const a = g.map((x, i) => x + g[(i % n) * n + Math.floor(i / n)]!);
      const { T } = schur(a, n);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++)
          if (i !== j) expect(Math.abs(T[i * n + j]!)).toBeLessThan(1e-13 * norm(a));
      const diagonal = Array.from({ length: n }, (_, i) => T[i * n + i]!).sort((x, y) => x - y);
      const expected = [...symmetricEigen(a, n).values].sort((x, y) => x - y);
      expect(distance(diagonal, expected)).toBeLessThan(1e-12 * norm(a));
    }
  });
});

describe("complex eigenpairs", () => {
  for (const [name, a, n] of matrices)
    test(`of ${name}: A v = lambda v, |v| = 1, pairs conjugate`, () => {
      const { values, vectors } = eigenpairs(a, n);
      const largest = Math.max(...a.map(Math.abs)) || 1;
      for (let k = 0; k < n; k++) {
        const column = (m: Float64Array) => Float64Array.from({ length: n }, (_, i) => m[i * n + k]!);
        const [re, im] = [column(vectors.re), column(vectors.im)];
        expect(Math.hypot(norm(re), norm(im))).toBeCloseTo(1, 12);
        const [ar, ai] = [matrixProduct(a, re, n, n, 1), matrixProduct(a, im, n, n, 1)];
        const [lr, li] = [values.re[k]!, values.im[k]!];
        for (let i = 0; i < n; i++) {
          expect(Math.abs(ar[i]! - (lr * re[i]! - li * im[i]!))).toBeLessThan(1e-12 * n * largest);
          expect(Math.abs(ai[i]! - (lr * im[i]! + li * re[i]!))).toBeLessThan(1e-12 * n * largest);
        }
        if (k > 0) {
          const before = Math.hypot(values.re[k - 1]!, values.im[k - 1]!);
          expect(Math.hypot(lr, li)).toBeLessThanOrEqual(before * (1 + 1e-12));
        }
      }
    });

  test("have the values of eigenvalues()", () => {
    for (const n of [3, 10, 30]) {
      const a = gaussian(n + 70, n * n);
      const [{ values }, expected] = [eigenpairs(a, n), eigenvalues(a, n)];
      expect(distance(values.re, expected.re)).toBeLessThan(1e-10);
      expect(distance(values.im, expected.im)).toBeLessThan(1e-10);
    }
  });

  test("say h(t) of a linear net: V Lambda^t V^-1 h(0) is W^t h(0)", () => {
    // In two dimensions the inverse is at hand: h(0) = x v1 + conj(x) conj(v1).
    const a = [0.6, -0.7, 0.9, 0.3];
    const { values, vectors } = eigenpairs(a, 2);
    const [p, q] = [
      [vectors.re[0]!, vectors.im[0]!],
      [vectors.re[2]!, vectors.im[2]!],
    ] as const;
    const h0 = [1.5, -0.4];
    // 2 Re(x v) = h0 for the two real numbers of x.
    const determinant = 4 * (-p[0] * q[1] + p[1] * q[0]);
    const x = [
      (-2 * q[1] * h0[0]! + 2 * p[1] * h0[1]!) / determinant,
      (2 * p[0] * h0[1]! - 2 * q[0] * h0[0]!) / determinant,
    ];
    let h: Float64Array = Float64Array.from(h0);
    for (let t = 1; t <= 12; t++) {
      h = matrixProduct(a, h, 2, 2, 1);
      const [size, angle] = [
        Math.hypot(values.re[0]!, values.im[0]!) ** t,
        t * Math.atan2(values.im[0]!, values.re[0]!),
      ];
      const [zr, zi] = [size * Math.cos(angle), size * Math.sin(angle)];
      const [yr, yi] = [x[0]! * zr - x[1]! * zi, x[0]! * zi + x[1]! * zr];
      expect(h[0]).toBeCloseTo(2 * (yr * p[0] - yi * p[1]), 11);
      expect(h[1]).toBeCloseTo(2 * (yr * q[0] - yi * q[1]), 11);
    }
  });
});

describe("norms of powers", () => {
  test("are largest singular values of the powers", () => {
    const [n, a] = [7, gaussian(91, 7 * 7).map((x) => x / 3)];
    const norms = powerNorms(a, n, 12);
    let power: Float64Array = identityMatrix(n);
    for (let t = 1; t <= 12; t++) {
      power = matrixProduct(power, a, n, n, n);
      expect(norms[t]! / singularValues(power, n, n)[0]!).toBeCloseTo(1, 12);
    }
  });

  test("stay 1 for an orthogonal matrix, are radius^t for a symmetric one, and end for a delay line", () => {
    for (const x of powerNorms(orthogonalMatrix(4, 9), 9, 40)) expect(x).toBeCloseTo(1, 12);
    const symmetric = [0.5, 0.2, 0.2, -0.4];
    const radius = Math.abs(symmetricEigen(symmetric, 2).values[0]!);
    powerNorms(symmetric, 2, 50).forEach((x, t) => {
      expect(x / radius ** t).toBeCloseTo(1, 11);
    });
    expect([...powerNorms(jordan(4, 0), 4, 6)]).toEqual([1, 1, 1, 1, 0, 0, 0]);
  });

  test("grow first where W is not normal, however small the spectral radius is", () => {
    // [[r, c], [0, r]]^t = r^t [[1, c t / r], [0, 1]], whose norm is known.
    const [r, c] = [0.8, 10];
    powerNorms([r, c, 0, r], 2, 200).forEach((x, t) => {
      const s = (c * t) / r;
      const expected = r ** t * Math.sqrt(1 + (s * s) / 2 + s * Math.sqrt(1 + (s * s) / 4));
      expect(x / expected).toBeCloseTo(1, 10);
    });
    expect(Math.max(...powerNorms([r, c, 0, r], 2, 40))).toBeGreaterThan(15);
  });

  test("neither overflow nor underflow before the numbers do", () => {
    expect(powerNorms([1e-30, 0, 0, 0], 2, 10)[10]! / 1e-300).toBeCloseTo(1, 10);
    expect(powerNorms([1e100, 0, 0, 0], 2, 3)[3]! / 1e300).toBeCloseTo(1, 10);
    expect(powerNorms([1e100, 0, 0, 0], 2, 4)[4]).toBe(Number.POSITIVE_INFINITY);
  });
});
