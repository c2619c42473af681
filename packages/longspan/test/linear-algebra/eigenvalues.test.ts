import { eigenvalues, spectralRadius, symmetricEigen } from "longspan";
import { describe, expect, test } from "vitest";
import { matrixProduct } from "../../src/linear-algebra/index.js";
import { distance, gaussian, orthogonalMatrix, secondsOf, transposed } from "./matrices.js";

/** The companion matrix of the polynomial with these complex roots, which come in conjugate pairs. */
function companion(roots: readonly (readonly [number, number])[]): Float64Array {
  let polynomial: [number, number][] = [[1, 0]];
  for (const [re, im] of roots)
    polynomial = Array.from({ length: polynomial.length + 1 }, (_, i) => {
      const [a, b] = polynomial[i] ?? [0, 0];
      const [c, d] = polynomial[i - 1] ?? [0, 0];
      return [a - (c * re - d * im), b - (c * im + d * re)];
    });
  const n = roots.length;
  const out = new Float64Array(n * n);
  for (let j = 0; j < n; j++) out[j] = -polynomial[j + 1]![0];
  for (let i = 1; i < n; i++) out[i * n + i - 1] = 1;
  return out;
}

/** log |det(A - z)| by elimination with complex numbers: the eigenvalues enter only through their product. */
function logDeterminant(a: ArrayLike<number>, n: number, z: readonly [number, number]): number {
  const m = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => [a[i * n + j]! - (i === j ? z[0] : 0), i === j ? -z[1] : 0]),
  );
  let total = 0;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k; i < n; i++) if (Math.hypot(...m[i]![k]!) > Math.hypot(...m[pivot]![k]!)) pivot = i;
    [m[k], m[pivot]] = [m[pivot]!, m[k]!];
    const [p, q] = m[k]![k] as [number, number];
    const square = p * p + q * q;
    total += Math.log(square) / 2;
    for (let i = k + 1; i < n; i++) {
      const [r, s] = m[i]![k] as [number, number];
      const [f, g] = [(r * p + s * q) / square, (s * p - r * q) / square];
      for (let j = k; j < n; j++) {
        const [x, y] = m[k]![j] as [number, number];
        m[i]![j]![0]! -= f * x - g * y;
        m[i]![j]![1]! -= f * y + g * x;
      }
    }
  }
  return total;
}

