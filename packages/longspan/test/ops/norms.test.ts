import {
  chain,
  checkDerivatives,
  cosineSimilarity,
  defineCell,
  div,
  dot,
  equal,
  fromArray,
  grad,
  hessianVectorProduct,
  jvp,
  logSoftmax,
  logSumExp,
  max,
  mul,
  norm,
  onCpu,
  reshape,
  softmax,
  sqrt,
  square,
  sum,
  type Tensor,
  tensor,
  unfold,
  useExecutor,
  type Value,
  where,
  zeros,
} from "longspan";
import { defaultExecutor } from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "../../../../tests/executors/rows.js";

const before = defaultExecutor();
afterAll(() => useExecutor(before));

const numbers = (v: Value) => Array.from(onCpu(v).toArray());
const types = ["float32", "float64"] as const;
const close = (v: Value, expected: readonly number[], dtype: (typeof types)[number]) => {
  const got = numbers(v);
  expect(got.length).toBe(expected.length);
  const unit = dtype === "float32" ? 2 ** -22 : 2 ** -50;
  got.forEach((x, i) => {
    expect(Math.abs(x - expected[i]!)).toBeLessThanOrEqual(unit * Math.max(Math.abs(expected[i]!), 1e-300));
  });
};
const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];

for (const { name } of executorRows) {
  const reason = missing(name);
  describe.skipIf(reason !== undefined)(`norms on ${name}${reason ? `: skipped, ${reason}` : ""}`, () => {
    beforeAll(() => useExecutor(executorOf(name)));

    describe.each(types)("%s", (dtype) => {
      const of = (values: number[][]) => tensor(values, dtype);

      test("the root of the sum of squares, over any axes", () => {
        const x = of([
          [3, -4],
          [0, 0],
          [5, 12],
        ]);
        close(norm(x, -1), [5, 0, 13], dtype);
        close(norm(x, 0), [Math.sqrt(34), Math.sqrt(160)], dtype);
        close(norm(x), [Math.sqrt(194)], dtype);
        expect(norm(x, [0, 1]).shape).toEqual([]);
        close(norm(tensor(-2, dtype)), [2], dtype);
        expect(numbers(norm(zeros([2, 0], dtype), -1))).toEqual([0, 0]);
        expect(
          numbers(
            norm(
              of([
                [nan, 1],
                [inf, 1],
                [-inf, nan],
              ]),
              -1,
            ),
          ),
        ).toEqual([nan, inf, nan]);
      });

      test("neither overflows nor underflows, and neither does its derivative", () => {
        const sizes = dtype === "float32" ? [1e-30, 1e30, 5e37] : [1e-300, 1e300];
        for (const s of sizes) {
          const x = of([
            [3 * s, -4 * s],
            [s, 0],
          ]);
          const held = numbers(x);
          close(norm(x, -1), [Math.hypot(held[0]!, held[1]!), held[2]!], dtype);
          const g = grad((v: Value) => sum(norm(v, -1)))(x);
          close(g, [0.6, -0.8, 1, 0], dtype);
          close(
            cosineSimilarity(
              x,
              of([
                [s, 0],
                [s, s],
              ]),
            ),
            [0.6, Math.SQRT1_2],
            dtype,
          );
        }
      });

      test("the gradient is x / |x|, and 0 at 0; that of the gradient too", () => {
        const x = of([
          [3, -4],
          [0, 0],
        ]);
        const f = (v: Value) => sum(norm(v, -1));
        close(grad(f)(x), [0.6, -0.8, 0, 0], dtype);
        // (I - u u') v / |x| where x is not 0, and 0 where it is.
        const v = of([
          [1, 2],
          [1, 2],
        ]);
        close(hessianVectorProduct(f)(x, v), [(1 + 0.6) / 5, (2 - 0.8) / 5, 0, 0], dtype);
        const forward = jvp(f)(x, v);
        close(forward.tangent, [0.6 - 1.6], dtype);
        const g = grad((p: Value) => norm(p))(zeros([3], dtype));
        expect(numbers(g)).toEqual([0, 0, 0]);
        expect(
          numbers(hessianVectorProduct((p: Value) => norm(p))(zeros([3], dtype), tensor([1, 2, 3], dtype))),
        ).toEqual([0, 0, 0]);
      });

      test("the cosine of the angle; 0 beside a vector of zeros, with derivatives of 0", () => {
        const a = of([
          [3, 4],
          [0, 0],
          [1, 0],
          [0, 0],
          [-2, 0],
        ]);
        const b = of([
          [4, 3],
          [1, 2],
          [0, 0],
          [0, 0],
          [1, 0],
        ]);
        close(cosineSimilarity(a, b), [0.96, 0, 0, 0, -1], dtype);
        const f = (p: { a: Value; b: Value }) => sum(cosineSimilarity(p.a, p.b));
        const g = grad(f)({ a, b });
        const [ua, ub] = [
          [0.6, 0.8],
          [0.8, 0.6],
        ];
        const first = ub.map((v, i) => (v - 0.96 * ua[i]!) / 5);
        expect(numbers(g.a).slice(2)).toEqual(new Array(8).fill(0));
        expect(numbers(g.b).slice(2)).toEqual(new Array(8).fill(0));
        first.forEach((v, i) => {
          expect(numbers(g.a)[i]).toBeCloseTo(v, dtype === "float32" ? 6 : 14);
        });
        const ones = {
          a: of(Array.from({ length: 5 }, () => [1, 1])),
          b: of(Array.from({ length: 5 }, () => [1, -1])),
        };
        const h = hessianVectorProduct(f)({ a, b }, ones);
        for (const part of [h.a, h.b]) {
          expect(numbers(part).every(Number.isFinite)).toBe(true);
          expect(numbers(part).slice(2, 8)).toEqual(new Array(6).fill(0));
        }
        // A key against the rows of a memory.
        close(
          cosineSimilarity(
            of([
              [3, 4],
              [0, 0],
            ]),
            tensor([1, 0], dtype),
          ),
          [0.6, 0],
          dtype,
        );
      });

      test("inside a cell, through time, from a state of zeros", () => {
        const cell = defineCell({
          name: "normed",
          inputs: () => ({ x: [2] }),
          state: () => ({ h: [2] }),
          params: () => ({}),
          step: ({ x, h }) => ({
            state: { h: mul(x, 0.5) },
            output: div(sum(x), reshape(sum(square(norm(h)), undefined), [])),
            sums: { size: norm(h), likeness: cosineSimilarity(h, x) },
          }),
        })({});
        const x = of([
          [3, 4],
          [0, 0],
          [1, 0],
        ]);
        const f = (v: Value) => {
          const { sums } = unfold(cell, {}, { x: v }, chain([3]));
          return sum(mul(sums.size, 1)) as Value;
        };
        // h is 0, then x(0) / 2, then 0.
        expect(numbers(grad(f)(x)).map((v) => Number(v.toFixed(6)))).toEqual([0.3, 0.4, 0, 0, 0, 0]);
      });
    });

    describe("what is not defined, and the forms that are", () => {
      const rows = () => fromArray([-inf, -inf, 0, Math.log(3), -inf, 0], [3, 2], "float64");

      test("the softmax of a row of -Infinity is NaN, as 0 / 0 is; other rows are not touched", () => {
        const x = rows();
        expect(numbers(softmax(x)).slice(0, 2)).toEqual([nan, nan]);
        expect(numbers(logSoftmax(x)).slice(0, 2)).toEqual([nan, nan]);
        expect(numbers(logSumExp(x))[0]).toBe(-inf);
        const y = numbers(softmax(x)).slice(2);
        [0.25, 0.75, 0, 1].forEach((v, i) => {
          expect(y[i]).toBeCloseTo(v, 15);
        });
        const g = numbers(grad((v: Value) => sum(square(softmax(v))))(x));
        expect(g.slice(0, 2)).toEqual([nan, nan]);
        [-0.1875, 0.1875, 0, 0].forEach((v, i) => {
          expect(g[2 + i]).toBeCloseTo(v, 14);
        });
      });

      test("a row of nothing that is to be zeros: it is chosen before the softmax and after it", () => {
        const orZeros = (x: Value) => {
          const none = reshape(equal(max(x, -1), -inf), [...x.shape.slice(0, -1), 1]);
          return where(none, 0, softmax(where(none, 0, x)));
        };
        const f = (v: Value) => sum(square(orZeros(v)));
        expect(numbers(orZeros(rows())).slice(0, 2)).toEqual([0, 0]);
        expect(numbers(grad(f)(rows())).slice(0, 2)).toEqual([0, 0]);
        const h = numbers(hessianVectorProduct(f)(rows(), fromArray([1, 2, 3, 4, 5, 6], [3, 2], "float64")));
        expect(h.slice(0, 2)).toEqual([0, 0]);
        expect(h.every(Number.isFinite)).toBe(true);
      });

      test("the root of a sum of squares by hand has no gradient at 0, nor has a cosine by hand", () => {
        const byHand = (v: Value) => sqrt(sum(square(v)));
        expect(numbers(grad(byHand)(zeros([2])))).toEqual([nan, nan]);
        const cosine = (v: Value) => div(dot(v, tensor([1, 2])), mul(byHand(v), byHand(tensor([1, 2]))));
        expect(numbers(cosine(zeros([2])))).toEqual([nan]);
      });
    });
  });
}

