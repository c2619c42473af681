// Triangular solve and Cholesky: numbers, derivatives to second order, what is not positive definite; on every executor.
import {
  checkDerivatives,
  cholesky,
  defaultExecutor,
  fromArray,
  grad,
  Key,
  log,
  matmul,
  mul,
  normal,
  onCpu,
  permute,
  reshape,
  type Shape,
  square,
  sum,
  type Tensor,
  tensor,
  triangularSolve,
  useExecutor,
  type Value,
} from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";

const numbers = (v: Value) => Array.from(onCpu(v).toArray());
const nan = Number.NaN;
const draw = (seed: number, shape: Shape) => normal(Key.of(seed), shape, "float64");

/** [..., n, n] with its diagonal far from 0. */
function steady(seed: number, shape: Shape): Tensor {
  const n = shape.at(-1)!;
  const diagonal = numbers(draw(seed, shape)).map(
    (x, i) => (i % n === Math.floor(i / n) % n ? 3 : 0) + x / 2,
  );
  return fromArray(diagonal, shape, "float64");
}

const swap = (x: Value) =>
  permute(
    x,
    [...x.shape.keys()].map((d) => (d < x.rank - 2 ? d : 2 * x.rank - 3 - d)),
  );
const positive = (x: Tensor) => matmul(x, swap(x)) as Tensor;

function near(a: Value, b: Value, most: number): void {
  expect(a.shape).toEqual(b.shape);
  const y = numbers(b);
  numbers(a).forEach((x, i) => {
    expect(Math.abs(x - y[i]!)).toBeLessThan(most);
  });
}

for (const { name } of executorRows)
  describe.skipIf(missing(name) !== undefined)(`${name}${missing(name) ? ` (${missing(name)})` : ""}`, () => {
    const before = defaultExecutor();
    beforeAll(() => useExecutor(executorOf(name)));
    afterAll(() => useExecutor(before));

    for (const [n, m] of [
      [1, 1],
      [3, 2],
      [5, 1],
      [4, 8],
      [17, 9],
    ] as const)
      for (const upper of [false, true])
        for (const transpose of [false, true])
          test(`triangular systems of ${n} with ${m} right sides${upper ? ", upper" : ""}${transpose ? ", transposed" : ""}`, () => {
            const a = steady(1, [2, n, n]);
            const b = draw(2, [2, n, m]);
            const x = triangularSolve(a, b, { upper, transpose });
            // The other triangle is not read: it holds what it likes.
            const isIn = (i: number) => {
              const [row, column] = [Math.floor(i / n) % n, i % n];
              return upper ? row <= column : row >= column;
            };
            const triangle = fromArray(
              numbers(a).map((v, i) => (isIn(i) ? v : 0)),
              a.shape,
              "float64",
            );
            near(matmul(transpose ? swap(triangle) : triangle, x), b, 1e-12);
            const spoilt = fromArray(
              numbers(a).map((v, i) => (isIn(i) ? v : nan)),
              a.shape,
              "float64",
            );
            expect(numbers(triangularSolve(spoilt, b, { upper, transpose }))).toEqual(numbers(x));
          });

    test("vectors, and leading axes that broadcast", () => {
      const a = tensor([
        [2, 0],
        [1, 4],
      ]);
      expect(numbers(triangularSolve(a, tensor([2, 9])))).toEqual([1, 2]);
      const stack = steady(3, [3, 2, 2]);
      expect(triangularSolve(stack, draw(4, [2])).shape).toEqual([3, 2]);
      expect(triangularSolve(stack, draw(4, [2, 5])).shape).toEqual([3, 2, 5]);
      expect(triangularSolve(steady(3, [2, 2]), draw(4, [3, 2, 1])).shape).toEqual([3, 2, 1]);
      expect(numbers(triangularSolve(fromArray([], [0, 0]), fromArray([], [0, 2])))).toEqual([]);
    });

    test("a zero on the diagonal gives what its divisions give", () => {
      const a = tensor([
        [0, 0],
        [1, 4],
      ]);
      expect(numbers(triangularSolve(a, tensor([2, 9])))).toEqual([
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
      ]);
    });

    for (const n of [1, 2, 5, 17])
      test(`the Cholesky factor of a stack of ${n} x ${n}`, () => {
        const a = positive(steady(5, [3, n, n]));
        const l = cholesky(a);
        near(matmul(l, swap(l)), a, 1e-12 * n);
        numbers(l).forEach((v, i) => {
          const [row, column] = [Math.floor(i / n) % n, i % n];
          if (row < column) expect(v).toBe(0);
          if (row === column) expect(v).toBeGreaterThan(0);
        });
      });

    test("a matrix that is not positive definite gives NaN, and the others of its stack do not", () => {
      const good = [4, 2, 2, 10];
      for (const bad of [
        [1, 2, 2, 1],
        [0, 0, 0, 0],
        [-1, 0, 0, 1],
        [nan, 0, 0, 1],
        [1, 0, 0, Number.POSITIVE_INFINITY],
      ])
        expect(numbers(cholesky(fromArray([...good, ...bad, ...good], [3, 2, 2])))).toEqual([
          ...[2, 0, 1, 3],
          ...[nan, nan, nan, nan],
          ...[2, 0, 1, 3],
        ]);
      const stack = fromArray([...good, 1, 2, 2, 1], [2, 2, 2]);
      const gradient = numbers(grad((a: Value) => sum(cholesky(a)))(stack));
      expect(gradient.slice(0, 4).every(Number.isFinite)).toBe(true);
      expect(gradient.slice(4)).toEqual([nan, nan, nan, nan]);
    });

    test("the gradient of a Cholesky factor is symmetric", () => {
      // d sqrt(a) = da / (2 sqrt(a)); l21 = b / sqrt(a).
      const a = tensor(
        [
          [4, 2],
          [2, 10],
        ],
        "float64",
      );
      expect(
        numbers(
          grad((v: Value) =>
            sum(
              mul(
                cholesky(v),
                tensor(
                  [
                    [1, 0],
                    [0, 0],
                  ],
                  "float64",
                ),
              ),
            ),
          )(a),
        ),
      ).toEqual([0.25, 0, 0, 0]);
      expect(
        numbers(
          grad((v: Value) =>
            sum(
              mul(
                cholesky(v),
                tensor(
                  [
                    [0, 0],
                    [1, 0],
                  ],
                  "float64",
                ),
              ),
            ),
          )(a),
        ),
      ).toEqual([-0.125, 0.25, 0.25, 0]);
    });
  });

