import { gaussianOutput, mixtureOutput } from "../../nn/index.js";
import { add, mean, mul, neg, relu, sub, sum } from "../../ops/index.js";
import { fromArray, type Value } from "../../tensor/index.js";
import { normalArea, normalQuantile } from "./normal-quantile.js";

/**
 * What a net's outputs say of one value: quantiles at some levels, a Gaussian, a mixture of Gaussians, or the value alone, about which
 * quantiles lie as far as earlier forecasts have missed (`residual`).
 */
export type ForecastDistribution =
  | { readonly kind: "quantile"; readonly levels: readonly number[] }
  | { readonly kind: "gaussian" }
  | { readonly kind: "mixture"; readonly components: number }
  | { readonly kind: "residual" };

/** How outputs are learned, and read. */
export interface ForecastOutput {
  /** Numbers that the net gives for a value. */
  readonly outputs: number;
  /** The loss of each value: twice the pinball loss, the mean over the levels; the negative log-likelihood in nats; or the squared error. @param outputs [n, outputs] @param targets [n, 1] */
  lossPerRow(outputs: Value, targets: Value): Value;
  /** The quantile at a level. @param row numbers of which those from `offset` on are the outputs */
  quantile(row: ArrayLike<number>, offset: number): (level: number) => number;
}

/** How outputs of a kind are learned, and read. */
export function forecastOutput(distribution: ForecastDistribution): ForecastOutput {
  if (distribution.kind === "quantile") return quantileOutput(distribution.levels);
  if (distribution.kind === "gaussian") {
    const { outputs, lossPerRow } = gaussianOutput({ features: 1 });
    return {
      outputs,
      lossPerRow,
      quantile: (row, at) => {
        const deviation = Math.exp(row[at + 1]! / 2);
        return (level) => row[at]! + deviation * normalQuantile(level);
      },
    };
  }
  if (distribution.kind === "residual")
    return {
      outputs: 1,
      lossPerRow(outputs, targets) {
        const over = sub(targets, outputs);
        return sum(mul(over, over), [1]);
      },
      quantile: (row, at) => () => row[at]!,
    };
  const K = distribution.components;
  const { outputs, lossPerRow } = mixtureOutput({ components: K, features: 1 });
  return { outputs, lossPerRow, quantile: (row, at) => mixtureQuantile(row, at, K) };
}

function quantileOutput(levels: readonly number[]): ForecastOutput {
  const positions = levels.map(normalQuantile);
  return {
    outputs: levels.length,
    lossPerRow(outputs, targets) {
      const over = sub(targets, outputs);
      const q = fromArray(levels, [levels.length], outputs.dtype);
      // max(q e, (q - 1) e) = q e + max(0, -e)
      return mul(mean(add(mul(over, q), relu(neg(over))), 1), 2);
    },
    quantile(row, at) {
      // A net may give them out of order.
      const values = Array.from({ length: levels.length }, (_, k) => row[at + k]!).sort((a, b) => a - b);
      return (level) => between(positions, values, normalQuantile(level));
    },
  };
}

/** Shares of earlier errors that are kept: as many are no greater. */
export const coverages: readonly number[] = [0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98];

/** The quantile at a level about a value, of errors that are as likely above as below. @param spread the sizes of errors at the coverages */
export function quantileAbout(value: number, spread: ArrayLike<number>): (level: number) => number {
  const sizes = coverages.map((_, k) => spread[k]!);
  const values = [
    ...sizes.map((size) => value - size).reverse(),
    value,
    ...sizes.map((size) => value + size),
  ];
  return (level) => between(coveragePositions, values, normalQuantile(level));
}

const upper = coverages.map((coverage) => normalQuantile((1 + coverage) / 2));
const coveragePositions = [...upper.map((x) => -x).reverse(), 0, ...upper];

/** A straight line between neighbours, and on beyond the last two: over normal quantiles, so that the tails are those of a Gaussian. */
function between(positions: readonly number[], values: readonly number[], x: number): number {
  if (positions.length === 1) return values[0]!;
  let k = 1;
  while (k < positions.length - 1 && positions[k]! < x) k += 1;
  const share = (x - positions[k - 1]!) / (positions[k]! - positions[k - 1]!);
  return values[k - 1]! + share * (values[k]! - values[k - 1]!);
}

function mixtureQuantile(row: ArrayLike<number>, at: number, K: number): (level: number) => number {
  const components = Array.from({ length: K }, (_, k) => ({
    logit: row[at + k]!,
    mean: row[at + K + k]!,
    deviation: Math.exp(row[at + 2 * K + k]!),
  }));
  const most = Math.max(...components.map(({ logit }) => logit));
  const total = components.reduce((sum, { logit }) => sum + Math.exp(logit - most), 0);
  const area = (x: number) =>
    components.reduce(
      (sum, { logit, mean, deviation }) =>
        sum + (Math.exp(logit - most) / total) * normalArea((x - mean) / deviation),
      0,
    );
  return (level) => {
    const all = components.map(({ mean, deviation }) => mean + deviation * normalQuantile(level));
    return byHalves(area, level, Math.min(...all), Math.max(...all));
  };
}

/** The x at which a growing function reaches a level, between two that are below and above it. */
function byHalves(area: (x: number) => number, level: number, from: number, to: number): number {
  let [low, high] = [from, to];
  for (let k = 0; k < 60 && high > low; k++) {
    const middle = (low + high) / 2;
    if (area(middle) < level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
