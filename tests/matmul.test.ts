// Matrix products by NumPy's rules: shapes, numbers, derivatives and messages.
import {
  checkDerivatives,
  compileCell,
  defaultExecutor,
  Key,
  matmul,
  normal,
  onCpu,
  ones,
  recordOf,
  type Shape,
  splitProducts,
  sum,
  type Tensor,
  tanh,
  tensor,
  useExecutor,
  type Value,
  zeros,
} from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";
import { opRows } from "./ops-in-cells/rows.js";
import { subjectOf } from "./ops-in-cells/subjects.js";

const numbers = (v: Value) => Array.from(onCpu(v).toArray());
const draw = (seed: number, shape: Shape) => normal(Key.of(seed), shape, "float64");

/** Operands, and the shape that np.matmul gives them. */
const shapes: readonly (readonly [Shape, Shape, Shape])[] = [
  [[3], [3], []],
  [[3], [3, 2], [2]],
  [[2, 3], [3], [2]],
  [
    [2, 3],
    [3, 4],
    [2, 4],
  ],
  [[5, 2, 3], [3], [5, 2]],
  [[3], [5, 3, 2], [5, 2]],
  [
    [5, 2, 3],
    [3, 4],
    [5, 2, 4],
  ],
  [
    [2, 3],
    [5, 3, 4],
    [5, 2, 4],
  ],
  [
    [5, 2, 3],
    [5, 3, 4],
    [5, 2, 4],
  ],
  [
    [1, 2, 3],
    [5, 3, 4],
    [5, 2, 4],
  ],
  [
    [4, 1, 2, 3],
    [5, 3, 2],
    [4, 5, 2, 2],
  ],
  [
    [2, 0],
    [0, 3],
    [2, 3],
  ],
  [[2, 0], [0], [2]],
  [[0], [0], []],
  [[0, 2, 3], [3], [0, 2]],
  [
    [0, 2, 3],
    [0, 3, 4],
    [0, 2, 4],
  ],
  // As wide as several vectors of the kernels, with rests.
  [[70], [70, 37], [37]],
  [[37, 70], [70], [37]],
  [
    [3, 37, 70],
    [70, 1],
    [3, 37, 1],
  ],
];

/** The equation of the docstring, element by element. */
function plainly(a: Tensor, b: Tensor, result: Shape): number[] {
  const [x, y] = [numbers(a), numbers(b)];
  const [left, right] = [a.rank === 1 ? [1, ...a.shape] : a.shape, b.rank === 1 ? [...b.shape, 1] : b.shape];
  const [m, k, n] = [left.at(-2)!, left.at(-1)!, right.at(-1)!];
  const lead = result.slice(0, result.length - (a.rank > 1 ? 1 : 0) - (b.rank > 1 ? 1 : 0));
  /** Where the matrix of an operand starts for one place of the leading axes. */
  const start = (of: readonly number[], place: readonly number[], size: number) => {
    const own = of.slice(0, -2);
    const q = own.reduce((at, extent, d) => {
      const p = place[lead.length - own.length + d]!;
      return at * extent + (extent === 1 ? 0 : p);
    }, 0);
    return q * size;
  };
  const places = lead.reduce<number[][]>(
    (list, extent) => list.flatMap((p) => Array.from({ length: extent }, (_, i) => [...p, i])),
    [[]],
  );
  return places.flatMap((place) => {
    const [x0, y0] = [start(left, place, m * k), start(right, place, k * n)];
    return Array.from({ length: m * n }, (_, q) => {
      const [i, j] = [Math.floor(q / n), q % n];
      let s = 0;
      for (let p = 0; p < k; p++) s += x[x0 + i * k + p]! * y[y0 + p * n + j]!;
      return s;
    });
  });
}

for (const { name } of executorRows)
  describe.skipIf(missing(name) !== undefined)(`${name}${missing(name) ? ` (${missing(name)})` : ""}`, () => {
    const before = defaultExecutor();
    beforeAll(() => useExecutor(executorOf(name)));
    afterAll(() => useExecutor(before));

    test.each(shapes)("%j times %j gives %j", (left, right, wanted) => {
      const [a, b] = [draw(1, left), draw(2, right)];
      const y = matmul(a, b);
      expect(y.shape).toEqual(wanted);
      const plain = plainly(a, b, wanted);
      numbers(y).forEach((v, i) => {
        expect(Math.abs(v - plain[i]!)).toBeLessThan(1e-13 * Math.max(1, Math.abs(plain[i]!)));
      });
    });
  });

test.each(shapes.filter(([a, b]) => a.length + b.length < 8 && !a.includes(0) && !a.includes(70)))(
  "the derivatives of %j times %j agree with central differences to second order",
  (left, right) => {
    const f = ([a, b]: Value[]) => sum(tanh(matmul(a!, b!)));
    const { first, second } = checkDerivatives(f, [draw(3, left), draw(4, right)], { second: true });
    expect(first).toBeLessThan(1e-8);
    expect(second).toBeLessThan(1e-8);
  },
);

test("what does not fit is named", () => {
  expect(() => matmul(zeros([2, 3]), zeros([4]))).toThrow(
    "matmul: shapes [2, 3] and [4] do not fit: the inner sizes must be equal, they are 3 and 4",
  );
  expect(() => matmul(zeros([2]), zeros([3]))).toThrow("they are 2 and 3");
  expect(() => matmul(zeros([2, 2, 3]), zeros([3, 3, 4]))).toThrow(
    "matmul (leading axes): shapes [2] and [3] do not broadcast",
  );
  expect(() => matmul(tensor(2), ones([2]))).toThrow(
    "matmul: shapes [] and [2]; a scalar has no axis to sum over, use mul()",
  );
  expect(() => matmul(tensor([1, 2], "int32"), tensor([1, 2], "int32"))).toThrow(
    "matmul: expected float32 or float64, got int32; use cast()",
  );
  expect(() => matmul(tensor([1, 2]), tensor([1, 2], "float64"))).toThrow("float32 and float64; use cast()");
});

test.each([
  ["parameter", "node", ["gemm"]],
  ["node", "state", ["batchedMatmul"]],
  ["sequence", "state", ["batchedMatmul"]],
  ["parameter", "state", ["gemm"]],
] as const)("in a cell, a matrix per %s times a vector per %s is one product", (matrix, vector, wanted) => {
  const subject = subjectOf(opRows.find((r) => r.name === "matrix times vector")!, [matrix, vector]);
  const { graph } = subject.cell.trace("float32");
  const { program } = compileCell(
    splitProducts(graph),
    { arrivals: ["single"], sinks: "single" },
    [true],
    [true],
  );
  const products = [...program.before, ...program.loop].filter((i) => recordOf(i).isProduct);
  // Where the vector is made of the state, that takes a product of its own.
  const made = products.filter((i) => !(i.kind === "gemm" && vector === "state" && i.k === 2));
  expect(made.map((i) => i.kind)).toEqual(wanted);
});
