import {
  afterWashout,
  cast,
  chain,
  concat,
  fedBack,
  freeRunning,
  gaussianOutput,
  Key,
  type ReservoirConfig,
  recurrent,
  reservoir,
  spectralRadius,
  unfold,
  zeros,
} from "longspan";
import { describe, expect, it } from "vitest";
import { difference, normals, numbers, product, rows, type Vector, zeroVector } from "./plain.js";

type Params = ReturnType<ReturnType<typeof reservoir>["init"]>;

/** The states of one sequence, by the equation in plain numbers. */
function states(
  { leak = 1, activation = "tanh" }: Partial<ReservoirConfig>,
  params: Params,
  x: Vector[],
): Vector[] {
  const [U, W, b] = [rows(params.U), rows(params.W), numbers(params.b)];
  let h = zeroVector(b.length);
  return x.map((now) => {
    h = h.map((old, i) => {
      const a = b[i]! + product(h, W, i) + product(now, U, i);
      return (1 - leak) * old + leak * (activation === "tanh" ? Math.tanh(a) : a);
    });
    return h;
  });
}

const wirings = ["sparse", "ring", "orthogonal"] as const;

describe("reservoir", () => {
  for (const wiring of wirings)
    for (const activation of ["tanh", "linear"] as const)
      it(`of ${activation} units, ${wiring}, has the states of its equation over ragged sequences`, () => {
        const config = { input: 2, hidden: 12, wiring, activation, radius: 0.8, leak: 0.3, bias: 0.4 };
        const cell = reservoir(config);
        const params = cell.init(Key.of(1), "float64");
        const structure = chain([3, 7]);
        const given = normals(Key.of(2), 10, 2);
        const { output } = unfold(cell, params, { x: structure.pack(given) }, structure);
        const x = rows(given);
        const expected = [states(config, params, x.slice(0, 3)), states(config, params, x.slice(3))];
        expect(difference(numbers(structure.unpack(output)), expected.flat(2))).toBeLessThan(1e-14);
      });

  for (const wiring of wirings)
    for (const radius of [0.5, 1.7])
      it(`has the spectral radius ${radius}, ${wiring}`, () => {
        const cell = reservoir({
          input: 1,
          hidden: 40,
          wiring,
          radius,
          ...(wiring === "sparse" ? { nonZeros: 5 } : {}),
        });
        const { W } = cell.init(Key.of(3), "float64");
        expect(Math.abs(spectralRadius(numbers(W), 40) / radius - 1)).toBeLessThan(1e-9);
      });

  it("reads, ring by ring, the unit before", () => {
    const W = rows(reservoir({ input: 1, hidden: 3, wiring: "ring", radius: 0.5 }).init(Key.of(1)).W);
    expect(W).toEqual([
      [0, 0.5, 0],
      [0, 0, 0.5],
      [0.5, 0, 0],
    ]);
  });

  it("draws the weights of the input within their scales, and biases within theirs", () => {
    const cell = reservoir({ input: 2, hidden: 400, inputScale: [0.5, 3], bias: 0.2, nonZeros: 2 });
    const { U, b } = cell.init(Key.of(4), "float64");
    const [first, second] = rows(U) as [Vector, Vector];
    for (const [drawn, limit] of [
      [first, 0.5],
      [second, 3],
      [numbers(b), 0.2],
    ] as const) {
      const largest = Math.max(...drawn.map(Math.abs));
      expect(largest).toBeLessThanOrEqual(limit);
      expect(largest).toBeGreaterThan(0.98 * limit);
      expect(Math.abs(drawn.reduce((a, v) => a + v, 0) / 400)).toBeLessThan(0.1 * limit);
    }
  });

  it("adds noise of the size that was asked for, from the key", () => {
    const sizes = { input: 1, hidden: 500, radius: 0.001, nonZeros: 1 };
    const cell = reservoir({ ...sizes, noise: 0.1, activation: "linear" });
    const params = cell.init(Key.of(1), "float64");
    const run = (key: Key) =>
      numbers(unfold(cell, params, { x: zeros([20, 1], "float64") }, chain([20]), { key }).output);
    const noise = run(Key.of(2));
    expect(Math.abs(Math.sqrt(noise.reduce((a, v) => a + v * v, 0) / noise.length) - 0.1)).toBeLessThan(
      0.003,
    );
    expect(run(Key.of(2))).toEqual(noise);
    expect(run(Key.of(3))).not.toEqual(noise);
    const still = reservoir({ ...sizes, activation: "linear" });
    expect(numbers(still.init(Key.of(1), "float64").W)).toEqual(numbers(params.W));
  });

  it("goes on step by step as over the whole sequence", () => {
    for (const dtype of ["float32", "float64"] as const) {
      const layer = recurrent(reservoir({ input: 1, hidden: 30, leak: 0.7, bias: 0.1 }));
      const params = layer.init(Key.of(1), dtype);
      const x = normals(Key.of(2), 9, 1);
      const whole = numbers(layer.apply(params, cast(x, dtype), chain([9])).output);
      const stream = layer.stream(params);
      const steps = numbers(x).flatMap((v) => Array.from(stream.step(v)));
      expect(difference(steps, whole)).toBeLessThan(dtype === "float32" ? 1e-6 : 1e-15);
      stream.dispose();
    }
  });

  it("runs free on what the readout gives, from where teacher forcing ended", () => {
    const inner = reservoir({ input: 2, hidden: 15, inputScale: [0.5, 0.1] });
    const own = inner.init(Key.of(1), "float64");
    const readout = { V: normals(Key.of(2), 15, 1), c: normals(Key.of(3), 1) };
    const [truth, context] = [normals(Key.of(4), 6, 1), normals(Key.of(5), 6, 1)];
    const forced = unfold(inner, own, { x: concat([truth, context]) }, chain([6]));

    const cell = fedBack({
      cell: inner,
      output: gaussianOutput({ features: 1, scale: 1 }),
      regime: freeRunning({ feed: "mean" }),
    });
    const further = normals(Key.of(6), 4, 1);
    const start = normals(Key.of(7), 1, 1);
    const x = concat([start, zeros([3, 1], "float64")], 0);
    const free = unfold(cell, { cell: own, readout } as never, { x, context: further } as never, chain([4]), {
      initial: { h: forced.final.h } as never,
    });

    const [U, W, b] = [rows(own.U), rows(own.W), numbers(own.b)];
    let h = numbers(forced.final.h);
    let y = numbers(start)[0]!;
    const expected = numbers(further).map((u) => {
      h = h.map((_, i) => Math.tanh(b[i]! + product(h, W, i) + y * U[0]![i]! + u * U[1]![i]!));
      y = numbers(readout.c)[0]! + product(h, rows(readout.V), 0);
      return y;
    });
    expect(difference(numbers(free.output as never), expected)).toBeLessThan(1e-13);
  });

  it("says what is wrong with its settings", () => {
    const make = (config: object) => () => reservoir({ input: 2, hidden: 4, ...config });
    expect(make({ nonZeros: 5 })).toThrow(
      new RangeError("reservoir: nonZeros is at most 4, the units that there are to read, got 5"),
    );
    expect(make({ wiring: "ring", nonZeros: 1 })).toThrow(
      new RangeError(
        "reservoir: nonZeros is 1, but the wiring is ring, which says by itself how many units each reads; leave it out",
      ),
    );
    expect(make({ inputScale: [1] })).toThrow(
      "reservoir: inputScale has 1 entries for 2 features of x; it has one for each",
    );
    expect(make({ inputScale: [1, -1] })).toThrow(
      "reservoir: inputScale is a number of at least 0, or a list with one for each feature of x, got",
    );
    expect(make({ radius: 0 })).toThrow("reservoir: radius is a finite positive number, got 0");
    expect(make({ leak: 0 })).toThrow("reservoir: leak is a number in (0, 1], got 0");
  });
});

describe("afterWashout", () => {
  it("gives the rows after the first steps, sequence after sequence", () => {
    const structure = chain([3, 5, 4]);
    const step = structure.pack(normals(Key.of(1), 12, 1));
    const all = numbers(structure.unpack(step));
    const chosen = Array.from(afterWashout(structure, 2), (row) => numbers(step)[row]);
    expect(chosen).toEqual([all[2], all[5], all[6], all[7], all[10], all[11]]);
    expect(Array.from(afterWashout(chain([2]), 0))).toEqual([0, 1]);
  });

  it("names a sequence that has nothing left", () => {
    expect(() => afterWashout(chain([9, 4]), 4)).toThrow(
      new RangeError(
        "afterWashout: sequence 1 has 4 steps, expected more than the washout, 4, since nothing is left of it to fit a readout on; wash out fewer steps, or leave the sequence out",
      ),
    );
  });
});
