import { checkSettings, count, finitePositive, type KindsOf, optional, size } from "../../check/index.js";
import { type Key, RandomNumbers } from "../../tensor/index.js";
import { keyKind } from "../../tensor/kinds.js";

/** Settings of `lorenz`. */
export interface LorenzOptions {
  /** How many samples. */
  readonly length: number;
  /** The time from one sample to the next; 0.02 by default. */
  readonly step?: number;
  /** Steps of the method from one sample to the next; 4 by default. */
  readonly substeps?: number;
  /** Samples that are left out at the beginning; 1000 by default, to be on the attractor. */
  readonly skip?: number;
  /** The key of the start, near (1, 1, 1); (1, 1, 1) without one. */
  readonly key?: Key;
}

/**
 * The Lorenz system, chaotic, with the exponents 0.906, 0 and -14.57 per unit of time:
 *
 *     dx/dt = 10 (y - x),   dy/dt = x (28 - z) - y,   dz/dt = x y - 8/3 z
 *
 * By the Runge-Kutta method of order 4.
 *
 * @returns x, y, z of one sample after another, length x 3
 * @see Lorenz (1963), "Deterministic nonperiodic flow"
 * @example lorenz({ length: 2000 }).length // 6000
 */
export function lorenz(options: LorenzOptions): Float64Array {
  const { length, step = 0.02, substeps = 4, skip = 1000, key } = checkSettings("lorenz", options, kinds);
  const draws = key === undefined ? null : new RandomNumbers(key);
  let at: Point = [1, 1, 1];
  if (draws) at = [1 + 0.1 * draws.uniform(), 1 + 0.1 * draws.uniform(), 1 + 0.1 * draws.uniform()];
  const out = new Float64Array(3 * length);
  for (let n = 0; n < skip + length; n++) {
    if (n >= skip) out.set(at, 3 * (n - skip));
    for (let i = 0; i < substeps; i++) at = rungeKutta(at, step / substeps);
  }
  return out;
}

type Point = readonly [number, number, number];

function slope([x, y, z]: Point): Point {
  return [10 * (y - x), x * (28 - z) - y, x * y - (8 / 3) * z];
}

function along(at: Point, by: Point, time: number): Point {
  return [at[0] + time * by[0], at[1] + time * by[1], at[2] + time * by[2]];
}

function rungeKutta(at: Point, time: number): Point {
  const a = slope(at);
  const b = slope(along(at, a, time / 2));
  const c = slope(along(at, b, time / 2));
  const d = slope(along(at, c, time));
  const mean = a.map((x, i) => (x + 2 * b[i]! + 2 * c[i]! + d[i]!) / 6) as unknown as Point;
  return along(at, mean, time);
}

const kinds: KindsOf<LorenzOptions> = {
  length: size,
  step: optional(finitePositive),
  substeps: optional(size),
  skip: optional(count),
  key: optional(keyKind),
};
