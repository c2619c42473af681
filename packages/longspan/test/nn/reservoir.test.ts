import {
  adamW,
  afterWashout,
  applyUpdates,
  cast,
  chain,
  checkDerivatives,
  concat,
  deepReservoir,
  fedBack,
  freeRunning,
  fromArray,
  gaussianOutput,
  groupedReservoir,
  Key,
  lyapunovExponents,
  mul,
  type ReservoirConfig,
  recurrent,
  reservoir,
  spectralRadius,
  sum,
  type Tensor,
  tensor,
  unfold,
  type Value,
  valueAndGrad,
  withSpectralRadius,
  zeros,
} from "longspan";
import { describe, expect, it } from "vitest";
import {
  difference,
  type Matrix,
  normals,
  numbers,
  product,
  rows,
  type Vector,
  zeroVector,
} from "./plain.js";

type Params = ReturnType<ReturnType<typeof reservoir>["init"]>;

/** The recurrent matrix with its zeros. */
function dense({ W }: Params): Matrix {
  if (!("values" in W)) return rows(W);
  const [values, from] = [rows(W.values), rows(W.from)];
  const n = values[0]!.length;
  const whole = Array.from({ length: n }, () => zeroVector(n));
  values.forEach((line, k) => {
    line.forEach((v, j) => {
      whole[from[k]![j]!]![j]! += v;
    });
  });
  return whole;
}

