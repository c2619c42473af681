import type { AtLag } from "./by-lag.js";

/** What became of the gradient on its way back through a layer. */
export interface FlowVerdict {
  readonly kind: "vanishing" | "exploding" | "flowing" | "not finite" | "too short" | "none";
  /**
   * The greatest lag, over trees and graphs the greatest distance, at which the gradient still has a thousandth of its norm at 1. Null
   * where there is no gradient or too few steps to say.
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

/** What a layer runs over: chains, whose steps have a clock, or trees and graphs, whose nodes do not. */
export type Over = "chains" | "graphs";

/** How a verdict is put. `at(k)`: lag k, or distance k. */
interface Wording {
  readonly at: (lag: number) => string;
  readonly none: string;
  readonly tooShort: (lags: number) => string;
  readonly perStep: string;
  readonly lost: (horizon: number) => string;
  readonly kept: (last: number) => string;
}

const wordings: Readonly<Record<Over, Wording>> = {
  chains: {
    at: (lag) => `lag ${lag}`,
    none: "there is no gradient at any step",
    tooShort: (lags) => `sequences of ${lags} steps`,
    perStep: "per step",
    lost: (horizon) => `nothing beyond about ${horizon} steps is being learned`,
    kept: (last) => `dependencies over all ${last + 1} steps can be learned`,
  },
  graphs: {
    at: (lag) => `distance ${lag}`,
    none: "there is no gradient at any node",
    tooShort: (lags) => `nodes that are at most ${Math.max(0, lags - 1)} edges from a final state`,
    perStep: "per edge",
    lost: (horizon) => `nothing that is more than about ${horizon} edges from a final state is being learned`,
    kept: (last) => `what is up to ${last} edges from a final state can be learned`,
  },
};

/** Judges the norms of a gradient by lag. @param spread the greatest lag's share of the norm at lag 1 above which it explodes */
export function verdictOf(
  lags: readonly AtLag[],
  { spread = 100, over = "chains" }: { spread?: number; over?: Over } = {},
): Omit<FlowVerdict, "advice"> {
  const wording = wordings[over];
  const { at } = wording;
  if (lags.some((l) => !Number.isFinite(l.norm)))
    return {
      kind: "not finite",
      horizon: null,
      factorPerStep: null,
      words: `the gradient is not finite from ${at(lags.find((l) => !Number.isFinite(l.norm))!.lag)} on`,
    };
  if (lags.every((l) => l.norm === 0))
    return {
      kind: "none",
      horizon: null,
      factorPerStep: null,
      words: `the loss does not depend on this layer's state: ${wording.none}`,
    };
  if (lags.length < 4)
    return {
      kind: "too short",
      horizon: null,
      factorPerStep: null,
      words: `${wording.tooShort(lags.length)} say nothing about long dependencies`,
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
      words: `gradients at ${at(peak.lag)} are ${short(share(peak))} times those at ${at(reference.lag)}: they explode on their way back (by ${short(factorPerStep)} ${wording.perStep})`,
    };
  if (horizon < last.lag) {
    // A lag to quote beside the horizon: the first where nothing much is left.
    const gone = lags.find((l) => l.lag > horizon && share(l) <= 1e-6) ?? last;
    return {
      kind: "vanishing",
      ...common,
      words: `gradients at ${at(gone.lag)} are ${short(share(gone))} of those at ${at(reference.lag)}: ${wording.lost(horizon)}`,
    };
  }
  return {
    kind: "flowing",
    ...common,
    words: `gradients at ${at(last.lag)} are ${short(share(last))} of those at ${at(reference.lag)}: ${wording.kept(last.lag)}`,
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
