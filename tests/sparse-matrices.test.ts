// Products with sparse matrices: those with the dense matrix, in value and derivatives; indices that are none; on every executor.

import { IndexError, normalInit } from "longspan";
import {
  add,
  chain,
  defaultExecutor,
  defineCell,
  executableFor,
  fromArray,
  Key,
  kinds,
  matmul,
  mul,
  normal,
  onCpu,
  ShapeError,
  type SparseMatrix,
  sparseMatmul,
  sum,
  type Tensor,
  tanh,
  tensor,
  unfold,
  useExecutor,
  type Value,
  valueAndGrad,
} from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";

const numbers = (v: Value) => Array.from(onCpu(v).toArray());

/** A sparse matrix of normal numbers, [rows, columns], in places without a pattern. */
function drawn(rows: number, columns: number, nonZeros: number): SparseMatrix<Tensor> {
  const places = Array.from({ length: nonZeros * columns }, (_, q) => (q * q * 7 + 3 * q) % rows);
  return {
    values: normal(Key.of(rows + columns), [nonZeros, columns], "float64"),
    from: fromArray(places, [nonZeros, columns], "int32"),
  };
}

/** The matrix with its zeros. */
function dense({ values, from }: SparseMatrix, rows: number): Tensor {
  const columns = values.shape[1]!;
  const all = new Float64Array(rows * columns);
  const places = numbers(from);
  numbers(values).forEach((v, q) => {
    all[places[q]! * columns + (q % columns)]! += v;
  });
  return fromArray(all, [rows, columns], "float64");
}

function near(a: readonly number[], b: readonly number[], most = 1e-12): void {
  expect(a.length).toBe(b.length);
  a.forEach((x, i) => {
    expect(Math.abs(x - b[i]!)).toBeLessThan(most);
  });
}

/** Of tensors in the places of a sparse matrix: the elements that are there. */
const inPlaces = (all: Tensor, { from }: SparseMatrix) => {
  const columns = from.shape[1]!;
  const flat = numbers(all);
  return numbers(from).map((row, q) => flat[row * columns + (q % columns)]!);
};

for (const { name } of executorRows)
  describe.skipIf(missing(name) !== undefined)(`${name}${missing(name) ? ` (${missing(name)})` : ""}`, () => {
    const before = defaultExecutor();
    beforeAll(() => useExecutor(executorOf(name)));
    afterAll(() => useExecutor(before));

    // Widths beside those of vectors.
    test.each([1, 7, 8, 15, 16, 17, 63, 64, 65, 131])(
      "%i columns: the product, and derivatives",
      (columns) => {
        for (const nonZeros of [1, 3]) {
          const W = drawn(9, columns, nonZeros);
          const x = normal(Key.of(2), [5, 9], "float64");
          const weights = normal(Key.of(3), [5, columns], "float64");
          near(numbers(sparseMatmul(x, W)), numbers(matmul(x, dense(W, 9))));
          const ofSparse = valueAndGrad((at: { x: Value; values: Value }) =>
            sum(mul(weights, tanh(sparseMatmul(at.x, { values: at.values, from: W.from })))),
          )({ x, values: W.values });
          const ofDense = valueAndGrad((at: { x: Value; W: Value }) =>
            sum(mul(weights, tanh(matmul(at.x, at.W)))),
          )({
            x,
            W: dense(W, 9),
          });
          near(numbers(ofSparse.grads.x), numbers(ofDense.grads.x));
          near(numbers(ofSparse.grads.values), inPlaces(ofDense.grads.W as Tensor, W));
        }
      },
    );

    test("a recurrence of 300 steps has the states and gradients of the dense one", () => {
      const [hidden, lengths] = [40, [300, 120, 0, 7]];
      const W = drawn(hidden, hidden, 4);
      const cellOf = (isSparse: boolean) =>
        defineCell({
          name: "cell",
          inputs: () => ({ x: [hidden] }),
          state: () => ({ h: [hidden] }),
          params: () => ({
            values: normalInit(1, 4, hidden),
            from: { ...normalInit(1, 4, hidden), dtype: "int32" as const },
            W: normalInit(1, hidden, hidden),
          }),
          step({ x, h }, p) {
            const recurrent = isSparse ? sparseMatmul(h, { values: p.values, from: p.from }) : matmul(h, p.W);
            const next = tanh(add(x, mul(recurrent, 0.6)));
            return { state: { h: next }, output: next };
          },
        })(undefined);
      const params = { ...W, W: dense(W, hidden) };
      const structure = chain(lengths);
      const x = normal(Key.of(5), [427, hidden], "float64");
      const weights = normal(Key.of(6), [427, hidden], "float64");
      const run = (isSparse: boolean) =>
        valueAndGrad((p: typeof params, at: Value) =>
          sum(mul(weights, unfold(cellOf(isSparse), p as never, { x: at }, structure).output as Value)),
        )(params, x);
      const [sparse, whole] = [run(true), run(false)];
      near(numbers(sparse.value), numbers(whole.value), 1e-9);
      near(numbers(sparse.grads.values), inPlaces(whole.grads.W as Tensor, W), 1e-9);
      // What no one reads is not there: rows by number have no gradient.
      expect(numbers(sparse.grads.from).every((g) => g === 0)).toBe(true);
    });

    test("a row that is none is an error", () => {
      const W = { values: tensor([[1, 2]]), from: tensor([[0, 3]], "int32") };
      expect(() => numbers(sparseMatmul(tensor([[1, 2, 3]]), W))).toThrow(IndexError);
      expect(() =>
        numbers(sparseMatmul(tensor([[1, 2, 3]]), { ...W, from: tensor([[-1, 0]], "int32") })),
      ).toThrow("index -1 at row 0, position 0 lies outside 0..2");
    });
  });

