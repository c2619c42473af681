import {
  add,
  type Cell,
  childSumTreeLstm,
  concat,
  defineCell,
  gru,
  lstm,
  matmul,
  maximum,
  mul,
  orthogonal,
  relu,
  rnn,
  shortestPath,
  sigmoid,
  slice,
  square,
  statePaths,
  stopGradient,
  tanh,
  type Value,
  withDepth,
} from "longspan";
import { describe, expect, test } from "vitest";

const sizes = { input: 2, hidden: 4 };
/** A cell whose next state is a function of the old one and a matrix. */
const stepping = (next: (h: Value, W: Value) => Value) =>
  defineCell({
    name: "stepping",
    inputs: () => ({ x: [4] }),
    state: () => ({ h: [4] }),
    params: () => ({ W: orthogonal(4, 4) }),
    step({ x, h }, { W }) {
      const made = add(next(h, W), x);
      return { state: { h: made }, output: made };
    },
  })(undefined);

describe("the shortest path from t to t + 1 (section 10.5)", () => {
  test.each([1, 2, 3])(
    "a transition of %i layers makes it longer by as many, and a skip connection undoes it",
    (n) => {
      const of = (settings: object, cell: typeof rnn = rnn) =>
        shortestPath(withDepth(cell, { ...sizes, inputLayers: 2, outputLayers: 1, ...settings }))!.length;
      expect(shortestPath(rnn(sizes))!.length).toBe(1);
      expect(of({})).toBe(1);
      expect(of({ transitionLayers: n })).toBe(1 + n);
      expect(of({ transitionLayers: n, skip: true })).toBe(1);
      expect(of({ transitionLayers: n, squash: relu })).toBe(1 + n);
    },
  );

  test("says from where to where it goes, and through what", () => {
    expect(statePaths(rnn(sizes))).toEqual([
      { from: "h", to: "h", length: 1, through: ["matmul", "add", "tanh"] },
    ]);
    expect(statePaths(lstm(sizes)).map(({ from, to, length }) => [from, to, length])).toEqual([
      ["h", "h", 1],
      ["h", "s", 1],
      ["s", "h", 1],
      ["s", "s", 0],
    ]);
    expect(shortestPath(lstm(sizes))).toEqual({ from: "s", to: "s", length: 0, through: ["mul", "add"] });
    expect(shortestPath(gru(sizes))!.length).toBe(0);
  });

  const known: readonly (readonly [string, number | null, (h: Value, W: Value) => Value])[] = [
    ["nothing in between", 0, (h) => h],
    ["a constant factor", 0, (h) => mul(h, 0.5)],
    ["a gate that the state makes", 0, (h, W) => mul(sigmoid(matmul(h, W)), h)],
    ["a product with weights alone", 1, (h, W) => matmul(h, W)],
    ["two products without a non-linearity between them", 1, (h, W) => matmul(matmul(h, W), W)],
    ["a non-linearity alone", 1, (h) => tanh(h)],
    ["a non-linearity before the product", 2, (h, W) => matmul(tanh(h), W)],
    ["two layers", 2, (h, W) => tanh(matmul(tanh(matmul(h, W)), W))],
    ["the square, which is a product with itself", 1, (h) => square(h)],
    ["relu, which the state chooses", 1, (h) => relu(h)],
    ["a kink", 1, (h) => maximum(h, 0)],
    ["the shorter of two ways", 1, (h, W) => add(tanh(tanh(h)), tanh(matmul(h, W)))],
    ["parts of a vector", 1, (h) => concat([tanh(tanh(slice(h, 0, 0, 2))), tanh(slice(h, 0, 2, 4))])],
    ["no gradient", null, (h) => stopGradient(h)],
  ];
  test.each(known)("%s: %s", (_, length, next) => {
    expect(shortestPath(stepping(next))?.length ?? null).toBe(length);
  });

  test("over trees it is that along an edge, the edge step in it", () => {
    const paths = statePaths(childSumTreeLstm(sizes) as unknown as Cell);
    expect(paths.map(({ from, to, length }) => [from, to, length])).toEqual([
      ["h", "h", 1],
      ["h", "s", 1],
      ["s", "h", 1],
      ["s", "s", 0],
    ]);
  });

  test("refuses what is no cell", () => {
    expect(() => shortestPath(5 as never)).toThrow(
      "shortestPath: cell is a cell, such as lstm({ input, hidden }), got 5",
    );
  });
});
