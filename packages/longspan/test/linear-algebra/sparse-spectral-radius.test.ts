import { Key, type SparseEntries, spectralRadius, spectralRadiusOfSparse } from "longspan";
import { RandomNumbers } from "longspan/engine";
import { describe, expect, it } from "vitest";

function drawn(seed: number, n: number, perColumn: number): { values: Float64Array; from: Int32Array } {
  const draws = new RandomNumbers(Key.of(seed));
  return {
    values: Float64Array.from({ length: perColumn * n }, () => draws.normal()),
    from: Int32Array.from({ length: perColumn * n }, () => draws.below(n)),
  };
}

function dense({ values, from }: SparseEntries, n: number): Float64Array {
  const whole = new Float64Array(n * n);
  for (let q = 0; q < values.length; q++) whole[from[q]! * n + (q % n)]! += values[q]!;
  return whole;
}

const relative = (a: number, b: number) => Math.abs(a / b - 1);

describe("spectralRadiusOfSparse", () => {
  it.each([
    [1, 260, 10],
    [2, 260, 10],
    [3, 260, 3],
    [4, 320, 40],
    [5, 120, 5],
  ])("is that of all eigenvalues (draw %i: %i rows, %i per column)", (seed, n, perColumn) => {
    const entries = drawn(seed, n, perColumn);
    expect(relative(spectralRadiusOfSparse(entries, n), spectralRadius(dense(entries, n), n))).toBeLessThan(
      1e-9,
    );
  });

  it("is right for complex pairs and for a largest eigenvalue that is negative", () => {
    // A rotation by a small angle, which beats random weights; then one real eigenvalue.
    const n = 300;
    for (const block of [
      [0, 5, -5, 1],
      [-6, 0, 0, 3],
    ]) {
      const noise = drawn(7, n, 4);
      const values = Float64Array.from([
        ...noise.values.map((v) => v / 4),
        ...new Float64Array(n),
        ...new Float64Array(n),
      ]);
      const from = Int32Array.from([...noise.from, ...new Int32Array(2 * n)]);
      block.forEach((v, b) => {
        const [row, column] = [b >> 1, b % 2];
        values[(4 + row) * n + column] = v;
        from[(4 + row) * n + column] = row;
      });
      const entries = { values, from };
      expect(relative(spectralRadiusOfSparse(entries, n), spectralRadius(dense(entries, n), n))).toBeLessThan(
        1e-9,
      );
    }
  });

  it("is that of 2,000 rows whose eigenvalues are known", () => {
    // Blocks on the diagonal, in a random order: pairs of size sqrt(a^2 + b^2) and angles of all kinds, the largest 1.25.
    const n = 2000;
    const draws = new RandomNumbers(Key.of(1));
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = draws.below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const values = new Float64Array(3 * n);
    const from = new Int32Array(3 * n);
    for (let pair = 0; pair < n / 2; pair++) {
      const length = pair === 400 ? 1.25 : 1.2 * Math.sqrt(draws.uniform());
      const angle = Math.PI * draws.uniform();
      const [i, j] = [order[2 * pair]!, order[2 * pair + 1]!];
      const [c, s] = [length * Math.cos(angle), length * Math.sin(angle)];
      values.set([c], i);
      from.set([i], i);
      values.set([s], n + i);
      from.set([j], n + i);
      values.set([c], j);
      from.set([j], j);
      values.set([-s], n + j);
      from.set([i], n + j);
      // What leads from one pair to the next only, but to the first, has no part in the eigenvalues.
      const next = order[2 * pair + 2];
      if (next !== undefined) {
        values[2 * n + next] = 0.3;
        from[2 * n + next] = i;
      }
    }
    expect(relative(spectralRadiusOfSparse({ values, from }, n), 1.25)).toBeLessThan(1e-6);
  });

  it("is exactly 0 without a cycle, and finds the cycles of rings and of single rows", () => {
    const line = { values: [3, 5, 0], from: [1, 2, 0] };
    expect(spectralRadiusOfSparse(line, 3)).toBe(0);
    expect(spectralRadiusOfSparse({ values: [3, 5, -0.25], from: [1, 2, 2] }, 3)).toBe(0.25);
    const n = 201;
    const ring = {
      values: Float64Array.from({ length: n }, () => 0.5),
      from: Int32Array.from({ length: n }, (_, j) => (j + 1) % n),
    };
    expect(relative(spectralRadiusOfSparse(ring, n), 0.5)).toBeLessThan(1e-9);
  });

  it("says what is wrong with the entries", () => {
    expect(() => spectralRadiusOfSparse({ values: [1, 2, 3], from: [0, 1] }, 2)).toThrow(
      "spectralRadiusOfSparse: values has 3 entries and from 2, for 2 columns; both have the same number for each column",
    );
    expect(() => spectralRadiusOfSparse({ values: [1, Number.NaN], from: [0, 1] }, 2)).toThrow(
      "spectralRadiusOfSparse: values[1] is NaN; every entry must be a finite number",
    );
    expect(() => spectralRadiusOfSparse({ values: [1, 2], from: [0, 2] }, 2)).toThrow(
      "spectralRadiusOfSparse: from[1] is 2, expected a row of the matrix, 0 to 1",
    );
  });
});