/** The states of one sequence, by the equation in plain numbers. */
function states(
  { leak = 1, activation = "tanh" }: Partial<ReservoirConfig>,
  params: Params,
  x: Vector[],
): Vector[] {
  const [U, W, b] = [rows(params.U), dense(params), numbers(params.b)];
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
        const W = dense(cell.init(Key.of(3), "float64"));
        expect(Math.abs(spectralRadius(W.flat(), 40) / radius - 1)).toBeLessThan(1e-9);
      });

  it("reads, ring by ring, the unit before", () => {
    const W = dense(reservoir({ input: 1, hidden: 3, wiring: "ring", radius: 0.5 }).init(Key.of(1)));
    expect(W).toEqual([
      [0, 0.5, 0],
      [0, 0, 0.5],
      [0.5, 0, 0],
    ]);
  });

  it("has units that each read as many others as they are to", () => {
    const { W } = reservoir({ input: 1, hidden: 30, nonZeros: 7 }).init(Key.of(5));
    const from = rows((W as { from: Tensor }).from);
    expect(from.length).toBe(7);
    for (let unit = 0; unit < 30; unit++) expect(new Set(from.map((line) => line[unit])).size).toBe(7);
  });

  it("has a dense matrix where every unit reads all", () => {
    const { W } = reservoir({ input: 1, hidden: 30, nonZeros: 30, radius: 1.2 }).init(Key.of(5), "float64");
    expect(W).toHaveProperty("shape", [30, 30]);
    expect(Math.abs(spectralRadius(numbers(W as Tensor), 30) / 1.2 - 1)).toBeLessThan(1e-9);
  });

  it("is trained further: the gradient is that of the entries that are there, and steps leave their places as they are", () => {
    const cell = reservoir({ input: 2, hidden: 12, nonZeros: 3, leak: 0.6, bias: 0.3 });
    const params = cell.init(Key.of(1), "float64");
    const structure = chain([5, 0, 9]);
    const x = normals(Key.of(2), 14, 2);
    const weights = normals(Key.of(3), 14, 12);
    const loss = (p: Params) => sum(mul(weights, unfold(cell, p, { x }, structure).output));
    const { first, second } = checkDerivatives(loss, params, { second: true });
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-6);
    const { grads } = valueAndGrad(loss)(params);
    const optimiser = adamW({ learningRate: 0.01, weightDecay: 0.1 });
    const { updates } = optimiser.update(grads, optimiser.init(params), params);
    const next = applyUpdates(params, updates);
    const [before, after] = [params.W, next.W] as { values: Tensor; from: Tensor }[];
    expect(numbers(after!.from)).toEqual(numbers(before!.from));
    expect(difference(numbers(after!.values), numbers(before!.values))).toBeGreaterThan(1e-3);
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
    expect(dense(still.init(Key.of(1), "float64"))).toEqual(dense(params));
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

    const [U, W, b] = [rows(own.U), dense(own), numbers(own.b)];
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

describe("reservoirs of several", () => {
  const parts = [
    { hidden: 6, nonZeros: 3 },
    { hidden: 5, wiring: "ring", leak: 0.4, bias: 0.2 },
  ] as const;
  const x = normals(Key.of(2), 9, 2);

  it("are those of the parts, one after the other: each reads the state before it", () => {
    const cell = deepReservoir({ input: 2, parts });
    const params = cell.init(Key.of(1), "float64");
    const first = states(parts[0], params[0]! as Params, rows(x));
    const second = states(parts[1], params[1]! as Params, first);
    const { output, final } = unfold(cell, params, { x }, chain([9]));
    expect(
      difference(
        numbers(output),
        first.flatMap((h, t) => [...h, ...second[t]!]),
      ),
    ).toBeLessThan(1e-14);
    expect(difference(numbers(final.h1!), second[8]!)).toBeLessThan(1e-14);
  });

  it("are those of the parts, side by side: all read x, and are drawn apart", () => {
    const cell = groupedReservoir({ input: 2, parts: [parts[0], parts[0], parts[1]] });
    const params = cell.init(Key.of(1), "float64");
    const each = [0, 1, 2].map((g) => states(parts[g === 2 ? 1 : 0], params[g]! as Params, rows(x)));
    const { output } = unfold(cell, params, { x }, chain([9]));
    expect(
      difference(
        numbers(output),
        each[0]!.flatMap((_, t) => each.flatMap((of) => of[t]!)),
      ),
    ).toBeLessThan(1e-14);
    expect(difference(each[0]!.flat(), each[1]!.flat())).toBeGreaterThan(0.1);
  });

  it("say what is wrong with a part", () => {
    expect(() => deepReservoir({ input: 1, parts: [] })).toThrow(
      "deepReservoir: parts is a list of one or more",
    );
    expect(() => groupedReservoir({ input: 1, parts: [{ hidden: 3, leak: 2 }] })).toThrow(
      "reservoir: leak is a number in (0, 1], got 2",
    );
  });
});

describe("the echo state property", () => {
  const steps = 250;
  const x = mul(normals(Key.of(1), steps, 1), 0.2);

  /** The largest Lyapunov exponent, and how far two runs from different starts are apart at the end. */
  async function forgetting(radius: number): Promise<{ exponent: number; apart: number }> {
    const cell = reservoir({ input: 1, hidden: 50, radius });
    const params = cell.init(Key.of(2), "float64");
    const structure = chain([steps]);
    const [exponent] = await lyapunovExponents(cell, params, { x }, structure, { count: 1, settle: 50 });
    const end = (h: Value) => numbers(unfold(cell, params, { x }, structure, { initial: { h } }).final.h);
    const [one, other] = [end(zeros([1, 50], "float64")), end(normals(Key.of(5), 1, 50))];
    return { exponent: exponent!, apart: difference(one, other) };
  }

  it("holds below a radius, where the largest exponent is below 0, and is lost above, where it is above 0", async () => {
    for (const radius of [0.5, 0.9]) {
      const { exponent, apart } = await forgetting(radius);
      expect(exponent).toBeLessThan(-0.05);
      expect(apart).toBeLessThan(1e-12);
    }
    const { exponent, apart } = await forgetting(2);
    expect(exponent).toBeGreaterThan(0.05);
    expect(apart).toBeGreaterThan(0.5);
  });
});

describe("withSpectralRadius", () => {
  it("scales a matrix, or a sparse one, to a radius below and above 1", () => {
    const W = normals(Key.of(1), 20, 20);
    expect(spectralRadius(numbers(withSpectralRadius(W, 1.3)), 20)).toBeCloseTo(1.3, 12);
    const { values, from } = withSpectralRadius(
      {
        values: normals(Key.of(2), 4, 250),
        from: fromArray(
          Array.from({ length: 1000 }, (_, q) => (q * q * 7 + q) % 250),
          [4, 250],
          "int32",
        ),
      },
      0.7,
    );
    const whole = new Float64Array(250 * 250);
    numbers(values).forEach((v, q) => {
      whole[numbers(from)[q]! * 250 + (q % 250)]! += v;
    });
    expect(Math.abs(spectralRadius(whole, 250) / 0.7 - 1)).toBeLessThan(1e-9);
  });

  it("says that a matrix of zeros, or a nilpotent one, has no scale", () => {
    const zero = tensor([
      [0, 0],
      [0, 0],
    ]);
    expect(() => withSpectralRadius(zero, 0.9)).toThrow(
      new RangeError(
        "withSpectralRadius: W has the spectral radius 0, so no factor gives it 0.9: all its entries are 0; let some unit hear of itself, by way of others",
      ),
    );
    // A line of units, in any order; and the same one in other coordinates.
    const line = tensor([
      [0, 0, 3],
      [0, 0, 0],
      [0, 5, 0],
    ]);
    const nilpotent =
      "so no factor gives it 0.9: it is nilpotent, and what enters is gone after 3 steps or fewer; let some unit hear of itself, by way of others";
    expect(() => withSpectralRadius(line, 0.9)).toThrow(
      new RangeError(`withSpectralRadius: W has the spectral radius 0, ${nilpotent}`),
    );
    const sparse = { values: tensor([[3, 5, 2]]), from: tensor([[1, 2, 2]], "int32") };
    expect(() => withSpectralRadius({ ...sparse, values: tensor([[3, 5, 0]]) }, 0.9)).toThrow(
      new RangeError(`withSpectralRadius: W has the spectral radius 0, ${nilpotent}`),
    );
    expect(numbers(withSpectralRadius(sparse, 1).values)).toEqual([1.5, 2.5, 1]);
    const turned = tensor(
      [
        [1, -1],
        [1, -1],
      ],
      "float64",
    );
    expect(() => withSpectralRadius(turned, 0.9)).toThrow("withSpectralRadius: W has the spectral radius 0");
  });

  it("says that a matrix is to be square", () => {
    expect(() => withSpectralRadius(tensor([[1, 2]]), 1)).toThrow(
      "withSpectralRadius: W is [1, 2], expected a square matrix [n, n], or entries [nonZeros, n] and the row of each",
    );
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
