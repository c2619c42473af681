import { norm } from "./layer-steps.js";
import type { Curvature } from "./second-derivatives.js";

/** A quantity of the nodes at one distance from the end of their sequence, tree or graph. */
export interface AtLag {
  /** Steps before the last one; over trees and graphs, edges on the shortest path to a node whose state is final. */
  readonly lag: number;
  /** The root of the mean of the squares over the nodes at that distance: in chains, one of each sequence that is that long. */
  readonly norm: number;
  readonly smallest: number;
  readonly largest: number;
  readonly nodes: number;
  /** Sequences, trees or graphs that have such nodes. */
  readonly sequences: number;
}

/** First and second derivatives with respect to a layer's weights as they are used at one lag. */
export interface CurvatureAtLag {
  /** Steps before the last one; over trees and graphs, edges on the shortest path to a node whose state is final. */
  readonly lag: number;
  /** |g(k)|, g(k) = dL/dW(k). */
  readonly gradient: number;
  /** Along g(k) / |g(k)|, only the copy W(k) being moved: g(k)'H(k,k)g(k) / g(k)'g(k). Null where g(k) is 0. */
  readonly own: Curvature | null;
  /** Along the same direction, the weights of all lags being moved together, as an optimiser moves them. Null where g(k) is 0. */
  readonly tied: Curvature | null;
}

/** Norms of rows [rows, size]. */
export function rowNorms(values: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size === 0 ? 0 : values.length / size);
  for (let r = 0; r < out.length; r++) out[r] = norm(values.subarray(r * size, (r + 1) * size));
  return out;
}

/** Norms of nodes, gathered by their lags; a lag of -1 is none. @param sequenceOf per node */
export function byLag(norms: Float64Array, lags: Int32Array, sequenceOf: Int32Array): AtLag[] {
  const groups: { norms: number[]; sequences: Set<number> }[] = [];
  lags.forEach((lag, row) => {
    while (groups.length <= lag) groups.push({ norms: [], sequences: new Set() });
    groups[lag]?.norms.push(norms[row]!);
    groups[lag]?.sequences.add(sequenceOf[row]!);
  });
  return groups.map(({ norms: group, sequences }, lag) => ({
    lag,
    norm: norm(group) / Math.sqrt(group.length),
    smallest: group.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    largest: group.reduce((a, b) => Math.max(a, b), 0),
    nodes: group.length,
    sequences: sequences.size,
  }));
}

/** Lags at which weights are looked at, of so many: all of the first few dozen, then fewer and fewer. */
export function lagsToSplitAt(count: number): number[] {
  const at = new Set<number>();
  for (let lag = 0; lag < count; lag = lag < 32 ? lag + 1 : Math.ceil(lag * 1.1)) at.add(lag);
  if (count > 0) at.add(count - 1);
  return [...at];
}
