// cumulativeProduct, sort, topK, roll and concat: numbers, derivatives where they are not obvious, messages; on every executor.
import {
  chain,
  checkDerivatives,
  concat,
  cumulativeProduct,
  defaultExecutor,
  defineCell,
  fromArray,
  grad,
  hessianVectorProduct,
  Key,
  mul,
  normal,
  onCpu,
  roll,
  slice,
  sort,
  square,
  sum,
  tensor,
  topK,
  unfold,
  uniform,
  useExecutor,
  type Value,
} from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";

const numbers = (v: Value) => Array.from(onCpu(v).toArray());
const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];

for (const { name } of executorRows)
  describe.skipIf(missing(name) !== undefined)(`${name}${missing(name) ? ` (${missing(name)})` : ""}`, () => {
    const before = defaultExecutor();
    beforeAll(() => useExecutor(executorOf(name)));
    afterAll(() => useExecutor(before));

    test("cumulative products along every axis, both ways, of all types", () => {
      const x = tensor([
        [1, 2, 3],
        [-1, 5, 0],
      ]);
      expect(numbers(cumulativeProduct(x))).toEqual([1, 2, 6, -1, -5, 0]);
      expect(numbers(cumulativeProduct(x, 0))).toEqual([1, 2, 3, -1, 10, 0]);
      expect(numbers(cumulativeProduct(x, 1, { reverse: true }))).toEqual([6, 6, 3, 0, 0, 0]);
      expect(numbers(cumulativeProduct(x, -2, { reverse: true }))).toEqual([-1, 10, 0, -1, 5, 0]);
      expect(numbers(cumulativeProduct(tensor([2, -3, 4], "int32")))).toEqual([2, -6, -24]);
      expect(numbers(cumulativeProduct(fromArray([], [3, 0])))).toEqual([]);
      expect(numbers(cumulativeProduct(fromArray([], [0, 3]), 0))).toEqual([]);
      // What is carried does not overflow where results do not.
      expect(numbers(cumulativeProduct(tensor([1e30, 1e30, 1e-30, 1e-30])))).toEqual([
        Math.fround(1e30),
        inf,
        Math.fround(Math.fround(1e30) ** 2 * Math.fround(1e-30)),
        1,
      ]);
    });

    test("their derivatives are right where elements are 0", () => {
      // d(xyz + xy + x): at x = 2, y = 0, z = 3 the formula by division would be 0 / 0.
      const at = tensor([2, 0, 3], "float64");
      const f = (x: Value) => sum(cumulativeProduct(x));
      expect(numbers(grad(f)(at))).toEqual([1, 8, 0]);
      expect(numbers(hessianVectorProduct(f)(at, tensor([1, 1, 1], "float64")))).toEqual([4, 6, 2]);
      const zeros = tensor([0, 0, 0], "float64");
      expect(numbers(hessianVectorProduct(f)(zeros, tensor([1, 10, 100], "float64")))).toEqual([10, 1, 0]);
    });

    test("sorting: values and places, both ways; equal elements keep their order", () => {
      const x = tensor([3, 1, 2, 1]);
      expect(numbers(sort(x).values)).toEqual([1, 1, 2, 3]);
      expect(numbers(sort(x).indices)).toEqual([1, 3, 2, 0]);
      const down = sort(x, 0, { descending: true });
      expect(numbers(down.values)).toEqual([3, 2, 1, 1]);
      expect(numbers(down.indices)).toEqual([0, 2, 1, 3]);
      expect(down.indices.dtype).toBe("int32");
      const columns = sort(
        tensor([
          [3, 1],
          [1, 2],
          [2, 0],
        ]),
        0,
      );
      expect(numbers(columns.values)).toEqual([1, 0, 2, 1, 3, 2]);
      expect(numbers(columns.indices)).toEqual([1, 2, 2, 0, 0, 1]);
      expect(numbers(sort(tensor([5, -2, 7], "int32")).values)).toEqual([-2, 5, 7]);
      expect(numbers(sort(fromArray([], [2, 0])).values)).toEqual([]);
    });

    test("NaN counts as larger than every number, as in NumPy and PyTorch", () => {
      const x = tensor([nan, 1, inf, -inf, nan, 0]);
      expect(numbers(sort(x).indices)).toEqual([3, 5, 1, 2, 0, 4]);
      expect(numbers(sort(x, 0, { descending: true }).indices)).toEqual([0, 4, 2, 1, 5, 3]);
      expect(numbers(topK(x, 3).values)).toEqual([nan, nan, inf]);
    });

    test.each([1, 2, 3, 7, 64, 257])(
      "the order of %i random elements, many of them equal, is that of a stable sort",
      (n) => {
        const x = numbers(uniform(Key.of(n), [3, n])).map((u) => Math.floor(u * n * 0.7));
        const rows = fromArray(x, [3, n]);
        for (const descending of [false, true]) {
          const wanted = [0, 1, 2].flatMap((r) => {
            const row = x.slice(r * n, (r + 1) * n);
            return row
              .map((_, i) => i)
              .sort((p, q) => (descending ? row[q]! - row[p]! : row[p]! - row[q]!) || p - q);
          });
          expect(numbers(sort(rows, -1, { descending }).indices)).toEqual(wanted);
          if (!descending) continue;
          for (const k of [0, 1, Math.ceil(n / 3), n]) {
            const best = topK(rows, k);
            const few = [0, 1, 2].flatMap((r) => wanted.slice(r * n, r * n + k));
            expect(numbers(best.indices)).toEqual(few);
            expect(numbers(best.values)).toEqual(few.map((p, i) => x[Math.floor(i / k) * n + p]));
          }
        }
      },
    );

    test("the derivative follows the elements to where they stood", () => {
      const weights = tensor([1, 10, 100], "float64");
      const x = tensor([3, 1, 2], "float64");
      expect(numbers(grad((v: Value) => sum(mul(weights, sort(v).values)))(x))).toEqual([100, 1, 10]);
      const two = tensor([1, 10], "float64");
      expect(numbers(grad((v: Value) => sum(mul(two, topK(v, 2).values)))(x))).toEqual([1, 0, 10]);
      const f = (v: Value) => sum(mul(weights, square(sort(v).values)));
      expect(numbers(hessianVectorProduct(f)(x, tensor([1, 1, 1], "float64")))).toEqual([200, 2, 20]);
    });

    test("rolling, by numbers and by values", () => {
      const x = tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]);
      for (const shift of [-7, -3, -1, 0, 1, 2, 4, 300])
        for (const axis of [0, 1, -1]) {
          const n = x.shape.at(axis)!;
          const wanted = [0, 1].flatMap((r) =>
            [0, 1, 2].map((c) => {
              const from = (i: number) => (((i - shift) % n) + n) % n;
              return axis === 0 ? from(r) * 3 + c + 1 : r * 3 + from(c) + 1;
            }),
          );
          expect(numbers(roll(x, shift, axis)), `by ${shift} along ${axis}`).toEqual(wanted);
          expect(numbers(roll(x, tensor(shift, "int32"), axis)), `by a value ${shift} along ${axis}`).toEqual(
            wanted,
          );
        }
      expect(numbers(roll(fromArray([], [2, 0]), 1))).toEqual([]);
      expect(numbers(roll(fromArray([], [2, 0]), tensor(1, "int32")))).toEqual([]);
      const weights = tensor([1, 10, 100]);
      for (const shift of [1, tensor(1, "int32")])
        expect(numbers(grad((v: Value) => sum(mul(weights, roll(v, shift))))(tensor([5, 6, 7])))).toEqual([
          10, 100, 1,
        ]);
    });

    test("a part without elements adds none to a concatenation within another, in a cell", () => {
      const cell = defineCell({
        name: "joining",
        inputs: () => ({ x: [2] }),
        state: () => ({}),
        params: () => ({}),
        step({ x }) {
          const part = slice(x, 0, 0, 1);
          const joined = concat([concat([part, slice(x, 0, 0, 0)]), x]);
          return { state: {}, output: mul(joined, 2) };
        },
      })(undefined);
      const { output } = unfold(
        cell,
        {},
        {
          x: tensor([
            [1, 2],
            [3, 4],
          ]),
        },
        chain([2]),
      );
      expect(numbers(output)).toEqual([2, 2, 4, 6, 6, 8]);
    });
  });

