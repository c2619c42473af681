import {
  type Cell,
  chain,
  childSumTreeLstm,
  defineCell,
  flowReport,
  fromArray,
  globalGateGru,
  gru,
  gruResetAfter,
  Key,
  lstm,
  mapTree,
  matmul,
  minimalGatedUnit,
  mul,
  normal,
  orthogonal,
  rnn,
  sharedGateGru,
  slice,
  square,
  sum,
  type Tensor,
  tanh,
  timeConstants,
  trees,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { add } from "longspan/engine";
import { describe, expect, test } from "vitest";
import { difference, numbers, product, randomLike, rows, sigmoid } from "../nn/plain.js";

const [input, hidden] = [2, 3];
const sizes = { input, hidden };
const lengths = [5, 3];
const x = normal(Key.of(1), [8, input], "float64");

const lossOf =
  (cell: Cell, structure = chain(lengths)) =>
  (params: unknown) => {
    const { final } = unfold(
      cell,
      params as never,
      { x: structure.pack(slice(x, 0, 0, structure.nodes)) } as never,
      structure,
    );
    const all = Object.values(final as Record<string, Value>).map((v) => sum(square(v)));
    return all.reduce((a, b) => add(a, b));
  };
const made = (cell: unknown) => {
  const params = randomLike((cell as Cell).init(Key.of(2), "float64") as object, Key.of(3));
  return { cell: cell as Cell, params: params as Record<string, Tensor> };
};

describe("the time constants that a model sets itself", () => {
  test("of an LSTM: -1 / ln f of the forget gate, per unit and step, in s alone", async () => {
    const { cell, params } = made(lstm(sizes));
    const found = await timeConstants(lossOf(cell) as never, params as never);
    expect(found.map(({ slot, units, cell }) => [slot, units, cell])).toEqual([["s", hidden, "lstm"]]);
    const [U, W, b] = [rows(params.U!), rows(params.W!), numbers(params.b!)];
    let at = 0;
    lengths.forEach((length, k) => {
      const own = rows(x).slice(at, at + length);
      at += length;
      const states = unfold(
        lstm(sizes),
        params as never,
        { x: fromArray(own.flat(), [length, input], "float64") },
        chain([length]),
      ).output;
      const h = [Array.from({ length: hidden }, () => 0), ...rows(states)];
      const f = own.flatMap((xt, t) =>
        [0, 1, 2].map((i) => sigmoid(b[i]! + product(xt, U, i) + product(h[t]!, W, i))),
      );
      expect(difference(found[0]!.factors[k]!, f)).toBeLessThan(1e-12);
      expect(
        difference(
          found[0]!.constants[k]!,
          f.map((v) => -1 / Math.log(v)),
        ),
      ).toBeLessThan(1e-12);
    });
  });

  test("where nothing else leads back, the product of f is that of the Jacobians", async () => {
    const cell = lstm(sizes) as unknown as Cell;
    const zero = mapTree(cell.init(Key.of(1), "float64") as object, (t) =>
      zeros((t as Tensor).shape, "float64"),
    ) as Record<string, Tensor>;
    const b = fromArray([1, 2, 3, ...new Array<number>(9).fill(0.1)], [12], "float64");
    const [{ products, perUnit }] = (await timeConstants(lossOf(cell) as never, { ...zero, b } as never)) as [
      Awaited<ReturnType<typeof timeConstants>>[number],
    ];
    expect(products.map(({ lag }) => lag)).toEqual([1, 2, 3, 4, 5]);
    for (const { lag, largest, median, jacobian } of products) {
      expect(largest).toBeCloseTo(lag * Math.log(sigmoid(3)), 12);
      expect(median).toBeCloseTo(lag * Math.log(sigmoid(2)), 12);
      expect(jacobian).toBeCloseTo(largest, 10);
    }
    expect(
      difference(
        perUnit,
        [1, 2, 3].map((v) => -1 / Math.log(sigmoid(v))),
      ),
    ).toBeLessThan(1e-12);
  });

  test("with weights on the other paths, the two differ", async () => {
    const { cell, params } = made(lstm(sizes));
    const [{ products }] = (await timeConstants(lossOf(cell) as never, params as never)) as [
      Awaited<ReturnType<typeof timeConstants>>[number],
    ];
    expect(Math.abs(products[4]!.jacobian! - products[4]!.largest)).toBeGreaterThan(1e-2);
  });

  test.each([
    ["gru", gru(sizes), (u: number) => u],
    ["gruResetAfter", gruResetAfter(sizes), (u: number) => u],
    ["minimalGatedUnit", minimalGatedUnit(sizes), (u: number) => 1 - u],
    ["sharedGateGru", sharedGateGru(sizes), (u: number) => u],
  ] as const)("of %s: what its first gate leaves", async (_, cell, kept) => {
    const { params } = made(cell);
    const gateless = mapTree(params, (t) => mul(t as Tensor, 0)) as Record<string, Tensor>;
    const b = fromArray(
      Array.from({ length: params.b!.size }, (_, k) => 0.3 * (k + 1)),
      params.b!.shape,
      "float64",
    );
    const found = await timeConstants(lossOf(cell as unknown as Cell) as never, { ...gateless, b } as never);
    expect(found.map(({ slot }) => slot)).toEqual(["h"]);
    const groups = cell.name === "sharedGateGru" ? 1 : hidden;
    const f = Array.from({ length: hidden }, (_, i) => kept(sigmoid(0.3 * ((i % groups) + 1))));
    expect(difference(found[0]!.factors[0]!, Array.from({ length: 5 }, () => f).flat())).toBeLessThan(1e-12);
  });

  test("of a global gate times a local one: their product", async () => {
    const cell = globalGateGru(sizes);
    const { params } = made(cell);
    const zero = mapTree(params, (t) => mul(t as Tensor, 0)) as Record<string, Tensor>;
    const B = fromArray([0.5, 0], [2], "float64");
    const [h] = await timeConstants(lossOf(cell as unknown as Cell) as never, { ...zero, B } as never);
    expect(difference(h!.factors[0]!, new Array(15).fill(sigmoid(0.5) * 0.5))).toBeLessThan(1e-12);
  });

  test("of a user's leaky unit, its constant; a slot that only copies another, or is mixed by a matrix, has none", async () => {
    const cell = defineCell({
      name: "leaky",
      inputs: () => ({ x: [2] }),
      state: () => ({ m: [2], last: [2], mixed: [2] }),
      params: () => ({ W: orthogonal(2, 2) }),
      step({ x, m, last, mixed }, { W }) {
        const next = add(mul(m, -0.9), add(x, tanh(last)));
        return { state: { m: next, last: m, mixed: matmul(mixed, W) }, output: next };
      },
    })(undefined);
    const found = await timeConstants(
      lossOf(cell as unknown as Cell) as never,
      cell.init(Key.of(1), "float64") as never,
    );
    expect(found.map(({ slot }) => slot)).toEqual(["m"]);
    expect(difference(found[0]!.factors[1]!, new Array(6).fill(-0.9))).toBeLessThan(1e-15);
    expect(difference(found[0]!.perUnit, new Array(2).fill(-1 / Math.log(0.9)))).toBeLessThan(1e-12);
  });

  test("without a forget gate nothing is ever lost: the time constant is infinite", async () => {
    const { cell, params } = made(lstm({ ...sizes, forgetGate: false }));
    const [s] = await timeConstants(lossOf(cell) as never, params as never);
    expect(Array.from(s!.perUnit)).toEqual(new Array(3).fill(Number.POSITIVE_INFINITY));
    expect(s!.products.every(({ largest }) => largest === 0)).toBe(true);
  });

  test("of an rnn there are none", async () => {
    const { cell, params } = made(rnn(sizes));
    expect(await timeConstants(lossOf(cell) as never, params as never)).toEqual([]);
  });

  test("over trees a factor for each edge, of the edge step: the gate of each child", async () => {
    const cell = childSumTreeLstm(sizes);
    const zero = mapTree(cell.init(Key.of(1), "float64") as object, (t) =>
      zeros((t as Tensor).shape, "float64"),
    ) as Record<string, Tensor>;
    const forest = trees([{ children: [[1, 2], [3], [], []] }, { children: [[1], []] }, { children: [[]] }]);
    const found = await timeConstants(lossOf(cell as unknown as Cell, forest) as never, zero as never);
    expect(found[0]!.slot).toBe("s");
    expect(found[0]!.factors.map((f) => f.length / hidden)).toEqual([3, 1, 0]);
    expect(new Set(found[0]!.factors.flatMap((f) => Array.from(f))).size).toBe(1);
  });

  test("the flow report has them in figures", async () => {
    const { cell, params } = made(lstm(sizes));
    const { layers } = await flowReport(lossOf(cell) as never, params as never);
    const [found] = await timeConstants(lossOf(cell) as never, params as never);
    const [figures] = layers[0]!.selfLoops;
    expect(figures!.slot).toBe("s");
    expect(figures!.perUnit).toEqual(found!.perUnit);
    expect(figures!.products).toEqual(found!.products);
    const all = found!.constants.flatMap((c) => Array.from(c)).sort((a, b) => a - b);
    expect(figures!.median).toBeCloseTo((all[11]! + all[12]!) / 2, 12);
    expect([figures!.tenth <= figures!.median, figures!.median <= figures!.ninetieth]).toEqual([true, true]);
  });

  test("refuses a loss without a recurrent layer", async () => {
    await expect(timeConstants(() => sum(x), {})).rejects.toThrow(
      "timeConstants: the loss runs no recurrent layer; nothing to report on",
    );
  });
});
