import {
  chain,
  checkDerivatives,
  defineCell,
  fromArray,
  gaussianLossMean,
  gaussianLossPerRow,
  gaussianLossSum,
  gaussNewtonProduct,
  glorot,
  hessianVectorProduct,
  Key,
  type Mixture,
  matmul,
  mixtureLossMean,
  mixtureLossPerRow,
  mixtureLossSum,
  mixtureOf,
  mixtureOutputs,
  mul,
  type ParamsOf,
  sum,
  type Tensor,
  type Traceable,
  tanh,
  tensor,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers } from "./plain.js";

const item = (v: Value) => numbers(v)[0]!;
const total = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);

describe("Gaussian", () => {
  const [mean, logVariance, y] = [1, 2, 3].map((seed) => normals(Key.of(seed), 4, 3)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const plain = Array.from({ length: 4 }, (_, t) =>
    total(
      [0, 1, 2].map((f) => {
        const [m, v, target] = [mean, logVariance, y].map((of) => numbers(of)[t * 3 + f]!) as [
          number,
          number,
          number,
        ];
        return 0.5 * ((target - m) ** 2 / Math.exp(v) + v + Math.log(2 * Math.PI));
      }),
    ),
  );

  test("per row, sum, mean, one row", () => {
    const gaussian = { mean, logVariance };
    expect(difference(numbers(gaussianLossPerRow(gaussian, y)), plain)).toBeLessThan(1e-13);
    expect(item(gaussianLossSum(gaussian, y))).toBeCloseTo(total(plain), 12);
    expect(item(gaussianLossMean(gaussian, y))).toBeCloseTo(total(plain) / 4, 12);
    const one = (of: Tensor) => fromArray(numbers(of).slice(0, 3), [3], "float64");
    expect(item(gaussianLossPerRow({ mean: one(mean), logVariance: one(logVariance) }, one(y)))).toBeCloseTo(
      plain[0]!,
      12,
    );
  });

  test("derivatives to second order", () => {
    const { first, second } = checkDerivatives(
      (p: { mean: Value; logVariance: Value }) => gaussianLossMean(p, y),
      { mean, logVariance },
      { second: true },
    );
    expect(first).toBeLessThan(1e-7);
    expect(second).toBeLessThan(1e-6);
  });

  test("with a scale that is one number it is convex in the means, and Gauss-Newton finds its outputs", () => {
    const loss = (p: { mean: Value }) => gaussianLossSum({ mean: p.mean, scale: 0.5 }, y);
    const along = normals(Key.of(9), 4, 3);
    const product = gaussNewtonProduct(loss)({ mean }, { mean: along });
    expect(
      difference(
        numbers(product.mean),
        numbers(along).map((v) => v * 4),
      ),
    ).toBeLessThan(1e-12);
  });

  test("errors", () => {
    expect(() => gaussianLossSum({ mean } as never, y)).toThrowErrorMatchingInlineSnapshot(
      `[TypeError: gaussianLossSum: gaussian has neither logVariance nor scale, expected one of the two: either says how wide it is]`,
    );
    expect(() => gaussianLossSum({ mean, scale: mean, logVariance } as never, y)).toThrow(/has both/);
    expect(() =>
      gaussianLossSum({ mean: tensor([[0, 0]]), scale: tensor([[1, 0]]) }, tensor([[0, 0]])),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: gaussianLossSum: scale 0 at element 1 is not positive; make it so by add(softplus(o), 1e-3), or give a logVariance, which may be any number]`,
    );
    expect(() =>
      gaussianLossPerRow({ mean: zeros([2, 3]), logVariance: zeros([3]) }, zeros([2, 3])),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: gaussianLossPerRow: mean is [2, 3], logVariance [3], targets [2, 3], expected [n, features] throughout, or [features]]`,
    );
    expect(() => gaussianLossMean({ mean: zeros([0, 3]), scale: 1 }, zeros([0, 3]))).toThrow(/no rows/);
  });
});

