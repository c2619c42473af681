// Cumulative sums as an op: on whole tensors, inside cells, under derivatives, on every executor.
import { glorot } from "longspan";
import {
  add,
  chain,
  cumulativeSum,
  defaultExecutor,
  defineCell,
  fromArray,
  grad,
  Key,
  leaves,
  matmul,
  mul,
  normal,
  onCpu,
  sum,
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

/** A state whose features are summed in both directions. */
const adding = defineCell({
  name: "adding",
  inputs: ({ input }: { input: number; hidden: number }) => ({ x: [input] }),
  state: ({ hidden }) => ({ h: [2, hidden] }),
  params: ({ input, hidden }) => ({ U: glorot(input, hidden), W: glorot(hidden, hidden) }),
  step({ x, h }, { U, W }) {
    const sums = add(cumulativeSum(matmul(h, W), 0), cumulativeSum(matmul(x, U), -1, { reverse: true }));
    const next = tanh(mul(0.3, cumulativeSum(sums)));
    return { state: { h: next }, output: sum(cumulativeSum(next, 0), 0) };
  },
});

for (const { name } of executorRows)
  describe.skipIf(missing(name) !== undefined)(`${name}${missing(name) ? ` (${missing(name)})` : ""}`, () => {
    const before = defaultExecutor();
    beforeAll(() => useExecutor(executorOf(name)));
    afterAll(() => useExecutor(before));

    test("along every axis, both ways, of all types", () => {
      const x = tensor([
        [1, 2, 3],
        [10, 20, 30],
      ]);
      expect(numbers(cumulativeSum(x))).toEqual([1, 3, 6, 10, 30, 60]);
      expect(numbers(cumulativeSum(x, 0))).toEqual([1, 2, 3, 11, 22, 33]);
      expect(numbers(cumulativeSum(x, 1, { reverse: true }))).toEqual([6, 5, 3, 60, 50, 30]);
      expect(numbers(cumulativeSum(x, -2, { reverse: true }))).toEqual([11, 22, 33, 10, 20, 30]);
      expect(numbers(cumulativeSum(tensor([2, -3, 4], "int32")))).toEqual([2, -1, 3]);
      expect(numbers(cumulativeSum(fromArray([], [3, 0])))).toEqual([]);
      expect(numbers(cumulativeSum(tensor([1e8, 1, -1e8])))).toEqual([1e8, 1e8, 1]);
    });

    test("its gradient sums from the other end", () => {
      const weights = tensor([1, 10, 100]);
      const f = (x: Value) => sum(mul(weights, cumulativeSum(x)));
      expect(numbers(grad(f)(tensor([5, 6, 7])))).toEqual([111, 110, 100]);
    });

    test("inside a cell: the compiled unfold and its gradient are those of the plain loop", () => {
      const [input, hidden] = [3, 4];
      const cell = adding({ input, hidden });
      const structure = chain([5, 3, 0, 4]);
      const params = cell.init(Key.of(1), "float64");
      const x = normal(Key.of(2), [structure.nodes, input], "float64");
      const of = (loop: "compiled" | "plain") => {
        const f = (p: { params: typeof params; x: Value }) =>
          sum(tanh(unfold(cell, p.params, { x: p.x }, structure, { loop }).output));
        const { value, grads } = valueAndGrad(f as never)({ params, x } as never);
        return [value as Value, ...(leaves(grads) as Value[])].flatMap(numbers);
      };
      const [compiled, plain] = [of("compiled"), of("plain")];
      compiled.forEach((v, i) => {
        expect(Math.abs(v - plain[i]!)).toBeLessThan(1e-13 * Math.max(1, Math.abs(plain[i]!)));
      });
    });
  });

test("what does not fit is named", () => {
  const x = tensor([1, 2]);
  expect(() => cumulativeSum(x, 1)).toThrow("cumulativeSum: axis 1");
  expect(() => cumulativeSum(tensor(1))).toThrow("cumulativeSum: axis -1");
  expect(() => cumulativeSum(x, 0, { reversed: true } as never)).toThrow(
    "cumulativeSum: there is no setting reversed (did you mean reverse?)",
  );
  expect(() => cumulativeSum(x, 0, { reverse: 1 } as never)).toThrow(
    "cumulativeSum: reverse is true or false, got 1",
  );
});