test("derivatives agree with central differences to second order", () => {
  const weighted = (v: Value) => sum(mul(draw(7, v.shape), square(v)));
  for (const shape of [
    [3, 3],
    [2, 2, 2],
  ] as const) {
    const a = steady(6, shape);
    const b = draw(8, [...shape.slice(0, -1), 2]);
    for (const options of [{}, { transpose: true }, { upper: true }, { upper: true, transpose: true }]) {
      const f = ([p, q]: Value[]) => weighted(triangularSolve(p!, q!, options));
      const { first, second } = checkDerivatives(f, [a, b], { second: true });
      expect(first).toBeLessThan(1e-8);
      expect(second).toBeLessThan(1e-8);
    }
    const { first, second } = checkDerivatives((v: Value) => weighted(cholesky(v)), positive(a), {
      second: true,
    });
    expect(first).toBeLessThan(1e-8);
    expect(second).toBeLessThan(1e-8);
  }
});

test("log determinant and quadratic form of a Gaussian: their known gradients", () => {
  // d ln det A / dA = A^-1, d (b' A^-1 b) / dA = -x x' with x = A^-1 b.
  const a = positive(steady(9, [4, 4]));
  const b = draw(10, [4]);
  const solve = (m: Value, v: Value) => {
    const l = cholesky(m);
    return triangularSolve(l, triangularSolve(l, v), { transpose: true });
  };
  const outer = (v: Value, w: Value) => matmul(reshape(v, [4, 1]), reshape(w, [1, 4]));
  const x = solve(a, b);
  near(grad((m: Value) => sum(mul(b, solve(m, b))))(a), mul(outer(x, x), -1), 1e-12);
  const unit = fromArray(
    Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : 0)),
    [4, 4],
    "float64",
  );
  const logDeterminant = (m: Value) => mul(sum(log(sum(mul(cholesky(m), unit), -1))), 2);
  near(grad(logDeterminant)(a), solve(a, unit), 1e-12);
});

test("what does not fit is named", () => {
  const a = tensor([
    [1, 0],
    [0, 1],
  ]);
  expect(() => cholesky(tensor([1]))).toThrow("cholesky: expected square matrices [..., n, n], got [1]");
  expect(() => cholesky(fromArray([1, 2], [1, 2]))).toThrow("got [1, 2]");
  expect(() => cholesky(tensor([[1]], "int32"))).toThrow(
    "cholesky: expected float32 or float64, got int32; use cast()",
  );
  expect(() => triangularSolve(a, tensor([1, 2, 3]))).toThrow(
    "triangularSolve: b [3] does not fit a [2, 2]: expected [2] or [..., 2, m]",
  );
  expect(() => triangularSolve(a, tensor(1))).toThrow("triangularSolve: b [] does not fit");
  expect(() => triangularSolve(a, tensor([1, 2], "float64"))).toThrow("operands are float32 and float64");
  expect(() => triangularSolve(a, tensor([1, 2]), { lower: true } as never)).toThrow(
    "there is no setting lower",
  );
  expect(() =>
    triangularSolve(fromArray([1, 0, 0, 1, 1, 0, 0, 1], [2, 2, 2]), fromArray([1, 2, 3, 4, 5, 6], [3, 2, 1])),
  ).toThrow("triangularSolve (leading axes): shapes [2] and [3] do not broadcast");
});
