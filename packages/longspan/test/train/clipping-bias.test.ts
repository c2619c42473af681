import {
  chain,
  clippingBias,
  Key,
  linear,
  lstm,
  matmul,
  mul,
  normal,
  recurrent,
  reshape,
  square,
  sub,
  sum,
  type Tensor,
  type Traceable,
  tensor,
  type Value,
} from "longspan";
import { describe, expect, it } from "vitest";

const degrees = (radians: number) => (radians * 180) / Math.PI;

describe("by hand: losses whose gradients are the rows of the batch", () => {
  const losses = (p: { w: Value }, rows: Value) => sum(mul(rows, p.w), 1);
  const params = { w: tensor([0, 0]) };
  const measure = (batches: number[][][], threshold: number) =>
    clippingBias(
      losses,
      params,
      batches.map((b) => tensor(b)),
      { threshold },
    );

  it("angle, lengths and losses", async () => {
    // Minibatch means [6, 0] and [0, 1.5], v = 3: factors 1/2 and 1.
    const bias = await measure(
      [
        [
          [11, 0],
          [1, 0],
        ],
        [
          [0, 2],
          [0, 1],
        ],
      ],
      3,
    );
    expect([bias.examples, bias.minibatches, bias.clippedMinibatches]).toEqual([4, 2, 1]);
    // The full gradient is [3, 0.75], the clipped mean [1.5, 0.75].
    const full = Math.hypot(3, 0.75);
    expect(bias.fullNorm).toBeCloseTo(full, 6);
    expect(bias.clippedFull.angle).toBe(0);
    expect(bias.clippedFull.length).toBeCloseTo(3 / full, 6);
    expect(bias.clippedMean.angle).toBeCloseTo(degrees(Math.atan2(1, 2) - Math.atan2(1, 4)), 5);
    expect(bias.clippedMean.length).toBeCloseTo(Math.hypot(1.5, 0.75) / full, 6);
    expect(bias.clippedMean.lengthToClippedFull).toBeCloseTo(Math.hypot(1.5, 0.75) / 3, 6);
    // One by one: [3, 0], [1, 0], [0, 2], [0, 1].
    expect(bias.perExample.angle).toBeCloseTo(degrees(Math.atan2(3, 4) - Math.atan2(1, 4)), 5);
    expect(bias.perExample.length).toBeCloseTo(Math.hypot(1, 0.75) / full, 6);
    // The first example is large; the second shares its minibatch and loses as much. The others lose nothing.
    expect(bias.large).toEqual({ examples: 1, lost: expect.closeTo(0.5, 6) });
    expect(bias.bystanders).toEqual({ examples: 1, lost: expect.closeTo(0.5, 6) });
  });

  it("a large example whose minibatch cancels it is not clipped, and loses nothing", async () => {
    const bias = await measure(
      [
        [
          [5, 0],
          [-5, 1],
        ],
      ],
      1,
    );
    expect(bias.clippedMean).toEqual({ angle: 0, length: 1, lengthToClippedFull: 1 });
    expect(bias.large).toEqual({ examples: 2, lost: 0 });
    expect(bias.perExample.angle).toBeGreaterThan(1);
  });

  it("weights minibatches by their examples", async () => {
    const bias = await measure(
      [
        [[4, 0]],
        [
          [0, 1],
          [0, 1],
          [0, 1],
        ],
      ],
      1,
    );
    // Full [1, 0.75]; clipped mean [0.25, 0.75].
    expect(bias.clippedMean.length).toBeCloseTo(Math.hypot(0.25, 0.75) / 1.25, 6);
    expect(bias.clippedMean.angle).toBeCloseTo(degrees(Math.atan2(3, 1) - Math.atan2(3, 4)), 5);
  });

  it("says what it cannot measure", async () => {
    await expect(measure([[[1, 0]]], 0)).rejects.toThrow(
      "clippingBias: threshold is a positive number, got 0",
    );
    await expect(measure([], 1)).rejects.toThrow("clippingBias: batches holds at least one, got none");
    const still = await measure([[[1, 0]], [[-1, 0]]], 0.5);
    expect([still.fullNorm, still.clippedMean.angle]).toEqual([0, Number.NaN]);
  });
});

describe("an LSTM on 1,000 sequences in 50 minibatches", () => {
  const [size, T, I, H] = [20, 6, 3, 5];
  const structure = chain(Array.from({ length: size }, (_, i) => T - (i % 3)));
  const layer = recurrent(lstm({ input: I, hidden: H }));
  const readout = linear({ input: H, output: 1 });
  const params = {
    layer: layer.init(Key.of(1), "float64"),
    readout: readout.init(Key.of(2), "float64"),
  };
  interface Batch {
    readonly x: Tensor;
    readonly y: Tensor;
  }
  const batches = Array.from({ length: 50 }, (_, k): Batch => {
    const key = Key.of(3).fold(k);
    // A fifth of the minibatches holds targets ten times as large.
    return {
      x: normal(key.fold(0), [structure.nodes, I], "float64"),
      y: mul(normal(key.fold(1), [size], "float64"), k % 5 === 0 ? 10 : 1),
    };
  });
  const losses = (p: Traceable<typeof params>, { x, y }: Batch) => {
    const { final } = layer.apply(p.layer, x, structure);
    return square(sub(reshape(readout.apply(p.readout, (final as { h: Value }).h), [size]), y));
  };

  it("without clipping the angle is 0 and the lengths are equal, to 1e-12", async () => {
    const bias = await clippingBias(losses, params, batches, { threshold: Infinity });
    expect([bias.examples, bias.minibatches, bias.clippedMinibatches]).toEqual([1000, 50, 0]);
    for (const { angle, length } of [bias.clippedFull, bias.clippedMean, bias.perExample]) {
      expect(angle).toBeLessThan(1e-12);
      expect(Math.abs(length - 1)).toBeLessThan(1e-12);
    }
    expect(bias.large).toEqual({ examples: 0, lost: 0 });
    expect(bias.bystanders).toEqual({ examples: 0, lost: 0 });
  });

  it("with clipping, the mean is shorter and turned, and bystanders lose", async () => {
    const bias = await clippingBias(losses, params, batches, { threshold: 1 });
    expect(bias.clippedMinibatches).toBeGreaterThan(5);
    expect(bias.clippedMinibatches).toBeLessThan(45);
    expect(bias.clippedMean.angle).toBeGreaterThan(1);
    expect(bias.clippedMean.length).toBeLessThan(0.9);
    expect(bias.large.lost).toBeGreaterThan(0.2);
    expect(bias.bystanders.examples).toBeGreaterThan(10);
    expect(bias.bystanders.lost).toBeGreaterThan(0.2);
  });
});

it("is measured on whatever the loss is made of", async () => {
  const losses = (p: { W: Value }, x: Value) => sum(square(matmul(x, p.W)), 1);
  const { clippedMean } = await clippingBias(
    losses,
    { W: normal(Key.of(1), [3, 2]) },
    [normal(Key.of(2), [8, 3]), normal(Key.of(3), [4, 3])],
    { threshold: 0.01 },
  );
  expect(clippedMean.length).toBeLessThan(0.5);
});
