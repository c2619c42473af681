import { glorot } from "longspan";
import {
  add,
  apply,
  chain,
  defineCell,
  Key,
  matmul,
  mul,
  normal,
  setSum,
  spreadToOp,
  sumToOp,
  tanh,
  type Value,
} from "longspan/engine";
import { expect, test } from "vitest";
import { differenceError, failuresOf } from "./random-cells/compare.js";
import { randomSubject } from "./random-cells/generate.js";

const total = Number(process.env.LONGSPAN_RANDOM_CELLS ?? 500);
const first = Number(process.env.LONGSPAN_RANDOM_SEED ?? 1);

test(`${total} random cells that read sets: compiled equals the plain loop in value, gradient and Hessian-vector product`, () => {
  const { failures, seen } = failuresOf((seed) => randomSubject(seed, { sets: true }), { first, total });
  expect(failures).toEqual([]);
  const features = "chain reversed binary childSum shared additive dot setSum setMean setMax setLogSumExp";
  for (const f of `${features} pairProduct places setAt twoSets pairOutput memberSums`.split(" "))
    expect(seen.get(f) ?? 0, f).toBeGreaterThan(total / 100);
}, 1_200_000);

test("a wrong transpose of the set sum is found", () => {
  // biome-ignore lint/suspicious/noExplicitAny: the record is made writable for this test only.
  const record = sumToOp as any;
  const right = record.transpose;
  try {
    record.transpose = (
      { attrs }: { attrs: { from: string; to: string } },
      [ct]: readonly (Value | undefined)[],
    ) => {
      const given = ct && apply(spreadToOp, { from: attrs.to, to: attrs.from }, ct);
      return [given && attrs.from.startsWith("pair") ? mul(given, 0.5) : given];
    };
    // Derived cells of this one are in no cache: its name is its own.
    const subject = randomSubject(first + total, { sets: true });
    const attending = attendingCell();
    const wronged = {
      ...subject,
      cell: attending,
      structure: chain([2, 3]).withSets({ source: [2, 3] }),
      params: { W: normal(Key.of(1), [2, 2], "float64") },
      inputs: {
        x: normal(Key.of(2), [5, 2], "float64"),
        source: { k: normal(Key.of(3), [5, 2], "float64") },
      },
      initial: {},
    };
    expect(differenceError(wronged)).toBeGreaterThan(1e-3);
  } finally {
    record.transpose = right;
  }
});

function attendingCell() {
  return defineCell({
    name: "attendingOnce",
    inputs: () => ({ x: [2] }),
    sets: () => ({ source: { k: [2] } }),
    state: () => ({ h: [2] }),
    params: () => ({ W: glorot(2, 2) }),
    step({ x, h, source }, { W }) {
      const next = tanh(add(x, matmul(setSum(tanh(add(h, source.k))), W)));
      return { state: { h: next }, output: next };
    },
  })(undefined);
}
