import {
  chain,
  fromArray,
  Key,
  lstm,
  onCpu,
  type ParamSpec,
  pascanuRnn,
  recurrent,
  rnn,
  sequenceModel,
  sparseInit,
  spectralRadius,
  sutskeverRnn,
  sutskeverStart,
  type Tensor,
} from "longspan";
import { describe, expect, it } from "vitest";

const numbers = (t: unknown) => [...onCpu(t as Tensor).toArray()];
const drawn = (spec: ParamSpec, seed: number) =>
  numbers(spec.initialise(Key.of(seed), spec.shape, "float64"));

/** The growth per step of |W^n v| over many steps, which is the spectral radius. */
function growth(W: readonly number[], n: number): number {
  let v = Array.from({ length: n }, (_, i) => Math.cos(i));
  let [log, steps] = [0, 0];
  for (let k = 0; k < 6000; k++) {
    v = v.map((_, i) => v.reduce((a, x, j) => a + W[i * n + j]! * x, 0));
    const norm = Math.hypot(...v);
    v = v.map((x) => x / norm);
    // The beginning, until the largest eigenvalues have won, is left out.
    if (k >= 1000) [log, steps] = [log + Math.log(norm), steps + 1];
  }
  return Math.exp(log / steps);
}

describe("sparse start", () => {
  it("each unit reads so many others, with the spectral radius asked for", () => {
    for (const [seed, radius, nonZeros] of [
      [1, 0.95, 15],
      [2, 1.1, 4],
    ] as const) {
      const W = drawn(sparseInit(30, { radius, nonZeros }), seed);
      for (let unit = 0; unit < 30; unit++)
        expect(W.filter((w, i) => i % 30 === unit && w !== 0).length).toBe(nonZeros);
      expect(Math.abs(growth(W, 30) / radius - 1)).toBeLessThan(1e-3);
      expect(spectralRadius(W, 30)).toBeCloseTo(radius, 12);
    }
  });

  it("of one unit is the radius or its negative; of a few units with one entry each, too, it has the radius", () => {
    expect(Math.abs(drawn(sparseInit(1), 1)[0]!)).toBeCloseTo(0.95, 12);
    for (let seed = 0; seed < 40; seed++)
      expect(growth(drawn(sparseInit(3, { nonZeros: 1, radius: 2 }), seed), 3)).toBeCloseTo(2, 2);
  });

  it("other units, other entries: places are drawn evenly", () => {
    const found = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 200; seed++)
      for (const [i, w] of drawn(sparseInit(10, { nonZeros: 3 }), seed).entries())
        if (w !== 0) found[Math.floor(i / 10)]! += 1;
    // Each of ten rows has three tenths of the 2,000 columns.
    for (const n of found) expect(Math.abs(n - 600)).toBeLessThan(5 * Math.sqrt(600 * 0.7));
  });

  it("refuses settings that make no sense", () => {
    expect(() => sparseInit(4, { nonZeros: 5 })).toThrow(
      "sparseInit: nonZeros is at most 4, the units that there are to read, got 5",
    );
    expect(() => sparseInit(4, { radius: 0 })).toThrow(
      "sparseInit: radius is a finite positive number, got 0",
    );
    expect(() => sparseInit(0)).toThrow("sparseInit: hidden is a positive integer, got 0");
  });
});

describe("the networks of Pascanu et al.", () => {
  const deviation = (t: unknown) => {
    const values = numbers(t);
    return Math.sqrt(values.reduce((a, v) => a + v * v, 0) / values.length);
  };

  it.each([
    ["sigmoid", 0.01, 0.01],
    ["basic_tanh", 0.1, 0.1],
    ["smart_tanh", 0.01, null],
  ] as const)("%s starts with its deviations", (start, outer, inner) => {
    const { layer, readout } = pascanuRnn({ input: 40, output: 40, start }).init(Key.of(1), "float64");
    for (const t of [layer.U, readout.W]) expect(deviation(t) / outer).toBeCloseTo(1, 1);
    if (inner !== null) expect(deviation(layer.W) / inner).toBeCloseTo(1, 1);
    else expect(numbers(layer.W).filter((w) => w !== 0).length).toBe(50 * 15);
    for (const b of [layer.b, readout.b]) expect(numbers(b).every((x) => x === 0)).toBe(true);
  });

  it("compute what the equations say", () => {
    for (const start of ["sigmoid", "basic_tanh"] as const) {
      const s = start === "sigmoid" ? (a: number) => 1 / (1 + Math.exp(-a)) : Math.tanh;
      const model = pascanuRnn({ input: 1, output: 1, hidden: 1, start });
      const params = model.init(Key.of(3), "float64");
      const [u, w, v] = [params.layer.U, params.layer.W, params.readout.W].map((t) => numbers(t)[0]!);
      const x = fromArray([2, -1], [2, 1], "float64");
      const { output } = model.apply(params, x, chain([2]), { rows: Int32Array.of(1) });
      expect(numbers(output)[0]).toBeCloseTo(v! * s(-u! + w! * s(2 * u!)), 12);
    }
  });

  it("another start is refused", () => {
    expect(() => pascanuRnn({ input: 1, output: 1, start: "tanh" as "sigmoid" })).toThrow(
      'pascanuRnn: start is one of sigmoid, basic_tanh, smart_tanh, got "tanh"',
    );
  });
});

