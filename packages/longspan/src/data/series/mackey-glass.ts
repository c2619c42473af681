import { checkSettings, count, finitePositive, type KindsOf, optional, size } from "../../check/index.js";
import { type Key, RandomNumbers } from "../../tensor/index.js";
import { keyKind } from "../../tensor/kinds.js";

/** Settings of `mackeyGlass`. */
export interface MackeyGlassOptions {
  /** How many samples. */
  readonly length: number;
  /** The delay; 17 by default. Above 16.8 the series is chaotic. */
  readonly tau?: number;
  /** The step of Euler's method; 0.1 by default. */
  readonly step?: number;
  /** Steps from one sample to the next; 10 by default: one unit of time. */
  readonly every?: number;
  /** Samples that are left out at the beginning; 100 by default. */
  readonly skip?: number;
  /** The key of the history before the start, uniform in 1.1 .. 1.3; 1.2 throughout without one. */
  readonly key?: Key;
}

/**
 * The Mackey-Glass series, chaotic for delays above 16.8:
 *
 *     dy/dt = 0.2 y(t - tau) / (1 + y(t - tau)^10) - 0.1 y(t)
 *
 * By Euler's method, as the papers on reservoirs have it, so the numbers depend on the step.
 *
 * @returns `length` numbers between about 0.2 and 1.4; reservoirs learn tanh(y - 1)
 * @throws RangeError if tau is not a whole number of steps
 * @see Mackey, Glass (1977); Jaeger (2001), "The echo state approach to analysing and training recurrent neural networks"
 * @example mackeyGlass({ length: 3000, key: Key.of(1) }).length // 3000
 */
export function mackeyGlass(options: MackeyGlassOptions): Float64Array {
  const {
    length,
    tau = 17,
    step = 0.1,
    every = 10,
    skip = 100,
    key,
  } = checkSettings("mackeyGlass", options, kinds);
  const delay = Math.round(tau / step);
  if (delay < 1 || Math.abs(delay * step - tau) > 1e-9 * tau)
    throw new RangeError(
      `mackeyGlass: tau is ${tau}, expected a whole number of steps of ${step}, since the method reads the value of one`,
    );
  const draws = key === undefined ? null : new RandomNumbers(key);
  const past = Float64Array.from({ length: delay }, () => (draws ? 1.1 + 0.2 * draws.uniform() : 1.2));
  let y = draws ? 1.1 + 0.2 * draws.uniform() : 1.2;
  const out = new Float64Array(length);
  for (let n = 0, oldest = 0; n < (skip + length) * every; n++) {
    if (n % every === 0 && n / every >= skip) out[n / every - skip] = y;
    const delayed = past[oldest]!;
    past[oldest] = y;
    oldest = (oldest + 1) % delay;
    y += step * ((0.2 * delayed) / (1 + delayed ** 10) - 0.1 * y);
  }
  return out;
}

const kinds: KindsOf<MackeyGlassOptions> = {
  length: size,
  tau: optional(finitePositive),
  step: optional(finitePositive),
  every: optional(size),
  skip: optional(count),
  key: optional(keyKind),
};