test("the product in the loop is a sparse one, and so is its derivative", () => {
  const cell = defineCell({
    name: "sparse",
    inputs: () => ({ x: [6] }),
    state: () => ({ h: [6] }),
    params: () => ({ values: normalInit(1, 2, 6) }),
    sharedInputs: () => ({ from: { shape: [2, 6], dtype: "int32" as const } }),
    step({ x, h, from }, { values }) {
      const next = tanh(add(x, sparseMatmul(h, { values, from })));
      return { state: { h: next }, output: next };
    },
  })(undefined);
  const { program } = executableFor(
    {
      cell: cell.trace("float32").graph,
      structure: chain([3, 2]),
      initials: [false],
      finals: [false],
      backward: { kind: "full" },
    },
    defaultExecutor(),
  ).compiled;
  expect(kinds(program.loop)).toEqual(["sparseProduct", "map"]);
});

test("says what does not fit", () => {
  const W = { values: tensor([[2, 3]]), from: tensor([[1, 1]], "int32") };
  expect(numbers(sparseMatmul(tensor([[5, 7]]), W))).toEqual([14, 21]);
  expect(numbers(sparseMatmul(tensor([[[5, 7]], [[1, 2]]]), W))).toEqual([14, 21, 4, 6]);
  expect(() => sparseMatmul(tensor([5, 7]), { ...W, from: tensor([[1, 1]]) })).toThrow(
    new TypeError("sparseMatmul: from is float32, expected int32"),
  );
  expect(() => sparseMatmul(tensor([5, 7]), { ...W, from: tensor([1, 1], "int32") })).toThrow(
    new ShapeError(
      "sparseMatmul: values are [1, 2] and from is [2]; both are [nonZeros, columns], an element and the row that it stands in",
    ),
  );
  expect(() => sparseMatmul(tensor(5), W)).toThrow(
    new ShapeError("sparseMatmul: x is a scalar, expected [..., rows]: its last axis is summed over"),
  );
  expect(() => sparseMatmul(tensor([5, 7], "int32"), W)).toThrow(
    new TypeError(
      "sparseMatmul: x is int32 and the values are float32, expected both float32 or both float64; use cast()",
    ),
  );
});
