import { type Key, mapTree, mul, normal, onCpu, type Tensor, type Value } from "longspan";

/** A vector and a matrix of plain numbers: what the equations are written in, beside the library. */
export type Vector = number[];
export type Matrix = number[][];

/** The elements of a tensor. */
export function numbers(t: Value): Vector {
  return Array.from(onCpu(t).toArray());
}

/** The rows of a tensor [n, m]. */
export function rows(t: Value): Matrix {
  const flat = numbers(t);
  const width = t.shape[1]!;
  return Array.from({ length: t.shape[0]! }, (_, r) => flat.slice(r * width, (r + 1) * width));
}

/** sum over j of x[j] M[j][column] */
export function product(x: Vector, M: Matrix, column: number): number {
  return x.reduce((total, v, j) => total + v * M[j]![column]!, 0);
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Zeros. */
export function zeroVector(n: number): Vector {
  return new Array<number>(n).fill(0);
}

/** A tree of the same form with normal numbers everywhere, so that nothing stays zero by initialisation. Integers stay. */
export function randomLike<T>(tree: T, key: Key, std = 0.7): T {
  let i = 0;
  return mapTree(tree, (v) => (v.dtype === "int32" ? v : mul(normal(key.fold(i++), v.shape, v.dtype), std)));
}

/** Normal numbers in float64. */
export function normals(key: Key, ...shape: number[]): Tensor {
  return normal(key, shape, "float64");
}

/** The largest difference, relative to the largest number or 1. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const size = Array.from(expected).reduce((m, v) => Math.max(m, Math.abs(v)), 1);
  return Array.from(actual).reduce((m, v, i) => {
    const d = Math.abs(v - expected[i]!) / size;
    return d <= m ? m : Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
  }, 0);
}
