import {
  chain,
  checkDerivatives,
  type GridStart,
  grad,
  grid,
  gridConvolution,
  gru,
  Key,
  linear,
  lstm,
  mul,
  multidimensionalLstm,
  slice,
  stacked,
  sum,
  sweeps,
  tanh,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, randomLike, rows } from "./plain.js";

const [I, H] = [2, 3];
const sizes = [
  [3, 4],
  [0, 2],
  [2, 2],
] as const;
const nodes = 16;
const starts = [0, 12, 12];
const pictures = grid(sizes);
const x = normals(Key.of(1), nodes, I);

describe("sweeps", () => {
  const quadrants = {
    "top-left": multidimensionalLstm({ input: I, hidden: H }),
    "top-right": multidimensionalLstm({ input: I, hidden: H }),
    "bottom-left": multidimensionalLstm({ input: I, hidden: H }),
    "bottom-right": multidimensionalLstm({ input: I, hidden: H }),
  };
  const lines = {
    left: gru({ input: I, hidden: H }),
    right: lstm({ input: I, hidden: H }),
    top: gru({ input: I, hidden: H }),
    bottom: gru({ input: I, hidden: H }),
  };

  test.each([
    ["corners", sweeps(quadrants), quadrants],
    ["sides", sweeps(lines), lines],
  ] as const)("from the %s: each cell over its own structure, in the rows of the grid", (_, layer, cells) => {
    const params = randomLike(layer.init(Key.of(2), "float64"), Key.of(3)) as Readonly<
      Record<string, object>
    >;
    for (const structure of [pictures, grid(sizes, { from: "bottom-right" }), grid(sizes, { from: "top" })]) {
      const { output, final } = layer.apply(params as never, structure.pack(x), structure);
      expect(output.shape).toEqual([nodes, 4 * H]);
      expect(layer.features).toBe(4 * H);
      Object.entries(cells).forEach(([from, cell], k) => {
        const own = grid(sizes, { from: from as GridStart });
        const alone = unfold(cell as typeof lines.left, params[from] as never, { x: own.pack(x) }, own);
        const part = slice(structure.unpack(output), 1, k * H, (k + 1) * H);
        expect(difference(numbers(part), numbers(own.unpack(alone.output)))).toBeLessThan(1e-12);
        const ends = (final as Readonly<Record<string, { h: Value }>>)[from]!.h;
        expect(difference(numbers(ends), numbers(alone.final.h))).toBeLessThan(1e-12);
      });
    }
  });

  test("what an output sees: the whole grid from the corners, its row and its column from the sides", () => {
    const seen = (layer: { init: typeof four.init; apply: typeof four.apply }) => {
      const params = randomLike(layer.init(Key.of(2), "float64"), Key.of(3));
      // The node (1, 2) of the first grid is its node 6.
      const at = (xs: Value) =>
        sum(slice(pictures.unpack(layer.apply(params, pictures.pack(xs), pictures).output), 0, 6, 7));
      return rows(grad(at)(x)).map((row) => row.some((v) => v !== 0));
    };
    const four = sweeps(quadrants);
    expect(seen(four)).toEqual(Array.from({ length: nodes }, (_, n) => n < 12));
    const crossing = Array.from(
      { length: nodes },
      (_, n) => n < 12 && (Math.floor(n / 4) === 1 || n % 4 === 2),
    );
    expect(seen(sweeps(lines) as never)).toEqual(crossing);
  });

  test("states go on from those that were given; keys and derivatives reach every direction", () => {
    const layer = stacked([sweeps(quadrants), linear({ input: 4 * H, output: 1 })]);
    const params = layer.init(Key.of(2), "float64");
    const { first, second } = checkDerivatives(
      (p: { params: typeof params; x: Value }) =>
        sum(tanh(layer.apply(p.params, pictures.pack(p.x), pictures).output)),
      { params, x },
      { second: true },
    );
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-7);
    const one = sweeps({ "top-left": multidimensionalLstm({ input: I, hidden: H }) });
    const p = one.init(Key.of(2), "float64");
    const initial = { h: normals(Key.of(5), 3, H) };
    const begun = one.apply(p, pictures.pack(x), pictures, { initial: { "top-left": initial } });
    const cell = multidimensionalLstm({ input: I, hidden: H });
    const plain = unfold(cell, p["top-left"], { x: pictures.pack(x) }, pictures, { initial });
    expect(numbers(begun.output)).toEqual(numbers(plain.output));
  });

  test("forget gates start at 0, or where they are told to, one for each neighbour", () => {
    const biasOf = (forgetBias?: number) =>
      numbers(
        multidimensionalLstm({ input: 1, hidden: 2, ...(forgetBias !== undefined && { forgetBias }) }).init(
          Key.of(1),
        ).b,
      );
    expect(biasOf()).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(biasOf(2)).toEqual([2, 2, 2, 2, 0, 0, 0, 0, 0, 0]);
  });

  test("what is refused", () => {
    const cell = gru({ input: I, hidden: H });
    expect(() => sweeps({ middle: cell } as never)).toThrow(
      "sweeps: cells is a record of cells by where they begin (top-left, top-right, bottom-left, bottom-right, left, right, top, bottom)",
    );
    const layer = sweeps({ left: cell });
    expect(() => layer.apply(layer.init(Key.of(1)), zeros([3, I]), chain([3]))).toThrow(
      "sweeps: the structure is no grid; make one of the sizes with grid([[height, width], ...])",
    );
    expect(() => layer.stream(layer.init(Key.of(1)))).toThrow("stream sweeps: ");
  });
});

describe("gridConvolution", () => {
  test.each([1, 3, 5])("of size %d equals the sums written out, in grids of any size", (size) => {
    const layer = gridConvolution({ input: I, output: 4, size, activation: tanh });
    const params = randomLike(layer.init(Key.of(2), "float64"), Key.of(3));
    const [W, b] = [rows(params.W), numbers(params.b)];
    const reach = (size - 1) / 2;
    const plain = sizes.flatMap(([h, w], g) =>
      Array.from({ length: h * w }, (_, n) => {
        const [i, j] = [Math.floor(n / w), n % w];
        return b.map((bias, f) => {
          let total = bias;
          for (let u = -reach; u <= reach; u++)
            for (let v = -reach; v <= reach; v++) {
              if (i + u < 0 || j + v < 0 || i + u >= h || j + v >= w) continue;
              const seen = rows(x)[starts[g]! + (i + u) * w + j + v]!;
              const first = ((u + reach) * size + v + reach) * I;
              seen.forEach((value, c) => {
                total += value * W[first + c]![f]!;
              });
            }
          return Math.tanh(total);
        });
      }),
    );
    for (const structure of [pictures, grid(sizes, { from: "right" })]) {
      const { output } = layer.apply(params, structure.pack(x), structure);
      expect(difference(numbers(structure.unpack(output)), plain.flat())).toBeLessThan(1e-12);
    }
  });

  test("below recurrence, in a stack, with derivatives", () => {
    const net = stacked([
      gridConvolution({ input: I, output: 4, activation: tanh }),
      sweeps({ left: gru({ input: 4, hidden: H }), bottom: gru({ input: 4, hidden: H }) }),
    ]);
    const params = net.init(Key.of(2), "float64");
    const { first, second } = checkDerivatives(
      (p: { params: typeof params; x: Value }) => {
        const { output } = net.apply(p.params, pictures.pack(p.x), pictures);
        return sum(mul(output, output));
      },
      { params, x },
      { second: true },
    );
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-7);
  });
});
