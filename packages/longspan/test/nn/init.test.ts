import {
  childSumTreeLstm,
  constantInit,
  gateBias,
  glorot,
  identity,
  Key,
  lstm,
  normalInit,
  orthogonal,
  type ParamSpec,
  rnn,
  uniformInit,
  zerosInit,
} from "longspan";
import { describe, expect, test } from "vitest";
import { numbers, rows } from "./plain.js";

const make = (spec: ParamSpec, seed = 1) => spec.initialise(Key.of(seed), spec.shape, "float64");

/** Block `gate` of a matrix whose gates lie side by side. */
function gateOf(matrix: number[][], gate: number, width: number): number[][] {
  return matrix.map((row) => row.slice(gate * width, (gate + 1) * width));
}

/** The largest element of |A A' - gain^2 1|. */
function distanceFromOrthonormalRows(A: number[][], gain = 1): number {
  let worst = 0;
  for (const [i, a] of A.entries())
    for (const [j, b] of A.entries()) {
      const inner = a.reduce((s, v, c) => s + v * b[c]!, 0);
      worst = Math.max(worst, Math.abs(inner - (i === j ? gain * gain : 0)));
    }
  return worst;
}

const transposed = (A: number[][]) => A[0]!.map((_, c) => A.map((row) => row[c]!));

describe("orthogonal", () => {
  test("each gate's block is orthogonal, and no two are alike", () => {
    const W = rows(make(orthogonal(7, 7, { gates: 4 })));
    const blocks = [0, 1, 2, 3].map((g) => gateOf(W, g, 7));
    for (const block of blocks) {
      expect(distanceFromOrthonormalRows(block)).toBeLessThan(1e-6);
      expect(distanceFromOrthonormalRows(transposed(block))).toBeLessThan(1e-6);
    }
    expect(blocks[0]![0]![0]).not.toBe(blocks[1]![0]![0]);
  });

  test("float32 is orthogonal to its own precision", () => {
    const spec = orthogonal(64, 64);
    const W = rows(spec.initialise(Key.of(3), spec.shape, "float32"));
    expect(distanceFromOrthonormalRows(W)).toBeLessThan(1e-6);
  });

  test("tall matrices have orthonormal columns, wide ones orthonormal rows", () => {
    expect(distanceFromOrthonormalRows(transposed(rows(make(orthogonal(9, 4)))))).toBeLessThan(1e-12);
    expect(distanceFromOrthonormalRows(rows(make(orthogonal(4, 9))))).toBeLessThan(1e-12);
  });

  test("the gain is every singular value", () => {
    expect(distanceFromOrthonormalRows(rows(make(orthogonal(5, 5, { gain: 1.5 }))), 1.5)).toBeLessThan(1e-12);
  });

  test("uniform over orthogonal matrices: means 0, mean squares 1/n, both signs of the determinant", () => {
    const n = 3;
    const draws = 4000;
    const means = new Array<number>(n * n).fill(0);
    const squares = new Array<number>(n * n).fill(0);
    let positive = 0;
    for (let d = 0; d < draws; d++) {
      const q = numbers(make(orthogonal(n, n), d));
      q.forEach((v, i) => {
        means[i]! += v / draws;
        squares[i]! += (v * v) / draws;
      });
      const [a, b, c, d1, e, f, g, h, i] = q as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      if (a * (e * i - f * h) - b * (d1 * i - f * g) + c * (d1 * h - e * g) > 0) positive += 1;
    }
    // Four standard errors: an element has variance 1/3, its square variance 4/45.
    for (const m of means) expect(Math.abs(m)).toBeLessThan(4 * Math.sqrt(1 / n / draws));
    for (const s of squares) expect(Math.abs(s - 1 / n)).toBeLessThan(4 * Math.sqrt(4 / 45 / draws));
    expect(Math.abs(positive / draws - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / draws));
  });

  test("one by one is a sign", () => {
    const signs = Array.from({ length: 50 }, (_, seed) => numbers(make(orthogonal(1, 1), seed))[0]!);
    for (const s of signs) expect(Math.abs(s)).toBeCloseTo(1, 12);
    expect(new Set(signs.map(Math.sign)).size).toBe(2);
  });
});

