import {
  add,
  chain,
  constantInit,
  defineCell,
  dropout,
  dropoutInCell,
  dropoutOver,
  fromArray,
  Key,
  mul,
  ones,
  sum,
  tanh,
  tensor,
  trees,
  unfold,
  type Value,
  valueAndGrad,
} from "longspan";
import { describe, expect, test } from "vitest";
import { normals, numbers, rows } from "./plain.js";

/** Means over 10^5 draws lie within four standard errors. */
function expectStatistics(values: readonly number[], rate: number) {
  const n = values.length;
  const kept = values.filter((v) => v !== 0);
  expect(new Set(kept.map(Math.fround))).toEqual(new Set([Math.fround(1 / (1 - rate))]));
  expect(Math.abs(kept.length / n - (1 - rate))).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / n));
}

describe("dropout of a value", () => {
  test.each([0.1, 0.5, 0.9])("rate %d: keeps 1 - rate of the elements, scaled to keep the mean", (rate) => {
    expectStatistics(numbers(dropout(ones([1000, 100]), rate, Key.of(1))), rate);
  });

  test("no key and rate 0 give x itself", () => {
    const x = ones([3]);
    expect(dropout(x, 0.5, null)).toBe(x);
    expect(dropout(x, 0, Key.of(1))).toBe(x);
  });

  test("selects: a NaN that is dropped stays out, in the gradient too", () => {
    const x = fromArray(new Array<number>(100).fill(Number.NaN), [100], "float64");
    const values = numbers(dropout(x, 0.5, Key.of(1)));
    const dropped = values.filter((v) => v === 0).length;
    expect(dropped).toBeGreaterThan(30);
    expect(values.filter(Number.isNaN).length).toBe(100 - dropped);
    const { grads } = valueAndGrad((v: Value) => sum(dropout(v, 0.5, Key.of(1))))(x);
    expect(numbers(grads)).toEqual(values.map((v) => (v === 0 ? 0 : 2)));
  });

  test("a rate outside [0, 1)", () => {
    expect(() => dropout(ones([1]), 1, null)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: dropout: rate is a number in [0, 1), got 1]`,
    );
    expect(() => dropout(ones([1]), Number.NaN, Key.of(1))).toThrow(RangeError);
  });
});

describe("dropoutOver", () => {
  const lengths = [3, 5, 2];
  const structure = chain(lengths);

  test("statistics", () => {
    const wide = chain(new Array<number>(100).fill(10));
    expectStatistics(numbers(dropoutOver(wide, ones([1000, 100]), 0.3, Key.of(2))), 0.3);
  });

  test("a sequence alone draws the same as in the batch", () => {
    const together = rows(dropoutOver(structure, ones([10, 6]), 0.5, Key.of(3)));
    lengths.forEach((length, b) => {
      const alone = rows(dropoutOver(chain([length], { examples: [b] }), ones([length, 6]), 0.5, Key.of(3)));
      expect(structure.rowsOf(b).map((r) => together[r])).toEqual(alone);
    });
  });

  test("steps differ, and with per: sequence they do not", () => {
    const perNode = rows(dropoutOver(structure, ones([10, 20]), 0.5, Key.of(3)));
    const perSequence = rows(dropoutOver(structure, ones([10, 20]), 0.5, Key.of(3), { per: "sequence" }));
    const distinct = (all: number[][], b: number) =>
      new Set(structure.rowsOf(b).map((r) => all[r]!.join())).size;
    expect(distinct(perNode, 1)).toBe(5);
    expect(distinct(perSequence, 1)).toBe(1);
    expect(new Set(perSequence.map((r) => r.join())).size).toBe(3);
  });

  test("trees and their ports will do, and values of any feature rank", () => {
    const forest = trees([{ children: [[1, 2], [], []] }], { ports: ["left", "right"] });
    expect(dropoutOver(forest, ones([3, 2, 4]), 0.5, Key.of(1)).shape).toEqual([3, 2, 4]);
  });
});

describe("dropoutInCell", () => {
  const noisy = (per: "node" | "sequence", rate: number) =>
    defineCell({
      name: "noisy",
      inputs: ({ size }: { size: number }) => ({ x: [size] }),
      state: ({ size }) => ({ h: [size] }),
      params: ({ size }) => ({ w: constantInit(0.9, size) }),
      step({ x, h }, { w }, context) {
        const next = tanh(add(x, mul(w, dropoutInCell(h, rate, context, { per }))));
        return { state: { h: next }, output: next };
      },
    })({ size: 5 });
  const lengths = [4, 6, 0, 3];
  const structure = chain(lengths);
  const x = normals(Key.of(1), 13, 5);

  test.each(["node", "sequence"] as const)("per %s: a sequence alone draws the same", (per) => {
    const cell = noisy(per, 0.5);
    const params = cell.init(Key.of(1), "float64");
    const key = Key.of(7);
    const together = unfold(cell, params, { x: structure.pack(x) }, structure, { key });
    let start = 0;
    lengths.forEach((length, b) => {
      const own = rows(x).slice(start, start + length);
      start += length;
      if (length === 0) return;
      const alone = unfold(cell, params, { x: tensor(own, "float64") }, chain([length], { examples: [b] }), {
        key,
      });
      expect(structure.rowsOf(b).map((r) => rows(together.output)[r])).toEqual(rows(alone.output));
    });
  });

  test("per sequence the mask is the same at every step", () => {
    // With x = 0 and h(0) = 1 an element that is dropped once is 0 from then on.
    const initial = { h: ones([4, 5], "float64") };
    const over = (per: "node" | "sequence") => {
      const cell = noisy(per, 0.5);
      const still = fromArray(new Float64Array(13 * 5), [13, 5], "float64");
      const params = cell.init(Key.of(1), "float64");
      return rows(unfold(cell, params, { x: still }, structure, { key: Key.of(7), initial }).output);
    };
    const zerosAt = (all: number[][], t: number) => all[structure.rowsOf(1)[t]!]!.map((v) => v === 0);
    const fixed = over("sequence");
    expect(zerosAt(fixed, 5)).toEqual(zerosAt(fixed, 0));
    const fresh = over("node");
    expect(zerosAt(fresh, 5)).not.toEqual(zerosAt(fresh, 0));
  });

  test("rate 0 draws nothing, so no key is needed; otherwise the lack of one is an error", () => {
    const quiet = noisy("node", 0);
    unfold(quiet, quiet.init(Key.of(1), "float64"), { x }, structure);
    const cell = noisy("node", 0.5);
    expect(() => unfold(cell, cell.init(Key.of(1), "float64"), { x }, structure)).toThrow(/give a key/);
  });
});
