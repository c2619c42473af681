import type { CurvatureAtLag } from "./by-lag.js";
import { short, slope } from "./verdict.js";

/** Whether second derivatives vanish with the first. */
export interface CurvatureVerdict {
  /**
   * What the Hessian's block does beside |g|: `constant ratio`: it changes at the same rate; `faster`: it vanishes, or grows, at more
   * than that; `slower`: at less. `even`: |g| hardly changes with the lag, so there is nothing to compare.
   */
  readonly kind: "constant ratio" | "faster" | "slower" | "even" | "not finite" | "too short" | "none";
  /** Factors per step of lag, by least squares on logarithms: of |g|, |g'Hg/g'g| and g'Gg/g'g. Null where there are too few to say. */
  readonly perStep: {
    readonly gradient: number;
    readonly hessian: number | null;
    readonly gaussNewton: number | null;
  } | null;
  /** In words: what is seen, and what it means. */
  readonly words: string;
}

/** A change of |g| over all lags below which rates say nothing. */
const leastChange = 10;
/** Rates count as the same up to this share. */
const tolerance = 0.2;

/** Judges the curvature of a layer by lag. @param whyNone why there is nothing to look at, in words, where there are no lags */
export function curvatureVerdictOf(lags: readonly CurvatureAtLag[], whyNone: string): CurvatureVerdict {
  const none = (kind: CurvatureVerdict["kind"], words: string): CurvatureVerdict => ({
    kind,
    perStep: null,
    words,
  });
  const broken = lags.find(({ gradient, own }) => !Number.isFinite(gradient + (own?.hessian ?? 0)));
  if (broken) return none("not finite", `derivatives are not finite at lag ${broken.lag}`);
  if (lags.every((l) => l.gradient === 0))
    return none(
      "none",
      lags.length === 0
        ? `there is nothing to look at: ${whyNone}`
        : "no gradient reaches this layer's weights at any of these lags: the loss does not depend on them, or the units are saturated",
    );
  // Lag 0 has the shape of the loss alone in it.
  const past = lags.filter((l) => l.lag > 0);
  const gradient = rateOf(past, (l) => l.gradient);
  if (gradient === null)
    return none(
      "too short",
      `a rate is told from 3 lags past 0 with a gradient, and there ${counted(past.filter((l) => l.gradient > 0).length)}; take longer sequences or more lags`,
    );
  const hessian = rateOf(past, ({ own }) => Math.abs(own?.hessian ?? 0));
  const gaussNewton = rateOf(past, ({ own }) => own?.gaussNewton ?? 0);
  const perStep = {
    gradient: Math.exp(gradient),
    hessian: hessian === null ? null : Math.exp(hessian),
    gaussNewton: gaussNewton === null ? null : Math.exp(gaussNewton),
  };
  const factors = [
    `|g| changes by the factor ${short(perStep.gradient)}`,
    ...(perStep.hessian === null ? [] : [`|g'Hg/g'g| by ${short(perStep.hessian)}`]),
    ...(perStep.gaussNewton === null ? [] : [`g'Gg/g'g by ${short(perStep.gaussNewton)}`]),
  ];
  const seen = `per step of lag, ${listed(factors)}`;
  const span = past.at(-1)!.lag - past[0]!.lag;
  if (Math.abs(gradient) * span < Math.log(leastChange))
    return { kind: "even", perStep, words: `${seen}: gradients hardly change with the lag` };
  if (hessian === null)
    return { kind: "none", perStep, words: `${seen}: the loss has no curvature along g at enough lags` };
  const power = hessian / gradient;
  const gn =
    gaussNewton === null ? "" : `; Gauss-Newton's goes as the power ${short(gaussNewton / gradient)} of |g|`;
  if (Math.abs(power - 1) <= tolerance)
    return {
      kind: "constant ratio",
      perStep,
      words: `${seen}: the Hessian's ratio to |g| stays constant, so that dividing by it could make up for what ${gradient < 0 ? "vanishes" : "explodes"}${gn}`,
    };
  const faster = power > 1;
  return {
    kind: faster ? "faster" : "slower",
    perStep,
    words: `${seen}: the Hessian's curvature goes as the power ${short(power)} of |g|, ${faster ? "faster than |g| itself, so that a step divided by it would be too long at great lags unless damped" : "more slowly than |g|, so that dividing by it makes up for part of it at most"}${gn}`,
  };
}

/** Logarithm of the factor per step of lag; null with fewer than three lags to tell it from. */
function rateOf(lags: readonly CurvatureAtLag[], of: (l: CurvatureAtLag) => number): number | null {
  const known = lags.map((l) => ({ lag: l.lag, norm: of(l) })).filter(({ norm }) => norm > 0);
  return known.length < 3 ? null : slope(known);
}

function counted(n: number): string {
  return n === 1 ? "is 1" : `are ${n}`;
}

function listed(parts: readonly string[]): string {
  return parts.length === 1 ? parts[0]! : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