describe("mixture", () => {
  /** The density as its definition has it, in plain numbers. */
  const plain = (o: readonly number[], y: readonly number[], K: number, correlated: boolean) => {
    const D = y.length;
    const weights = o.slice(0, K).map(Math.exp);
    const density = weights.map((w, k) => {
      const z = y.map((v, d) => (v - o[K + k * D + d]!) / Math.exp(o[K + K * D + k * D + d]!));
      const scales = total(y.map((_, d) => o[K + K * D + k * D + d]!));
      const rho = correlated ? Math.tanh(o[K + 2 * K * D + k]!) : 0;
      const cross = correlated ? 2 * rho * z[0]! * z[1]! : 0;
      const size = (total(z.map((v) => v * v)) - cross) / (1 - rho * rho);
      return (
        (w / total(weights)) *
        Math.exp(-size / 2 - scales - (D / 2) * Math.log(2 * Math.PI) - 0.5 * Math.log(1 - rho * rho))
      );
    });
    return -Math.log(total(density));
  };

  test.each([
    [1, false],
    [2, false],
    [3, false],
    [2, true],
  ])(
    "%i features, correlated %s: as its definition, and derivatives to second order",
    (features, correlated) => {
      const sizes = { components: 3, features, correlated };
      const width = mixtureOutputs(sizes);
      const [o, y] = [normals(Key.of(5), 4, width), normals(Key.of(6), 4, features)];
      const expected = [0, 1, 2, 3].map((t) =>
        plain(
          [...numbers(o)].slice(t * width, (t + 1) * width),
          [...numbers(y)].slice(t * features, (t + 1) * features),
          3,
          correlated,
        ),
      );
      const mixture = mixtureOf(o, sizes);
      expect(difference(numbers(mixtureLossPerRow(mixture, y)), expected)).toBeLessThan(1e-12);
      expect(item(mixtureLossSum(mixture, y))).toBeCloseTo(total(expected), 11);
      expect(item(mixtureLossMean(mixture, y))).toBeCloseTo(total(expected) / 4, 11);
      const { first, second } = checkDerivatives((at: Value) => mixtureLossMean(mixtureOf(at, sizes), y), o, {
        second: true,
      });
      expect(first).toBeLessThan(1e-7);
      expect(second).toBeLessThan(1e-6);
    },
  );

  test("far targets and correlations near 1 stay finite in float32, as do the gradients", () => {
    const one: Mixture = {
      logits: tensor([[0, -200]]),
      means: tensor([
        [
          [0, 0],
          [1e4, 1e4],
        ],
      ]),
      logScales: tensor([
        [
          [0, 0],
          [-10, -10],
        ],
      ]),
      artanhCorrelations: tensor([[15, -15]]),
    };
    // z1 - z2 = 0.001 across the ridge, whose width is 1 / sqrt(1 + e^30).
    const [a, b] = [Math.fround(2), Math.fround(2.001)];
    const [u, v] = [a - b, a + b];
    const size = (u * u * (1 + Math.exp(30)) + v * v * (1 + Math.exp(-30))) / 8;
    const expected = size + Math.log(2 * Math.PI) - Math.log(Math.cosh(15));
    const loss = item(mixtureLossSum(one, tensor([[a, b]])));
    expect(Math.abs(loss / expected - 1)).toBeLessThan(1e-5);
    const far = item(mixtureLossSum({ ...one, artanhCorrelations: zeros([1, 2]) }, tensor([[-1e4, 0]])));
    expect(Math.abs(far / (0.5e8 + Math.log(2 * Math.PI)) - 1)).toBeLessThan(1e-6);
  });

  test("inside a cell, per node, with Hessian-vector products", () => {
    const sizes = { components: 2, features: 2, correlated: true };
    const inCell = defineCell({
      name: "strokes",
      inputs: () => ({ y: [2] }),
      state: () => ({ h: [2] }),
      params: () => ({ V: glorot(2, mixtureOutputs(sizes)) }),
      step({ y, h }: { y: Value; h: Value }, { V }: { V: Value }) {
        const loss = mixtureLossPerRow(mixtureOf(matmul(tanh(h), V), sizes), y);
        return { state: { h: y }, output: h, sums: { loss } };
      },
    })({});
    const structure = chain([3, 2]);
    const y = normals(Key.of(7), 5, 2);
    const params = inCell.init(Key.of(8), "float64");
    type P = Traceable<ParamsOf<typeof inCell.specs>>;
    const inside = (p: P) => sum(unfold(inCell, p, { y }, structure).sums.loss);
    const outside = (p: P) =>
      mixtureLossSum(mixtureOf(matmul(tanh(unfold(inCell, p, { y }, structure).output), p.V), sizes), y);
    expect(item(inside(params))).toBeCloseTo(item(outside(params)), 12);
    const along = { V: mul(params.V, 0.3) };
    const [one, other] = [inside, outside].map((f) => hessianVectorProduct(f)(params, along));
    expect(difference(numbers(one!.V), numbers(other!.V))).toBeLessThan(1e-11);
  });

  test("errors", () => {
    expect(() => mixtureOf(zeros([2, 7]), { components: 2, features: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: mixtureOf: outputs are [2, 7], expected [n, 6] or [6]: 2 logits, 2 means, 2 scales]`,
    );
    expect(() =>
      mixtureOutputs({ components: 2, features: 3, correlated: true }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: mixtureOutputs: features is 3 and correlated is true; a correlation is that of two features, so features is 2]`,
    );
    const mixture = mixtureOf(zeros([2, 6]), { components: 2, features: 1 });
    expect(() => mixtureLossSum(mixture, zeros([2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: mixtureLossSum: logits are [2, 2], means [2, 2, 1], logScales [2, 2, 1] and targets [2], expected [n, K], [n, K, D], [n, K, D] and [n, D], or all without n]`,
    );
    expect(() => mixtureLossSum({ ...mixture, artanhCorrelations: zeros([2, 2]) }, zeros([2, 1]))).toThrow(
      /D is 2/,
    );
  });
});
