import { checkSettings, integerIn, type KindsOf, optional, size } from "../../check/index.js";
import { type Key, RandomNumbers } from "../../tensor/index.js";
import { keyKind } from "../../tensor/kinds.js";

/** Settings of `narma`. */
export interface NarmaOptions {
  /** How many steps. */
  readonly length: number;
  /** The key of the inputs. */
  readonly key: Key;
  /** How many steps back it reaches; 10 by default, at most 10. */
  readonly order?: number;
}

/** A driven series. */
export interface DrivenSeries {
  /** u(t), uniform in 0 .. 0.5. */
  readonly inputs: Float64Array;
  /** y(t), to be told from the inputs up to t. */
  readonly targets: Float64Array;
}

/**
 * A system with a memory, driven by noise: NARMA10, or another order n.
 *
 *     y(t) = 0.3 y(t-1) + 0.05 y(t-1) (y(t-1) + ... + y(t-n)) + 1.5 u(t-n) u(t-1) + 0.1
 *
 * It starts at zero. Seldom a series grows without bound; then its inputs are drawn anew.
 *
 * @see Atiya, Parlos (2000), "New results on recurrent network training"
 * @example narma({ length: 2000, key: Key.of(1) }).targets.length // 2000
 */
export function narma(options: NarmaOptions): DrivenSeries {
  const { length, key, order = 10 } = checkSettings("narma", options, kinds);
  for (let attempt = 0; ; attempt++) {
    const draws = new RandomNumbers(key.fold(attempt));
    const inputs = Float64Array.from({ length }, () => 0.5 * draws.uniform());
    const targets = driven(inputs, order);
    if (targets.every((y) => y < BOUND)) return { inputs, targets };
  }
}

/** What stays bounded stays below 1 by far. */
const BOUND = 3;

function driven(u: Float64Array, order: number): Float64Array {
  const y = new Float64Array(u.length);
  for (let t = 1; t < u.length; t++) {
    let sum = 0;
    for (let i = 1; i <= Math.min(order, t); i++) sum += y[t - i]!;
    const product = t >= order ? u[t - order]! * u[t - 1]! : 0;
    y[t] = 0.3 * y[t - 1]! + 0.05 * y[t - 1]! * sum + 1.5 * product + 0.1;
  }
  return y;
}

const kinds: KindsOf<NarmaOptions> = {
  length: size,
  key: keyKind,
  order: optional(integerIn(1, 10)),
};
