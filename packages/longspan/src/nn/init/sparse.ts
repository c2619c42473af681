import type { ParamSpec } from "../../cell/index.js";
import { fromArray, RandomNumbers } from "../../tensor/index.js";
import { checkPositive } from "./settings.js";

/**
 * A square matrix with few entries that are not 0, scaled to a spectral radius: the start of recurrent weights in Sutskever et al.
 * (2013) and Pascanu et al. (2013), and of a reservoir.
 *
 *     each unit reads `nonZeros` others, with weights from N(0, 1);  then W <- W radius / rho(W)
 *
 * rho, the largest size of an eigenvalue, is found as the limit of |W^n|^(1/n) for n = 2^k (Gelfand), in float64, to a relative error
 * of about 1e-6.
 *
 * @param hidden units; the matrix is stored [in, out], so that a unit reads a column
 * @param options.nonZeros entries per unit; 15 unless given, or `hidden` if that is less
 * @param options.radius positive; 0.95 unless given
 * @throws RangeError if a size is not a positive integer, there are more entries than units, or the radius is not positive
 * @see Sutskever, Martens, Dahl, Hinton (2013), "On the importance of initialization and momentum in deep learning"
 * @example sparseInit(50, { radius: 1.1 }).shape // [ 50, 50 ]
 */
export function sparseInit(
  hidden: number,
  {
    nonZeros = Math.min(15, hidden),
    radius = 0.95,
  }: { readonly nonZeros?: number; readonly radius?: number } = {},
): ParamSpec {
  for (const n of [hidden, nonZeros])
    if (!Number.isInteger(n) || n < 1)
      throw new RangeError(
        `sparseInit: sizes are positive integers, got ${hidden} units and ${nonZeros} entries`,
      );
  if (nonZeros > hidden)
    throw new RangeError(`sparseInit: a unit reads at most ${hidden} units, got ${nonZeros} entries`);
  checkPositive("sparseInit: the spectral radius", radius);
  return {
    shape: [hidden, hidden],
    initialise(key, shape, dtype) {
      // A matrix that forgets everything (rho = 0) has no scale; another one is drawn.
      for (let attempt = 0; ; attempt++) {
        const W = drawSparse(new RandomNumbers(key.fold(attempt)), hidden, nonZeros);
        const rho = spectralRadius(W, hidden);
        if (rho > 0)
          return fromArray(
            W.map((w) => (w * radius) / rho),
            shape,
            dtype,
          );
      }
    },
  };
}

function drawSparse(draws: RandomNumbers, hidden: number, nonZeros: number): Float64Array {
  const W = new Float64Array(hidden * hidden);
  const units = Array.from({ length: hidden }, (_, i) => i);
  for (let unit = 0; unit < hidden; unit++)
    for (let k = 0; k < nonZeros; k++) {
      // The beginning of a random permutation.
      const other = k + draws.below(hidden - k);
      [units[k], units[other]] = [units[other]!, units[k]!];
      W[units[k]! * hidden + unit] = draws.normal();
    }
  return W;
}

/** Squarings of W at most: its 2^20th power. */
const squarings = 20;

function spectralRadius(W: Float64Array, n: number): number {
  let power = W;
  // ln |W^(2^k)| is the sum of what was scaled away.
  let logNorm = 0;
  for (let k = 0; ; k++) {
    let squares = 0;
    for (const w of power) squares += w * w;
    const norm = Math.sqrt(squares);
    if (norm === 0) return 0;
    logNorm += Math.log(norm);
    if (k === squarings) return Math.exp(logNorm / 2 ** k);
    const scaled = power.map((w) => w / norm);
    power = product(scaled, scaled, n);
    logNorm *= 2;
  }
}

function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k]!;
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) out[i * n + j]! += factor * b[k * n + j]!;
    }
  return out;
}
