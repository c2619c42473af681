import { checkMatrix } from "./matrix.js";

/**
 * Makes k vectors of n numbers orthonormal in place, keeping what the first 1, 2, ... k of them span: the QR decomposition of
 * the matrix with these columns, with a positive diagonal in R. Summed over steps, the logs of that diagonal over the number
 * of steps are the Lyapunov exponents (Benettin et al. 1980).
 *
 * A vector that depends on those before it has the log -Infinity and becomes a unit vector orthogonal to the others.
 *
 * @param vectors one after the other: [k, n]
 * @returns the k numbers log R(i, i)
 * @throws RangeError if there are more vectors than numbers in one, or an entry is not finite
 */
export function orthonormalise(vectors: Float64Array, n: number, k: number): Float64Array {
  checkMatrix("orthonormalise", vectors, k, n);
  if (k > n)
    throw new RangeError(`orthonormalise: ${k} vectors of ${n} numbers; at most ${n} are independent`);
  const reflections: Reflection[] = [];
  for (let j = 0; j < k; j++) {
    const vector = vectors.slice(j * n, (j + 1) * n);
    for (const reflection of reflections) reflect(vector, reflection);
    reflections.push(reflectionOf(vector, j));
  }
  for (let j = 0; j < k; j++) {
    const vector = vectors.subarray(j * n, (j + 1) * n).fill(0);
    vector[j] = reflections[j]!.length < 0 ? -1 : 1;
    for (let r = j; r >= 0; r--) reflect(vector, reflections[r]!);
  }
  return Float64Array.from(reflections, ({ length }) => Math.log(Math.abs(length)));
}

/** The reflection 1 - factor v v' that maps a vector, from element `start` on, to `length` times the axis `start`. */
interface Reflection {
  readonly v: Float64Array;
  readonly start: number;
  /** 2 / |v|^2; 0 for the identity. */
  readonly factor: number;
  readonly length: number;
}

/** Overwrites x, which becomes the reflection's v. */
function reflectionOf(x: Float64Array, start: number): Reflection {
  let largest = 0;
  for (let i = start; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]!));
  if (largest === 0) return { v: x, start, factor: 0, length: 0 };
  let squares = 0;
  for (let i = start; i < x.length; i++) {
    x[i]! /= largest;
    squares += x[i]! * x[i]!;
  }
  const length = x[start]! > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
  const factor = 1 / (squares - length * x[start]!);
  x[start]! -= length;
  return { v: x, start, factor, length: length * largest };
}

function reflect(x: Float64Array, { v, start, factor }: Reflection): void {
  let along = 0;
  for (let i = start; i < x.length; i++) along += v[i]! * x[i]!;
  along *= factor;
  for (let i = start; i < x.length; i++) x[i]! -= along * v[i]!;
}
