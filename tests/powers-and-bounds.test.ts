// pow, clamp and oneHot: numbers, derivatives at the points where formulas fail, messages; on every executor.
import {
  clamp,
  defaultExecutor,
  fromArray,
  grad,
  hessianVectorProduct,
  mul,
  onCpu,
  oneHot,
  pow,
  sum,
  tensor,
  useExecutor,
  type Value,
} from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";

const numbers = (v: Value) => Array.from(onCpu(v).toArray());
const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
const doubles = (...values: number[]) => tensor(values, "float64");

for (const { name } of executorRows)
  describe.skipIf(missing(name) !== undefined)(`${name}${missing(name) ? ` (${missing(name)})` : ""}`, () => {
    const before = defaultExecutor();
    beforeAll(() => useExecutor(executorOf(name)));
    afterAll(() => useExecutor(before));

    test("powers, and what IEEE 754 says of their edges", () => {
      expect(numbers(pow(tensor([1, 2, 3, -2]), 3))).toEqual([1, 8, 27, -8]);
      expect(numbers(pow(2, tensor([0, -1, 10, 0.5], "float64")))).toEqual([1, 0.5, 1024, Math.SQRT2]);
      const bases = doubles(0, 0, -0, 1, 1, -1, nan, nan, -8, 2, 0.5);
      const exponents = doubles(0, -1, -1, nan, inf, inf, 0, 1, 1 / 3, inf, inf);
      expect(numbers(pow(bases, exponents))).toEqual([1, inf, -inf, 1, 1, 1, 1, nan, nan, inf, 0]);
      expect(pow(tensor([[1], [2]]), tensor([1, 2, 3])).shape).toEqual([2, 3]);
    });

    test("slopes of a power along its base, at 0 too", () => {
      const at = (b: number) => numbers(grad((a: Value) => sum(pow(a, b)))(doubles(0, 3, -2)));
      expect(at(3)).toEqual([0, 27, 12]);
      expect(at(2)).toEqual([0, 6, -4]);
      expect(at(1)).toEqual([1, 1, 1]);
      expect(at(0).map(Math.abs)).toEqual([0, 0, 0]);
      expect(numbers(grad((a: Value) => sum(pow(a, 0.5)))(doubles(0, 4)))).toEqual([inf, 0.25]);
    });

    test("slopes of a power along its exponent, at a base of 0 too", () => {
      const at = (a: number[], b: number[]) => {
        const base = doubles(...a);
        return numbers(grad((v: Value) => sum(pow(base, v)))(doubles(...b)));
      };
      expect(at([0, 0, 1], [0, 2, 5])).toEqual([0, 0, 0]);
      expect(at([Math.E], [1])[0]).toBeCloseTo(Math.E, 14);
      expect(at([-2], [2])).toEqual([nan]);
    });

    test("second slopes of powers at 0", () => {
      const second = (b: number) =>
        numbers(hessianVectorProduct((a: Value) => sum(pow(a, b)))(doubles(0, 2), doubles(1, 1)));
      expect(second(3)).toEqual([0, 12]);
      expect(second(2)).toEqual([2, 2]);
      expect(second(1).map(Math.abs)).toEqual([0, 0]);
      expect(second(0).map(Math.abs)).toEqual([0, 0]);
    });

    test("the mixed second slope of a power, where the exponent is 0", () => {
      // d2 (a^b) / da db = a^(b - 1) (1 + b ln a): 1 / 2 at a = 2, b = 0.
      const f = ([a, b]: Value[]) => sum(pow(a!, b!));
      const [alongA, alongB] = hessianVectorProduct(f)(
        [doubles(2), doubles(0)],
        [doubles(0), doubles(1)],
      ) as Value[];
      expect(numbers(alongA!)).toEqual([0.5]);
      expect(numbers(alongB!)[0]).toBeCloseTo(Math.LN2 ** 2, 14);
    });

    test("bounds: values, and slopes between, at and beyond them", () => {
      const x = tensor([-3, -1, 0.5, 1, 3, nan]);
      expect(numbers(clamp(x, -1, 1))).toEqual([-1, -1, 0.5, 1, 1, nan]);
      expect(numbers(clamp(x, 0, inf))).toEqual([0, 0, 0.5, 1, 3, nan]);
      expect(numbers(clamp(tensor([5, -5], "int32"), -2, 2))).toEqual([2, -2]);
      expect(numbers(grad((v: Value) => sum(clamp(v, -1, 1)))(x)).slice(0, 5)).toEqual([0, 1, 1, 1, 0]);
      const weights = tensor([1, 10, 100]);
      const [x3, low, high] = [tensor([-2, 0, 2]), tensor([-1, -1, -1]), tensor([1, 1, 1])];
      const f = ([a, b, c]: Value[]) => sum(mul(weights, clamp(a!, b!, c!)));
      const grads = grad(f)([x3, low, high]) as Value[];
      expect(grads.map(numbers)).toEqual([
        [0, 10, 0],
        [1, 0, 0],
        [0, 0, 100],
      ]);
    });

    test("unit vectors", () => {
      expect(numbers(oneHot(tensor([2, 0], "int32"), 3))).toEqual([0, 0, 1, 1, 0, 0]);
      expect(oneHot(tensor([[1], [2]], "int32"), 4).shape).toEqual([2, 1, 4]);
      expect(numbers(oneHot(tensor(1, "int32"), 2, "int32"))).toEqual([0, 1]);
      expect(oneHot(tensor(1, "int32"), 2, "float64").dtype).toBe("float64");
      // Of none of the numbers.
      expect(numbers(oneHot(tensor([-1, 2], "int32"), 2))).toEqual([0, 0, 0, 0]);
      expect(numbers(oneHot(fromArray([], [0], "int32"), 2))).toEqual([]);
      expect(numbers(oneHot(tensor([0], "int32"), 0))).toEqual([]);
    });
  });

test("what does not fit is named", () => {
  const x = tensor([1, 2, 3]);
  expect(() => pow(tensor([1], "int32"), 2)).toThrow(
    "pow: expected float32 or float64, got int32; use cast()",
  );
  expect(() => pow(2, 3)).toThrow("pow: at least one operand must be a value");
  expect(() => pow(x, tensor([1, 2]))).toThrow("pow: shapes [3] and [2] do not broadcast");
  expect(() => clamp(x, 1, -1)).toThrow("clamp: low 1 is larger than high -1");
  expect(() => clamp(x, nan, 1)).toThrow("clamp: low is a number or a value, got NaN");
  expect(() => clamp(x, "0" as never, 1)).toThrow('clamp: low is a number or a value, got "0"');
  expect(() => oneHot(tensor([1]), 3)).toThrow("oneHot: the index is float32, expected int32; use cast()");
  expect(() => oneHot(tensor([1], "int32"), -1)).toThrow("oneHot: size");
});
