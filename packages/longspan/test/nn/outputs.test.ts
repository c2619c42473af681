import {
  bernoulliOutput,
  categoricalOutput,
  gaussianOutput,
  Key,
  mixtureOf,
  mixtureOutput,
  mul,
  type OutputDistribution,
  ones,
  tensor,
  uniform,
  type Value,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, numbers, rows } from "./plain.js";

const many = 40000;

/** Draws of one row of outputs, as rows. */
function draws(output: OutputDistribution, o: readonly number[]): number[][] {
  const repeated = mul(ones([many, 1]), tensor([o]));
  return rows(output.sample(repeated, uniform(Key.of(3), [many, output.uniforms])) as never);
}
const meanOf = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
const varianceOf = (list: readonly number[]) => meanOf(list.map((v) => v * v)) - meanOf(list) ** 2;
const one = (v: Value) => [...numbers(v)];

describe("output distributions", () => {
  test("categorical: draws as often as the softmax says; mean, mode and encoding", () => {
    const output = categoricalOutput({ classes: 4 });
    const weights = [0.1, 0.4, 0.2, 0.3];
    const o = weights.map((w) => Math.log(w) + 2);
    const drawn = draws(output, o);
    expect(
      drawn.every(
        (row) => row.filter((v) => v === 1).length === 1 && row.filter((v) => v === 0).length === 3,
      ),
    ).toBe(true);
    for (const [c, w] of weights.entries())
      expect(Math.abs(meanOf(drawn.map((row) => row[c]!)) - w)).toBeLessThan(0.01);
    expect(difference(one(output.mean(tensor(o, "float64"))), weights)).toBeLessThan(1e-14);
    expect(one(output.mode(tensor(o)))).toEqual([0, 1, 0, 0]);
    expect(one(output.encode(tensor([2, 0], "int32")))).toEqual([0, 0, 1, 0, 1, 0, 0, 0]);
    // A class of no probability is not drawn, whatever the number.
    const none = output.sample(tensor([[0, -Infinity, 0, 0]]), tensor([[0]]));
    expect(one(none)).toEqual([1, 0, 0, 0]);
  });

  test("Bernoulli", () => {
    const output = bernoulliOutput({ features: 2 });
    const drawn = draws(output, [0, Math.log(4)]);
    expect(Math.abs(meanOf(drawn.map(([a]) => a!)) - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(meanOf(drawn.map(([, b]) => b!)) - 0.8)).toBeLessThan(0.01);
    expect(one(output.mode(tensor([-1, 1])))).toEqual([0, 1]);
    const loss = output.lossPerRow(tensor([[0, Math.log(4)]]), tensor([[1, 0]]));
    expect(one(loss)[0]).toBeCloseTo(-Math.log(0.5 * 0.2), 5);
  });

  test("Gaussian, with a learned width and with a fixed one", () => {
    const output = gaussianOutput({ features: 2 });
    const drawn = draws(output, [1, -2, Math.log(4), 0]);
    expect(Math.abs(meanOf(drawn.map(([a]) => a!)) - 1)).toBeLessThan(0.04);
    expect(Math.abs(varianceOf(drawn.map(([a]) => a!)) - 4)).toBeLessThan(0.12);
    expect(Math.abs(varianceOf(drawn.map(([, b]) => b!)) - 1)).toBeLessThan(0.03);
    const fixed = gaussianOutput({ features: 1, scale: 0.5 });
    expect(fixed.outputs).toBe(1);
    expect(Math.abs(varianceOf(draws(fixed, [3]).map(([a]) => a!)) - 0.25)).toBeLessThan(0.01);
    const loss = fixed.lossPerRow(tensor([[3]]), tensor([[4]]));
    expect(one(loss)[0]).toBeCloseTo(2 + Math.log(0.5) + Math.log(2 * Math.PI) / 2, 5);
  });

  test("mixture: weights, means, widths and correlations of draws", () => {
    const sizes = { components: 2, features: 2, correlated: true };
    const output = mixtureOutput(sizes);
    const logits = [Math.log(0.25), Math.log(0.75)];
    const means = [-8, 0, 8, 1];
    const logScales = [0, 0, Math.log(2), 0];
    const o = [...logits, ...means, ...logScales, 0, Math.atanh(-0.8)];
    const drawn = draws(output, o);
    const right = drawn.filter(([a]) => a! > 0);
    expect(Math.abs(right.length / many - 0.75)).toBeLessThan(0.01);
    const [a, b] = [0, 1].map((d) => right.map((row) => row[d]!)) as [number[], number[]];
    expect(Math.abs(meanOf(a) - 8)).toBeLessThan(0.05);
    expect(Math.abs(varianceOf(a) - 4)).toBeLessThan(0.15);
    const covariance = meanOf(a.map((v, i) => v * b[i]!)) - meanOf(a) * meanOf(b);
    expect(Math.abs(covariance / Math.sqrt(varianceOf(a) * varianceOf(b)) + 0.8)).toBeLessThan(0.01);
    expect(one(output.mode(tensor(o)))).toEqual([8, 1]);
    expect(difference(one(output.mean(tensor(o, "float64"))), [4, 0.75])).toBeLessThan(1e-14);
    expect(mixtureOf(tensor(o), sizes).means.shape).toEqual([2, 2]);
  });
});
