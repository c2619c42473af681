import { grad, slice, split, sum, type Value, zeros } from "longspan";
import { expect, test } from "vitest";

test("parts of a value without rows are values without rows, wherever they begin", () => {
  expect(slice(zeros([0, 13]), 1, 1, 13).shape).toEqual([0, 12]);
  expect(split(zeros([0, 6]), 3).map(({ shape }) => shape)).toEqual([
    [0, 2],
    [0, 2],
    [0, 2],
  ]);
  expect(slice(zeros([3, 2]), 0, 3, 3).shape).toEqual([0, 2]);
  expect(grad((x: Value) => sum(slice(x, 1, 2, 3)))(zeros([0, 4])).shape).toEqual([0, 4]);
});
