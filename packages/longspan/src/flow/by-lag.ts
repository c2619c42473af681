import type { Structure } from "../unfold/index.js";
import { norm } from "./layer-steps.js";

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
