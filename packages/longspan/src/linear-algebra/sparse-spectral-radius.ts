import { check, checkSettings, numbers, size } from "../check/index.js";
import { Key, RandomNumbers, ShapeError } from "../tensor/index.js";
import { spectralRadius } from "./eigenvalues.js";
import { krylovRadius } from "./krylov-radius.js";

/** A square matrix by its entries: each column has the same number of them. Of several in one place, the sum counts. */
export interface SparseEntries {
  /** [entries per column, n], row by row. */
  readonly values: ArrayLike<number>;
  /** The row of the matrix that each stands in, 0 to n - 1. */
  readonly from: ArrayLike<number>;
}

/** Up to here all eigenvalues are computed. */
const fewRows = 200;
/** Up to here they are, where none of the largest stands out, as in a ring: it takes ten seconds. */
const manyRows = 1000;

/**
 * The spectral radius of a square matrix with few entries per column: the largest magnitude of an eigenvalue, as `spectralRadius` gives it for the
 * matrix with its zeros, to 1e-9 for reservoirs. It is exactly 0 where no cycle leads from a row back to itself.
 *
 * A large matrix is multiplied with vectors only, some hundreds of times (Arnoldi's method with thick restarts): 5,000 rows take seconds.
 *
 * @param entries of W: the values, and the row of each
 * @param n rows and columns
 * @throws ShapeError if values and rows are not as many, or fill no whole rows of n; RangeError for a value that is not finite or a row that there is not
 * @throws RangeError if the largest eigenvalues of a large matrix lie so near to each other that none stands out
 * @see `spectralRadius`
 * @example spectralRadiusOfSparse({ values: [0.5, 0.5, 0.5], from: [2, 0, 1] }, 3) // 0.5: a ring
 */
export function spectralRadiusOfSparse(entries: SparseEntries, n: number): number {
  const { values, from } = checkSettings("spectralRadiusOfSparse", entries, {
    values: numbers,
    from: numbers,
  });
  check("spectralRadiusOfSparse", "n", n, size);
  if (values.length !== from.length || values.length % n !== 0)
    throw new ShapeError(
      `spectralRadiusOfSparse: values has ${values.length} entries and from ${from.length}, for ${n} columns; both have the same number for each column`,
    );
  for (let q = 0; q < values.length; q++) {
    if (!Number.isFinite(values[q]))
      throw new RangeError(
        `spectralRadiusOfSparse: values[${q}] is ${values[q]}; every entry must be a finite number`,
      );
    if (!Number.isInteger(from[q]) || from[q]! < 0 || from[q]! >= n)
      throw new RangeError(
        `spectralRadiusOfSparse: from[${q}] is ${from[q]}, expected a row of the matrix, 0 to ${n - 1}`,
      );
  }
  const { units, alone } = onCycles({ values, from }, n);
  return units.length === 0 ? alone : Math.max(alone, radiusOf({ values, from }, n, units));
}

/**
 * The rows that lie on cycles through several, or between such, and the largest entry of the diagonal elsewhere: what a row without others before it or
 * without others after it has on the diagonal is an eigenvalue, and the rest of the matrix has the others.
 */
function onCycles({ values, from }: SparseEntries, n: number): { units: number[]; alone: number } {
  const [before, after] = [new Int32Array(n), new Int32Array(n)];
  const readers = Array.from({ length: n }, (): number[] => []);
  const read = Array.from({ length: n }, (): number[] => []);
  const diagonal = new Float64Array(n);
  for (let q = 0; q < values.length; q++) {
    const [i, j] = [from[q]!, q % n];
    if (i === j) diagonal[i]! += values[q]!;
    else if (values[q] !== 0) {
      before[j]! += 1;
      after[i]! += 1;
      readers[i]!.push(j);
      read[j]!.push(i);
    }
  }
  const isOut = new Uint8Array(n);
  const waiting = [...before.keys()].filter((i) => before[i] === 0 || after[i] === 0);
  let alone = 0;
  for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
    if (isOut[i]) continue;
    isOut[i] = 1;
    alone = Math.max(alone, Math.abs(diagonal[i]!));
    for (const [others, counts] of [
      [readers[i]!, before],
      [read[i]!, after],
    ] as const)
      for (const other of others) if (--counts[other]! === 0) waiting.push(other);
  }
  return { units: [...isOut.keys()].filter((i) => !isOut[i]), alone };
}

/** The spectral radius of some rows and their columns. */
function radiusOf({ values, from }: SparseEntries, n: number, units: readonly number[]): number {
  const count = units.length;
  const numberOf = new Int32Array(n).fill(-1);
  units.forEach((unit, at) => {
    numberOf[unit] = at;
  });
  const begin = new Int32Array(count + 1);
  const [rows, weights]: [number[], number[]] = [[], []];
  units.forEach((unit, at) => {
    for (let q = unit; q < values.length; q += n)
      if (numberOf[from[q]!]! >= 0) {
        rows.push(numberOf[from[q]!]!);
        weights.push(values[q]!);
      }
    begin[at + 1] = rows.length;
  });
  const ofAll = () => {
    const whole = new Float64Array(count * count);
    for (let j = 0; j < count; j++)
      for (let q = begin[j]!; q < begin[j + 1]!; q++) whole[rows[q]! * count + j]! += weights[q]!;
    return spectralRadius(whole, count);
  };
  if (count <= fewRows) return ofAll();
  const [at, w] = [Int32Array.from(rows), Float64Array.from(weights)];
  const draws = new RandomNumbers(Key.of(0));
  const radius = krylovRadius(
    (x, out) => {
      for (let j = 0; j < count; j++) {
        let sum = 0;
        for (let q = begin[j]!; q < begin[j + 1]!; q++) sum += w[q]! * x[at[q]!]!;
        out[j] = sum;
      }
    },
    Float64Array.from({ length: count }, () => draws.normal()),
    count <= manyRows ? 40 : 200,
  );
  if (radius !== null) return radius;
  if (count <= manyRows) return ofAll();
  throw new RangeError(
    `spectralRadiusOfSparse: the largest eigenvalues of the ${n} x ${n} matrix lie so near to each other that none stands out; draw other weights, or use spectralRadius on the matrix with its zeros`,
  );
}