test("derivatives agree with central differences to second order", () => {
  const x = normal(Key.of(1), [2, 4], "float64");
  const inner = (v: Value) => sum(mul(normal(Key.of(2), v.shape, "float64"), square(v)));
  for (const f of [
    (v: Value) => inner(cumulativeProduct(v)),
    (v: Value) => inner(cumulativeProduct(v, 0, { reverse: true })),
    (v: Value) => inner(sort(v, 0).values),
    (v: Value) => inner(topK(v, 2).values),
    (v: Value) => inner(roll(v, tensor(2, "int32"))),
  ]) {
    const { first, second } = checkDerivatives(f, x, { second: true });
    expect(first).toBeLessThan(1e-8);
    expect(second).toBeLessThan(1e-8);
  }
});

test("what does not fit is named", () => {
  const x = tensor([1, 2, 3]);
  expect(() => cumulativeProduct(x, 1)).toThrow("cumulativeProduct: axis 1");
  expect(() => cumulativeProduct(x, 0, { reverse: 1 } as never)).toThrow(
    "cumulativeProduct: reverse is true or false, got 1",
  );
  expect(() => sort(tensor(1))).toThrow("sort: axis -1");
  expect(() => sort(x, 0, { descend: true } as never)).toThrow(
    "there is no setting descend (did you mean descending?)",
  );
  expect(() => topK(x, 4)).toThrow("topK: k is 4, and axis 0 of [3] has 3 elements");
  expect(() => topK(x, 1.5)).toThrow("topK: k");
  expect(() => roll(x, 0.5)).toThrow("roll: shift");
  expect(() => roll(x, tensor(1))).toThrow(
    "roll: shift is float32, expected int32 (a whole number of places); use cast()",
  );
  expect(() => roll(x, tensor([1], "int32"))).toThrow("roll: shift has the shape [1], expected a scalar");
});