describe("glorot", () => {
  test("limit and variance are those of one gate's fan", () => {
    const [input, hidden] = [60, 50];
    const values = numbers(make(glorot(input, hidden, { gates: 4 })));
    const limit = Math.sqrt(6 / (input + hidden));
    expect(values.length).toBe(input * 4 * hidden);
    const largest = Math.max(...values.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.99 * limit);
    const mean = values.reduce((s, v) => s + v, 0) / values.length;
    const variance = values.reduce((s, v) => s + v * v, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.02 * limit);
    expect(variance / (2 / (input + hidden))).toBeCloseTo(1, 1);
  });

  test("bad sizes", () => {
    expect(() => glorot(0, 3)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: glorot: input is a positive integer, got 0]`,
    );
    expect(() => orthogonal(2.5, 3)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: orthogonal: rows is a positive integer, got 2.5]`,
    );
    expect(() => orthogonal(2, 2, { gain: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: orthogonal: gain is a finite positive number, got 0]`,
    );
    expect(() => normalInit(-1, 3)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: normalInit: std is a finite positive number, got -1]`,
    );
    expect(() => uniformInit(Number.POSITIVE_INFINITY, 3)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: uniformInit: limit is a finite positive number, got Infinity]`,
    );
    expect(() => gateBias(3, [])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: gateBias: values holds one number per gate, got none]`,
    );
  });
});

test("constants", () => {
  expect(numbers(make(zerosInit(2, 2)))).toEqual([0, 0, 0, 0]);
  expect(numbers(make(constantInit(3, 2)))).toEqual([3, 3]);
  expect(numbers(make(identity(2, 0.5)))).toEqual([0.5, 0, 0, 0.5]);
  expect(numbers(make(gateBias(2, [1, 0, -2])))).toEqual([1, 1, 0, 0, -2, -2]);
});

test("random ones have their spread", () => {
  const n = numbers(make(normalInit(0.3, 100, 100)));
  expect(Math.sqrt(n.reduce((s, v) => s + v * v, 0) / n.length)).toBeCloseTo(0.3, 2);
  const u = numbers(make(uniformInit(0.3, 100, 100)));
  expect(Math.max(...u)).toBeLessThan(0.3);
  expect(Math.min(...u)).toBeGreaterThanOrEqual(-0.3);
  expect(Math.sqrt(u.reduce((s, v) => s + v * v, 0) / u.length)).toBeCloseTo(0.3 / Math.sqrt(3), 2);
});

test("the same key gives the same numbers, another key others", () => {
  for (const spec of [orthogonal(5, 5, { gates: 2 }), glorot(5, 5), normalInit(1, 5), uniformInit(1, 5)]) {
    expect(numbers(make(spec, 7))).toEqual(numbers(make(spec, 7)));
    expect(numbers(make(spec, 7))).not.toEqual(numbers(make(spec, 8)));
  }
});

describe("cells", () => {
  test("the forget gate's bias starts at 1, the others at 0", () => {
    const bias = (cell: ReturnType<typeof lstm>) => numbers(cell.init(Key.of(1)).b);
    expect(bias(lstm({ input: 3, hidden: 2 }))).toEqual([1, 1, 0, 0, 0, 0, 0, 0]);
    expect(bias(lstm({ input: 3, hidden: 2, forgetBias: 0 }))).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(numbers(lstm({ input: 3, hidden: 1, peepholes: true }).init(Key.of(1)).b)).toEqual([1, 0, 0, 0]);
    expect(numbers(lstm({ input: 3, hidden: 2, coupled: true }).init(Key.of(1)).b)).toEqual([
      1, 1, 0, 0, 0, 0,
    ]);
    const projected = lstm({ input: 3, hidden: 2, projection: 1 });
    expect(numbers(projected.init(Key.of(1)).b)).toEqual([1, 1, 0, 0, 0, 0, 0, 0]);
    const tree = childSumTreeLstm({ input: 3, hidden: 2 }).init(Key.of(1));
    expect(numbers(tree.bforget)).toEqual([1, 1]);
    expect(numbers(tree.b)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("recurrent matrices are orthogonal gate by gate", () => {
    const W = rows(lstm({ input: 3, hidden: 6 }).init(Key.of(1), "float64").W);
    for (let g = 0; g < 4; g++) expect(distanceFromOrthonormalRows(gateOf(W, g, 6))).toBeLessThan(1e-6);
  });

  test("a projection and what reads it are orthogonal", () => {
    const { W, P } = lstm({ input: 3, hidden: 6, projection: 2 }).init(Key.of(1), "float64");
    expect(distanceFromOrthonormalRows(transposed(rows(P)))).toBeLessThan(1e-12);
    for (let g = 0; g < 4; g++)
      expect(distanceFromOrthonormalRows(gateOf(rows(W), g, 6))).toBeLessThan(1e-12);
  });

  test("rnn takes another start for W, and checks its shape", () => {
    const cell = rnn({ input: 1, hidden: 2, activation: "relu", W: identity(2, 0.5) });
    expect(numbers(cell.init(Key.of(1)).W)).toEqual([0.5, 0, 0, 0.5]);
    expect(() => rnn({ input: 1, hidden: 2, W: identity(3) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: rnn: W is [3, 3], expected [2, 2]: [hidden, hidden]]`,
    );
  });
});
