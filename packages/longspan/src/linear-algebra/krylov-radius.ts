import { type Eigenpairs, eigenpairs } from "./eigenpairs.js";
import { largestEntry } from "./matrix.js";
import { orthonormalise } from "./orthonormalise.js";

/** Vectors of the subspace in which eigenvalues are looked for, and those that are kept when it is begun again. */
const most = 80;
const kept = 26;
/** What may be left over of A v - theta v, relative to theta. Eigenvalues of non-normal matrices move by some tens of that. */
const exact = 1e-11;
/** The same for eigenvalues next in size, so that none of them turns out to be larger. */
const near = 1e-4;
const watched = 6;

/**
 * The spectral radius of a large matrix, of which only products with vectors are known: the Arnoldi method with thick restarts, which keeps
 * the directions of the largest eigenvalues so far. Complex pairs are pairs of real directions.
 *
 * @param multiply x [n] -> A x, to be written into `out`
 * @param start [n], in no special direction: an eigenvector that it has no share of is not found
 * @param rounds how often it is begun again at most
 * @returns null if it has not settled
 * @see Stewart (2002), "A Krylov-Schur algorithm for large eigenproblems"; Saad (2011), "Numerical methods for large eigenvalue problems"
 */
export function krylovRadius(
  multiply: (x: Float64Array, out: Float64Array) => void,
  start: Float64Array,
  rounds: number,
): number | null {
  const size = Math.min(most, start.length);
  /** Orthonormal directions. */
  const V = Array.from({ length: size + 1 }, () => new Float64Array(start.length));
  const length = Math.sqrt(dot(start, start));
  start.forEach((x, c) => {
    V[0]![c] = x / length;
  });
  let known: Projection = { B: new Float64Array(0), k: 0, residual: new Float64Array(0) };
  for (let round = 0; round < rounds; round++) {
    const { H, beta, m } = grow(V, known, size, multiply);
    const pairs = eigenpairs(H, m);
    const radius = sizeOf(pairs, 0);
    if (beta === 0) return radius;
    const left = (e: number) =>
      beta * Math.hypot(pairs.vectors.re[(m - 1) * m + e]!, pairs.vectors.im[(m - 1) * m + e]!);
    const next = Array.from({ length: watched - 1 }, (_, e) => e + 1);
    if (left(0) <= exact * radius && next.every((e) => left(e) <= near * radius)) return radius;
    known = restart(V, H, beta, m, pairs);
  }
  return null;
}

/** A V = V B + v residual', for the first k directions V and the one that follows, v. B is [k, k]. */
interface Projection {
  readonly B: Float64Array;
  readonly k: number;
  readonly residual: Float64Array;
}

/** Directions up to `size`, or up to where A leads to no new one: then beta is 0. H is [m, m]: A V = V H + beta v(m) e(m-1)'. */
function grow(
  V: Float64Array[],
  { B, k, residual }: Projection,
  size: number,
  multiply: (x: Float64Array, out: Float64Array) => void,
): { H: Float64Array; beta: number; m: number } {
  const H = new Float64Array(size * size);
  for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) H[i * size + j] = B[i * k + j]!;
  for (let j = 0; j < k; j++) H[k * size + j] = residual[j]!;
  let largest = largestEntry(H);
  for (let m = k; ; m++) {
    const next = V[m + 1]!;
    multiply(V[m]!, next);
    // Twice, since once leaves rounding errors that are not orthogonal.
    for (let pass = 0; pass < 2; pass++)
      for (let i = 0; i <= m; i++) {
        const along = dot(V[i]!, next);
        H[i * size + m]! += along;
        addTimes(next, -along, V[i]!);
      }
    for (let i = 0; i <= m; i++) largest = Math.max(largest, Math.abs(H[i * size + m]!));
    const beta = Math.sqrt(dot(next, next));
    if (beta <= 1e-14 * largest) return { H: leading(H, size, m + 1), beta: 0, m: m + 1 };
    for (let c = 0; c < next.length; c++) next[c]! /= beta;
    if (m + 1 === size) return { H, beta, m: size };
    H[(m + 1) * size + m] = beta;
  }
}

/** Keeps the directions of the largest eigenvalues, and the one that comes next. */
function restart(V: Float64Array[], H: Float64Array, beta: number, m: number, pairs: Eigenpairs): Projection {
  const { values, vectors } = pairs;
  // A conjugate pair is never parted: the real and imaginary parts of its first vector span what both do.
  const k = values.im[kept - 1]! > 0 ? kept + 1 : kept;
  const Y = new Float64Array(k * m);
  for (let e = 0; e < k; e++)
    for (let i = 0; i < m; i++)
      Y[e * m + i] = values.im[e]! < 0 ? vectors.im[i * m + e - 1]! : vectors.re[i * m + e]!;
  orthonormalise(Y, m, k);
  const y = (e: number) => Y.subarray(e * m, (e + 1) * m);
  const B = new Float64Array(k * k);
  for (let b = 0; b < k; b++) {
    const image = Float64Array.from({ length: m }, (_, i) => dot(H.subarray(i * m, (i + 1) * m), y(b)));
    for (let a = 0; a < k; a++) B[a * k + b] = dot(y(a), image);
  }
  const turned = Array.from({ length: k }, (_, e) => {
    const to = new Float64Array(V[0]!.length);
    y(e).forEach((share, i) => {
      addTimes(to, share, V[i]!);
    });
    return to;
  });
  V.splice(0, k, ...turned);
  [V[k], V[m]] = [V[m]!, V[k]!];
  return { B, k, residual: Float64Array.from({ length: k }, (_, e) => beta * y(e)[m - 1]!) };
}

function sizeOf({ values }: Eigenpairs, e: number): number {
  return Math.hypot(values.re[e]!, values.im[e]!);
}

/** The first m rows and columns. */
function leading(H: Float64Array, size: number, m: number): Float64Array {
  const block = new Float64Array(m * m);
  for (let i = 0; i < m; i++) for (let j = 0; j < m; j++) block[i * m + j] = H[i * size + j]!;
  return block;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < a.length; c++) sum += a[c]! * b[c]!;
  return sum;
}

function addTimes(to: Float64Array, factor: number, from: Float64Array): void {
  for (let c = 0; c < to.length; c++) to[c]! += factor * from[c]!;
}