test("derivatives against differences, away from 0", () => {
  useExecutor(before);
  const x = fromArray([3, -4, 0.2, 1, 2, -0.1], [2, 3], "float64");
  const b = fromArray([1, 0.5, -2, 0.3, 2, 1], [2, 3], "float64");
  const fs: Readonly<Record<string, (p: Value) => Value>> = {
    rows: (p) => sum(norm(p, -1)),
    columns: (p) => sum(square(norm(p, 0))),
    all: (p) => norm(p),
    cosine: (p) => sum(cosineSimilarity(p, b)),
    both: (p) => sum(cosineSimilarity(p, mul(p, p))),
  };
  for (const f of Object.values(fs)) {
    const { first, second } = checkDerivatives(f, x as Tensor, { second: true });
    expect(first).toBeLessThan(1e-8);
    expect(second).toBeLessThan(1e-6);
  }
});

test("integers are refused by name", () => {
  expect(() => norm(tensor([1, 2], "int32"))).toThrow(
    "norm: expected float32 or float64, got int32; use cast()",
  );
  expect(() => cosineSimilarity(tensor([1, 2], "int32"), tensor([1, 2], "int32"))).toThrow(
    "cosineSimilarity: expected float32 or float64, got int32; use cast()",
  );
  expect(() => cosineSimilarity(tensor(1), tensor([1, 2]))).toThrow(
    "cosineSimilarity: expected at least one axis, got []",
  );
  expect(() => cosineSimilarity(tensor([1, 2, 3]), tensor([1, 2]))).toThrow(
    "cosineSimilarity: shapes [3] and [2] do not broadcast",
  );
});
