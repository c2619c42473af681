import type { ParamSpec } from "../../cell/index.js";
import { check, checkSettings, finitePositive, optional, size } from "../../check/index.js";
import { spectralRadiusOfSparse } from "../../linear-algebra/index.js";
import { fromArray, type Key, RandomNumbers } from "../../tensor/index.js";
import { specOf } from "./spec.js";

/**
 * A square matrix with few entries that are not 0, scaled to a spectral radius: the start of recurrent weights in Sutskever et al.
 * (2013) and Pascanu et al. (2013), and of a reservoir.
 *
 *     each unit reads `nonZeros` others, with weights from N(0, 1);  then W <- W radius / rho(W)
 *
 * rho is the largest size of an eigenvalue, found in float64.
 *
 * @param hidden units; the matrix is stored [in, out], so that a unit reads a column
 * @param options.nonZeros entries per unit; 15 by default, or `hidden` if that is less
 * @param options.radius positive; 0.95 by default
 * @throws RangeError if a size is not a positive integer, there are more entries than units, or the radius is not positive
 * @see Sutskever, Martens, Dahl, Hinton (2013), "On the importance of initialization and momentum in deep learning"
 * @example sparseInit(50, { radius: 1.1 }).shape // [ 50, 50 ]
 */
export function sparseInit(
  hidden: number,
  options?: { readonly nonZeros?: number; readonly radius?: number },
): ParamSpec {
  check("sparseInit", "hidden", hidden, size);
  const { nonZeros = Math.min(15, hidden), radius = 0.95 } = checkSettings("sparseInit", options, {
    nonZeros: optional(size),
    radius: optional(finitePositive),
  });
  if (nonZeros > hidden)
    throw new RangeError(
      `sparseInit: nonZeros is at most ${hidden}, the units that there are to read, got ${nonZeros}`,
    );
  return specOf("sparseInit", [hidden, hidden], (key, shape, dtype) => {
    const { values, from } = sparseWithRadius(key, hidden, nonZeros, radius);
    const W = new Float64Array(hidden * hidden);
    values.forEach((v, q) => {
      W[from[q]! * hidden + (q % hidden)] = v;
    });
    return fromArray(W, shape, dtype);
  });
}

/** A drawn matrix [hidden, hidden] by its entries. */
interface DrawnEntries {
  /** [nonZeros, hidden]: the k-th entry of each unit's column. */
  readonly values: Float64Array;
  /** The unit that each reads. */
  readonly from: Int32Array;
}

/** Entries from N(0, 1), each unit's in distinct places, scaled to a spectral radius. */
export function sparseWithRadius(key: Key, hidden: number, nonZeros: number, radius: number): DrawnEntries {
  const { values, from } = drawSparse(key, hidden, nonZeros);
  // Each unit reads another, so some hear of themselves over others: rho is above 0.
  const scale = radius / spectralRadiusOfSparse({ values, from }, hidden);
  return { values: values.map((v) => v * scale), from };
}

/** The same as they are drawn. */
export function drawSparse(key: Key, hidden: number, nonZeros: number): DrawnEntries {
  const draws = new RandomNumbers(key.fold(0));
  const values = new Float64Array(nonZeros * hidden);
  const from = new Int32Array(nonZeros * hidden);
  const units = Array.from({ length: hidden }, (_, i) => i);
  for (let unit = 0; unit < hidden; unit++)
    for (let k = 0; k < nonZeros; k++) {
      // The beginning of a random permutation.
      const other = k + draws.below(hidden - k);
      [units[k], units[other]] = [units[other]!, units[k]!];
      from[k * hidden + unit] = units[k]!;
      values[k * hidden + unit] = draws.normal();
    }
  return { values, from };
}
