import { Key, normal, onCpu } from "longspan";
import { expect } from "vitest";
import { orthonormalise } from "../../src/linear-algebra/index.js";

/** Standard normal numbers in float64. */
export function gaussian(seed: number, count: number): Float64Array {
  return Float64Array.from(onCpu(normal(Key.of(seed), [count], "float64")).toArray());
}

export function transposed(a: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = a[i * columns + j]!;
  return out;
}

/** The largest difference between two lists of numbers. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}

export function identityMatrix(n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  return out;
}

/** A matrix with the given numbers on its diagonal. */
export function diagonal(values: ArrayLike<number>): Float64Array {
  const out = new Float64Array(values.length ** 2);
  for (let i = 0; i < values.length; i++) out[i * values.length + i] = values[i]!;
  return out;
}

/** A random orthogonal matrix. */
export function orthogonalMatrix(seed: number, n: number): Float64Array {
  const q = gaussian(seed, n * n);
  orthonormalise(q, n, n);
  return q;
}

/** Seconds of processor time that f takes: other work on the machine does not count. */
export function secondsOf(f: () => void): number {
  const before = process.cpuUsage();
  f();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
