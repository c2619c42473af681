import { ReferenceExecutor } from "../../src/executors/reference/index.js";
import { leaves, onCpu, type Tensor, useExecutor } from "../../src/tensor/index.js";

export const executor = new ReferenceExecutor();
useExecutor(executor);

/** All elements of a tree in order. */
export function numbers(tree: unknown): number[] {
  return leaves(tree).flatMap((v) => [...onCpu(v).toArray()]);
}

/** The only element of a scalar. */
export function item(t: Tensor): number {
  return onCpu(t).item();
}

/** Releases every tensor of a tree, as a caller does with an old state. */
export function dispose(tree: unknown): void {
  for (const v of leaves(tree)) (v as Tensor).dispose();
}

/** Euclidean norm, in double precision and without overflow. */
export function norm(values: readonly number[]): number {
  return Math.hypot(...values);
}

/** Cosine of the angle between two vectors, each scaled to its own size first. */
export function cosine(a: readonly number[], b: readonly number[]): number {
  const [p, q] = [norm(a), norm(b)];
  return a.reduce((s, x, i) => s + (x / p) * (b[i]! / q), 0);
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