describe("the networks of Sutskever et al.", () => {
  const deviation = (values: readonly number[]) =>
    Math.sqrt(values.reduce((a, v) => a + v * v, 0) / values.length);

  it("start sparse, with the scales and the spectral radius asked for", () => {
    for (const [config, scale, radius, readoutScale] of [
      [{}, 0.001, 1.1, 0.1],
      [{ radius: 1.2, inputScale: 0.1, outputScale: 0.01 }, 0.1, 1.2, 0.01],
    ] as const) {
      const { layer, readout } = sutskeverRnn({ input: 20, output: 20, ...config }).init(
        Key.of(1),
        "float64",
      );
      expect(layer.W.shape).toEqual([100, 100]);
      const W = numbers(layer.W);
      for (let unit = 0; unit < 100; unit++)
        expect(W.filter((w, i) => i % 100 === unit && w !== 0).length).toBe(15);
      expect(spectralRadius(W, 100) / radius).toBeCloseTo(1, 4);
      expect(deviation(numbers(layer.U)) / scale).toBeCloseTo(1, 1);
      expect(deviation(numbers(readout.W)) / readoutScale).toBeCloseTo(1, 1);
      for (const b of [layer.b, readout.b]) expect(numbers(b).every((x) => x === 0)).toBe(true);
    }
  });

  it("the start fits the cell by itself, also with fewer units than entries", () => {
    const cell = rnn({ input: 3, hidden: 8, ...sutskeverStart({ input: 3, hidden: 8 }) });
    expect(numbers(cell.init(Key.of(1)).W).every((w) => w !== 0)).toBe(true);
    const few = sutskeverStart({ input: 3, hidden: 8, nonZeros: 2 });
    expect(drawn(few.W, 1).filter((w) => w !== 0).length).toBe(16);
    expect(few.U.shape).toEqual([3, 8]);
  });

  it("refuse scales that are none", () => {
    expect(() => sutskeverRnn({ input: 1, output: 1, inputScale: 0 })).toThrow(
      "sutskeverRnn: inputScale is a finite positive number, got 0",
    );
    expect(() => sutskeverRnn({ input: 1, output: 1, radius: -1 })).toThrow(
      "sutskeverRnn: radius is a finite positive number, got -1",
    );
  });
});

describe("sequence model", () => {
  const model = sequenceModel({ layer: recurrent(lstm({ input: 2, hidden: 3 })), features: 3, output: 2 });
  const params = model.init(Key.of(1), "float64");
  const x = fromArray(
    Float64Array.from({ length: 14 }, (_, i) => Math.sin(i)),
    [7, 2],
    "float64",
  );
  const structure = chain([3, 4]);
  const all = numbers(model.apply(params, x, structure).output);

  it("answers at the rows asked for, in their order, wherever they lie", () => {
    for (const rows of [[4, 6], [5, 6], [6, 4], [0], [2, 2], [0, 1, 2, 3, 4, 5, 6], []]) {
      const found = numbers(model.apply(params, x, structure, { rows: Int32Array.from(rows) }).output);
      expect(found).toEqual(rows.flatMap((row) => all.slice(2 * row, 2 * row + 2)));
    }
  });

  it("a start of another shape is refused, of readout and of input weights", () => {
    const layer = recurrent(lstm({ input: 2, hidden: 3 }));
    expect(() => sequenceModel({ layer, features: 3, output: 2, readout: sparseInit(3) })).toThrow(
      "linear: W is [3, 3], expected [3, 2]: [input, output]",
    );
    expect(() => rnn({ input: 1, hidden: 2, U: sparseInit(2) })).toThrow(
      "rnn: U is [2, 2], expected [1, 2]: [input, hidden]",
    );
  });
});
