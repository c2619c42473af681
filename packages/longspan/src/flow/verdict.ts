import type { AtLag } from "./by-lag.js";

/** What became of the gradient on its way back through a layer. */
export interface FlowVerdict {
  readonly kind: "vanishing" | "exploding" | "flowing" | "not finite" | "too short" | "none";
  /**
   * The greatest lag at which the gradient still has a thousandth of its norm at lag 1. Null where there is no gradient or too few
   * steps to say.
   */
  readonly horizon: number | null;
  /** The factor by which the norm changes per step of lag, by least squares on its logarithm; null as above. */
  readonly factorPerStep: number | null;
  /** In words: what is seen, and what it means. */
  readonly words: string;
  /** In words: what may help with this cell; null where there is nothing to put right. */
  readonly advice: string | null;
}

/** Below this share of the norm at lag 1, what a step contributes drowns in what later steps do. */
const threshold = 1e-3;

/** Judges the norms of a gradient by lag. @param spread the greatest lag's share of the norm at lag 1 above which it explodes */
export function verdictOf(
  lags: readonly AtLag[],
  { spread = 100 }: { spread?: number } = {},
): Omit<FlowVerdict, "advice"> {
  if (lags.some((l) => !Number.isFinite(l.norm)))
    return {
      kind: "not finite",
      horizon: null,
      factorPerStep: null,
      words: `the gradient is not finite from lag ${lags.find((l) => !Number.isFinite(l.norm))!.lag} on`,
    };
  if (lags.every((l) => l.norm === 0))
    return {
      kind: "none",
      horizon: null,
      factorPerStep: null,
      words: "the loss does not depend on this layer's state: there is no gradient at any step",
    };
  if (lags.length < 4)
    return {
      kind: "too short",
      horizon: null,
      factorPerStep: null,
      words: `sequences of ${lags.length} steps say nothing about long dependencies`,
    };
  const reference = lags[1]!.norm > 0 ? lags[1]! : lags.find((l) => l.norm > 0)!;
  const share = (l: AtLag) => l.norm / reference.norm;
  const horizon = lags.reduce((best, l) => (share(l) >= threshold ? Math.max(best, l.lag) : best), 0);
  const factorPerStep = Math.exp(slope(lags.slice(1).filter((l) => l.norm > 0)));
  const last = lags.at(-1)!;
  const peak = lags.reduce((a, b) => (b.norm > a.norm ? b : a));
  const common = { horizon, factorPerStep };
  if (share(peak) > spread && peak.lag > reference.lag)
    return {
      kind: "exploding",
      ...common,
      words: `gradients at lag ${peak.lag} are ${short(share(peak))} times those at lag ${reference.lag}: they explode on their way back (by ${short(factorPerStep)} per step)`,
    };
  if (horizon < last.lag) {
    // A lag to quote beside the horizon: the first where nothing much is left.
    const gone = lags.find((l) => l.lag > horizon && share(l) <= 1e-6) ?? last;
    return {
      kind: "vanishing",
      ...common,
      words: `gradients at lag ${gone.lag} are ${short(share(gone))} of those at lag ${reference.lag}: nothing beyond about ${horizon} steps is being learned`,
    };
  }
  return {
    kind: "flowing",
    ...common,
    words: `gradients at lag ${last.lag} are ${short(share(last))} of those at lag ${reference.lag}: dependencies over all ${last.lag + 1} steps can be learned`,
  };
}

/** Least squares of ln norm on the lag. */
export function slope(lags: readonly Pick<AtLag, "lag" | "norm">[]): number {
  const n = lags.length;
  const x = lags.reduce((s, l) => s + l.lag, 0) / n;
  const y = lags.reduce((s, l) => s + Math.log(l.norm), 0) / n;
  let [xy, xx] = [0, 0];
  for (const l of lags) {
    xy += (l.lag - x) * (Math.log(l.norm) - y);
    xx += (l.lag - x) ** 2;
  }
  return xx === 0 ? 0 : xy / xx;
}

/** A number for a sentence: two digits. */
export function short(x: number): string {
  if (x !== 0 && (Math.abs(x) < 0.01 || Math.abs(x) >= 1000)) return x.toExponential(0).replace("e+", "e");
  return String(Number(x.toPrecision(2)));
}
