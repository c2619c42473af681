import { add, constant, fromArray, full, less, type Tensor, tensor, where, zeros } from "longspan";
import { defaultExecutor } from "longspan/engine";
import { describe, expect, test } from "vitest";

type Numbers = ArrayLike<number>;
const anything = (data: unknown) => data as Numbers;

/** All ways from numbers to a tensor: two elements each. */
const ways: Readonly<Record<string, (data: Numbers, dtype: Tensor["dtype"]) => unknown>> = {
  tensor: (data, dtype) => tensor(data, dtype),
  fromArray: (data, dtype) => fromArray(data, [2], dtype),
  write: (data, dtype) => zeros([2], dtype).write(data),
};

describe.each(Object.keys(ways))("%s", (name) => {
  const way = ways[name]!;
  const range = "int32 holds whole numbers from -2147483648 to 2147483647";

  test.each([
    ["undefined", [1, undefined]],
    ["null", [1, null]],
    ['"2"', [1, "2"]],
    ["2n", [1, 2n]],
    ["true", [1, true]],
    ["an object", [1, {}]],
  ])("refuses %s among the numbers, in every type", (shown, data) => {
    const held = defaultExecutor().statistics.bytesInUse;
    for (const dtype of ["float32", "float64", "int32"] as const) {
      const place = name === "tensor" ? "values[1]" : "element 1";
      const give = () => way(anything(data), dtype);
      expect(give).toThrow(`${name}: ${place} is ${shown}, not a number`);
    }
    if (name !== "write") expect(defaultExecutor().statistics.bytesInUse).toBe(held);
  });

  test("refuses what int32 does not hold, from lists and from arrays of other types", () => {
    for (const x of [2147483648, -2147483649, 1e300])
      for (const data of [[0, x], Float64Array.of(0, x)])
        expect(() => way(data, "int32")).toThrow(`element 1 is ${x}; ${range}`);
    expect(() => way(Uint32Array.of(0, 2 ** 31), "int32")).toThrow(`element 1 is 2147483648; ${range}`);
    for (const x of [1.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => way([0, x], "int32")).toThrow(`element 1 is ${x}, not an integer (dtype int32)`);
    way([-2147483648, 2147483647], "int32");
    way([Number.NaN, 1e300], "float32");
  });
});

test("one number for all elements, and a number beside an int32 tensor, are held to the same", () => {
  const n = tensor([1, 2], "int32");
  const fraction = "is 1.5, not an integer (dtype int32)";
  expect(() => full([2], 1.5, "int32")).toThrow(`full: the number ${fraction}`);
  expect(() => full([2], undefined as never)).toThrow("full: value is missing; it is a number");
  expect(() => constant(1.5, [2], "int32")).toThrow(`constant: the number ${fraction}`);
  expect(() => add(n, 1.5)).toThrow(`add: the number ${fraction}`);
  expect(() => less(1.5, n)).toThrow(`less: the number ${fraction}`);
  expect(() => where(n, n, 2 ** 31)).toThrow("where: the number is 2147483648; int32 holds");
  add(tensor([1, 2]), Number.NaN);
});
