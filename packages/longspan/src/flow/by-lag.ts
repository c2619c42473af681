import type { Structure } from "../unfold/index.js";
import { norm } from "./layer-steps.js";
import type { Curvature } from "./second-derivatives.js";

/** A quantity of the nodes at one distance from the end of their sequence. */
export interface AtLag {
  /** Steps before the last one. */
  readonly lag: number;
  /** The root of the mean of the squares over the sequences that are that long. */
  readonly norm: number;
  readonly smallest: number;
  readonly largest: number;
  readonly sequences: number;
}

/** First and second derivatives with respect to a layer's weights as they are used at one lag. */
export interface CurvatureAtLag {
  /** Steps before the last one. */
  readonly lag: number;
  /** |g(k)|, g(k) = dL/dW(k). */
  readonly gradient: number;
  /** Along g(k) / |g(k)|, only the copy W(k) being moved: g(k)'H(k,k)g(k) / g(k)'g(k). Null where g(k) is 0. */
  readonly own: Curvature | null;
  /** Along the same direction, the weights of all lags being moved together, as an optimiser moves them. Null where g(k) is 0. */
  readonly tied: Curvature | null;
}

/** Per row of a chain: how many steps of its sequence come after it. */
export function lagsOf(structure: Structure): Int32Array {
  const clock = structure.checkClock();
  const last = new Int32Array(structure.sequences).fill(-1);
  const { sequenceOf } = structure.parts;
  clock.forEach((t, row) => {
    const s = sequenceOf[row]!;
    last[s] = Math.max(last[s]!, t);
  });
  return clock.map((t, row) => last[sequenceOf[row]!]! - t);
}

/** Norms of rows [rows, size]. */
export function rowNorms(values: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size === 0 ? 0 : values.length / size);
  for (let r = 0; r < out.length; r++) out[r] = norm(values.subarray(r * size, (r + 1) * size));
  return out;
}

/** Norms of nodes, gathered by their lags. */
export function byLag(norms: Float64Array, lags: Int32Array): AtLag[] {
  const groups: number[][] = [];
  lags.forEach((lag, row) => {
    while (groups.length <= lag) groups.push([]);
    groups[lag]!.push(norms[row]!);
  });
  return groups.map((group, lag) => ({
    lag,
    norm: norm(group) / Math.sqrt(group.length),
    smallest: group.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    largest: group.reduce((a, b) => Math.max(a, b), 0),
    sequences: group.length,
  }));
}

/** Lags at which weights are looked at, of so many: all of the first few dozen, then fewer and fewer. */
export function lagsToSplitAt(count: number): number[] {
  const at = new Set<number>();
  for (let lag = 0; lag < count; lag = lag < 32 ? lag + 1 : Math.ceil(lag * 1.1)) at.add(lag);
  if (count > 0) at.add(count - 1);
  return [...at];
}