describe("eigenvalues", () => {
  test("the roots of polynomials, by their companion matrices", () => {
    const roots = [
      [5, 0],
      [-4, 0],
      [1, 3],
      [1, -3],
      [0, 2],
      [0, -2],
      [0.5, 0],
      [-0.25, 0],
    ] as const;
    const { re, im } = eigenvalues(companion(roots), roots.length);
    expect(
      distance(
        re,
        roots.map(([x]) => x),
      ),
    ).toBeLessThan(1e-12);
    expect(
      distance(
        im,
        roots.map(([, y]) => y),
      ),
    ).toBeLessThan(1e-12);
  });

  test("rotations have their angle, to the last digits, and conjugates are exact", () => {
    for (const angle of [1e-3, 0.7, 2, 3.1]) {
      const [c, s] = [0.9 * Math.cos(angle), 0.9 * Math.sin(angle)];
      const { re, im } = eigenvalues([c, -s, s, c], 2);
      expect(distance(re, [c, c])).toBeLessThan(1e-15);
      expect(distance(im, [s, -s])).toBeLessThan(1e-15);
    }
    const { re, im } = eigenvalues(gaussian(3, 49), 7);
    for (let i = 0; i < 7; i++) if (im[i]! > 0) expect([re[i + 1], im[i + 1]]).toEqual([re[i], -im[i]!]);
  });

  test("a cyclic permutation, where the usual shifts change nothing, has the roots of unity", () => {
    for (const n of [3, 4, 7, 30]) {
      const a = new Float64Array(n * n);
      for (let i = 0; i < n; i++) a[i * n + ((i + n - 1) % n)] = 1;
      const { re, im } = eigenvalues(a, n);
      const found = Array.from(re, (x, i) => Math.atan2(im[i]!, x)).sort((p, q) => p - q);
      const gaps = found.slice(1).map((angle, i) => angle - found[i]!);
      for (const gap of gaps) expect(Math.abs(gap - (2 * Math.PI) / n)).toBeLessThan(1e-12);
      for (let i = 0; i < n; i++) expect(Math.abs(Math.hypot(re[i]!, im[i]!) - 1)).toBeLessThan(1e-13);
    }
  });

  test("a Jordan block, as far as rounding lets it: 1e-16^(1/n)", () => {
    // Hidden behind a rotation of the axes, which only rounding can undo.
    const n = 4;
    const jordan = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      jordan[i * n + i] = 0.7;
      if (i > 0) jordan[(i - 1) * n + i] = 1;
    }
    const q = orthogonalMatrix(1, n);
    const hidden = matrixProduct(matrixProduct(q, jordan, n, n, n), transposed(q, n, n), n, n, n);
    const { re, im } = eigenvalues(hidden, n);
    for (let i = 0; i < n; i++) expect(Math.hypot(re[i]! - 0.7, im[i]!)).toBeLessThan(1e-3);
    // Their mean is well conditioned.
    expect(Math.abs(re.reduce((s, x) => s + x, 0) / n - 0.7)).toBeLessThan(1e-14);
  });

  test("what is triangular but for the order of its rows is exact: a delay line has no eigenvalue but 0", () => {
    const n = 60;
    const line = new Float64Array(n * n);
    for (let i = 1; i < n; i++) line[i * n + i - 1] = 1;
    expect(eigenvalues(line, n)).toEqual({ re: new Float64Array(n), im: new Float64Array(n) });
    // Units in another order: 2 -> 0 -> 1, with self-connections.
    expect(Array.from(eigenvalues([0.25, 0, 1e8, 1e8, -2, 3, 0, 0, 0.5], 3).re)).toEqual([-2, 0.5, 0.25]);
  });

  test("random matrices: trace, determinant and characteristic polynomial", () => {
    for (const [n, seed] of [
      [1, 1],
      [2, 2],
      [3, 3],
      [10, 4],
      [41, 5],
    ] as const) {
      const a = gaussian(seed, n * n);
      const { re, im } = eigenvalues(a, n);
      let trace = 0;
      for (let i = 0; i < n; i++) trace += a[i * n + i]!;
      expect(Math.abs(re.reduce((s, x) => s + x, 0) - trace)).toBeLessThan(1e-12 * n);
      expect(im.reduce((s, x) => s + x, 0)).toBe(0);
      for (const z of [
        [0, 0],
        [0.3, 0.9],
        [-2, 1],
      ] as const) {
        const product = re.reduce((s, x, i) => s + Math.log(Math.hypot(x - z[0], im[i]! - z[1])), 0);
        expect(Math.abs(product - logDeterminant(a, n, z))).toBeLessThan(1e-10);
      }
    }
  });

  test("of symmetric matrices, the same as Jacobi's", () => {
    const n = 30;
    const g = gaussian(6, n * n);
    const a = Float64Array.from(g, (x, at) => x + g[(at % n) * n + Math.floor(at / n)]!);
    const { re, im } = eigenvalues(a, n);
    expect(distance(re, symmetricEigen(a, n).values)).toBeLessThan(1e-12);
    expect(Math.max(...im)).toBe(0);
  });

  test("badly scaled: balancing keeps small eigenvalues, and nothing overflows", () => {
    // D^-1 A D has A's eigenvalues.
    const a = [2, 1, 0.5, 1, 3, 0.25, 0.5, 1, 4];
    const d = [1, 2 ** 30, 2 ** -30];
    const scaled = a.map((x, at) => (x * d[at % 3]!) / d[Math.floor(at / 3)]!);
    expect(distance(eigenvalues(scaled, 3).re, eigenvalues(a, 3).re)).toBeLessThan(1e-13);
    for (const size of [1e300, 1e-300]) {
      const { re } = eigenvalues(
        a.map((x) => x * size),
        3,
      );
      expect(
        distance(
          Array.from(re, (x) => x / size),
          eigenvalues(a, 3).re,
        ),
      ).toBeLessThan(1e-13);
    }
  });

  test("200 x 200 takes less than 2 s; the circular law", () => {
    const n = 200;
    const a = gaussian(7, n * n).map((x) => x / Math.sqrt(n));
    let radius = 0;
    const seconds = secondsOf(() => {
      radius = spectralRadius(a, n);
    });
    expect(seconds).toBeLessThan(2);
    expect(Math.abs(radius - 1)).toBeLessThan(0.15);
    const { re, im } = eigenvalues(a, n);
    const product = re.reduce((s, x, i) => s + Math.log(Math.hypot(x - 0.5, im[i]! - 0.5)), 0);
    expect(Math.abs(product - logDeterminant(a, n, [0.5, 0.5]))).toBeLessThan(1e-9);
  });

  test("says what is wrong with a matrix", () => {
    expect(() => eigenvalues([1, 2, 3], 2)).toThrow(
      "eigenvalues: 3 numbers for a 2 x 2 matrix, which holds 4; give them row by row",
    );
    expect(() => spectralRadius([1, 2, Number.NaN, 4], 2)).toThrow(
      "spectralRadius: the entry in row 1, column 0 is NaN; every entry must be a finite number",
    );
    expect(() => eigenvalues([], 0)).toThrow(
      "eigenvalues: the sizes of a matrix are positive integers, got 0 x 0",
    );
  });
});

test("the spectral radius of a non-normal matrix is not its norm", () => {
  expect(spectralRadius([0.5, 100, 0, -0.8], 2)).toBe(0.8);
});
