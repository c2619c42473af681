import {
  add,
  allOps,
  dependencies,
  dependents,
  liveEquations,
  producersOf,
  Trace,
  usesOf,
} from "longspan/engine";
import { expect, test } from "vitest";

const tanhOp = allOps.find((op) => op.name === "tanh")!;

// d = tanh(a) + b, and e = tanh(b), which nothing uses.
const trace = new Trace(1);
const [a, b] = [1, 2].map(() => trace.variable({ shape: [2], dtype: "float64" })) as [never, never];
const [c] = trace.process(tanhOp, {}, [a]) as [never];
const [d] = trace.process(add.op, {}, [c, b]) as [never];
const [e] = trace.process(tanhOp, {}, [b]) as [never];
const { equations } = trace;

test("producers and uses of values", () => {
  expect(producersOf(equations).get(d)).toBe(equations[1]);
  expect(producersOf(equations).has(a)).toBe(false);
  expect(usesOf(equations).get(b)).toEqual([equations[1], equations[2]]);
  expect(usesOf(equations).has(e)).toBe(false);
});

test("what depends on a value, and what a value depends on, itself included", () => {
  expect(dependents(equations, [a])).toEqual(new Set([a, c, d]));
  expect(dependencies(equations, [d])).toEqual(new Set([a, b, c, d]));
  expect(dependencies(equations, [])).toEqual(new Set());
});

test("live equations keep their order; the others are left out", () => {
  expect(liveEquations(equations, [d])).toEqual([equations[0], equations[1]]);
});
