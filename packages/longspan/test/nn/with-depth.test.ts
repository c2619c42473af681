import {
  type Cell,
  CellError,
  chain,
  defaultExecutor,
  defineCell,
  gru,
  Key,
  lstm,
  rnn,
  unfold,
  withDepth,
} from "longspan";
import { executableFor, kinds } from "longspan/engine";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, product, randomLike, rows, type Vector } from "./plain.js";

const [input, hidden, steps] = [3, 4, 5];
const all = { input, hidden, inputLayers: 2, transitionLayers: 2, outputLayers: 1 };

describe("a cell with deep maps", () => {
  test.each([false, true])("the equations in plain numbers, with a skip connection: %s", (skip) => {
    const cell = withDepth(rnn, { ...all, skip });
    const params = randomLike(cell.init(Key.of(1), "float64"), Key.of(2));
    const x = normals(Key.of(3), steps, input);
    const mlp = (of: typeof params.input, v: Vector) =>
      of.reduce(
        (from, { W, b }) => numbers(b).map((bias, i) => Math.tanh(bias + product(from, rows(W), i))),
        v,
      );
    let h: Vector = Array.from({ length: hidden }, () => 0);
    const expected = rows(x).map((xt) => {
      const [read, moved] = [mlp(params.input, xt), mlp(params.transition, h)];
      const before = skip ? h.map((v, i) => v + moved[i]!) : moved;
      const { U, W, b } = params.cell;
      h = numbers(b).map((bias, i) =>
        Math.tanh(bias + product(read, rows(U), i) + product(before, rows(W), i)),
      );
      return mlp(params.output, h);
    });
    const { output, final } = unfold(cell, params, { x }, chain([steps]));
    expect(difference(numbers(output), expected.flat())).toBeLessThan(1e-12);
    expect(difference(numbers(final.h), h)).toBeLessThan(1e-12);
  });

  test("without layers it is the cell inside", () => {
    const x = normals(Key.of(3), steps, input);
    const cell = withDepth(gru, { input, hidden, skip: true });
    const params = cell.init(Key.of(1), "float64");
    expect(Object.values(params).slice(0, 3)).toEqual([[], [], []]);
    const { output } = unfold(cell, params, { x }, chain([3, 2]));
    const plain = unfold(gru({ input, hidden }), params.cell, { x }, chain([3, 2])).output;
    expect(numbers(output)).toEqual(numbers(plain));
  });

  test("the layers in front and behind are outside the loop over time", () => {
    const regions = (settings: object) => {
      const cell = withDepth(rnn, { input, hidden, ...settings }) as unknown as Cell;
      const { before, loop, after } = executableFor(
        {
          cell: cell.trace("float32").graph,
          structure: chain([2]),
          initials: [false],
          finals: [false],
          backward: { kind: "full" },
        },
        defaultExecutor(),
      ).compiled.program;
      return [before, loop, after].map((region) => kinds(region).filter((k) => k === "gemm").length);
    };
    expect(regions({ inputLayers: 2, outputLayers: 2 })).toEqual([3, 1, 2]);
    expect(regions({ inputLayers: 2, transitionLayers: 2, outputLayers: 2 })).toEqual([3, 3, 2]);
  });

  test("the slots of an LSTM besides h go from step to step as in the cell", () => {
    const cell = withDepth(lstm, { input, hidden, transitionLayers: 1 });
    const params = cell.init(Key.of(1), "float64");
    expect(cell.state).toEqual({ h: [4], s: [4] });
    expect(params.transition[0]!.W.shape).toEqual([4, 4]);
  });

  test("refuses a cell without a slot h", () => {
    const other = defineCell({
      name: "other",
      inputs: ({ input }: { input: number; hidden: number }) => ({ x: [input] }),
      state: ({ input }) => ({ m: [input] }),
      params: () => ({}),
      step: ({ x }) => ({ state: { m: x }, output: x }),
    });
    expect(() => withDepth(other, { input, hidden })).toThrow(
      new CellError(
        "withDepth: the layers of the transition are on the way of the slot h, a vector; the state of cell other has m",
      ),
    );
  });
});
