import type { Cell, InputSpecs, ParamsOf, Shapes, ValuesOf } from "../cell/index.js";
import { cellKind } from "../cell/kinds.js";
import { check, checkSettings, count as countKind, optional, size } from "../check/index.js";
import { matrixProduct } from "../linear-algebra/matrix.js";
import { orthonormalise } from "../linear-algebra/orthonormalise.js";
import { scope } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { type Structure, StructureError, unfold } from "../unfold/index.js";
import { structureKind } from "../unfold/kinds.js";
import {
  dispose,
  inFloat64,
  owned,
  pullBack,
  type RanLayer,
  stateSizes,
  statesBefore,
  stepJacobians,
} from "./layer-steps.js";

/** Settings of `lyapunovExponents`. */
export interface LyapunovOptions<S extends Shapes> {
  /** How many exponents, the largest first; all by default. */
  readonly count?: number;
  /** Steps at the end of the sequence that only turn the vectors into their directions; a tenth of its length by default. */
  readonly settle?: number;
  /** Initial state, one row; zeros where not given. */
  readonly initial?: Partial<ValuesOf<S>>;
}

/**
 * The leading Lyapunov exponents of a cell along one sequence: the mean logarithmic growth per step of the principal axes of
 *
 *     dh(t)/dh(0) = product of the Jacobians dh(k)/dh(k-1)
 *
 * by the QR method, applied to the transposed product, from the last step to the first: the directions in which gradients travel.
 * Above 0, the sequence is chaotic and gradients explode; below, both the influence of the past and the gradient fade, as exp(lambda lag).
 *
 * Computed in float64. A state of up to 64 numbers has its Jacobians formed; a larger one is pulled back through step by step.
 *
 * @param structure a chain of one sequence
 * @returns per step, natural logarithm, in falling order
 * @throws StructureError if the structure is not one sequence of at least two steps
 * @throws RangeError if the count is not between 1 and the numbers in the state
 * @see Benettin et al. (1980); Engelken, Wolf, Abbott (2023) for recurrent nets
 * @example
 * const henon = defineCell({
 *   name: "henon",
 *   inputs: () => ({}),
 *   state: () => ({ a: [1], b: [1] }),
 *   params: () => ({}),
 *   step: ({ a, b }) => ({ state: { a: add(sub(1, mul(1.4, square(a))), b), b: mul(0.3, a) }, output: a }),
 * });
 * await lyapunovExponents(henon({}), {}, {}, chain([1000])); // about 0.42 and -1.62
 */
export async function lyapunovExponents<I extends InputSpecs, S extends Shapes, P, O, N>(
  cell: Cell<I, S, P, O, N>,
  params: ParamsOf<P>,
  inputs: ValuesOf<I>,
  structure: Structure,
  options?: LyapunovOptions<S>,
): Promise<number[]> {
  check("lyapunovExponents", "cell", cell, cellKind);
  check("lyapunovExponents", "params", params, treeKind);
  check("lyapunovExponents", "inputs", inputs, treeKind);
  check("lyapunovExponents", "structure", structure, structureKind);
  const {
    count,
    settle,
    initial = {},
  } = checkSettings<LyapunovOptions<Shapes>>("lyapunovExponents", options as LyapunovOptions<Shapes>, {
    count: optional(size),
    settle: optional(countKind),
    initial: optional(treeKind),
  });
  if (structure.sequences !== 1 || structure.nodes < 2 || structure.levels !== structure.nodes)
    throw new StructureError(
      `lyapunovExponents: expected a chain of one sequence of at least two steps, got ${structure.sequences} sequences of ${structure.nodes} steps in all`,
    );
  const anyCell = cell as unknown as Cell;
  const { exact, start, states } = scope(() => {
    const exact = inFloat64(params, inputs as never);
    const start = inFloat64(null, initial as never).inputs;
    const options = { initial: start, states: true };
    const { states } = unfold(anyCell, exact.params as never, exact.inputs, structure, options);
    return owned({ exact, start, states: states! });
  });
  try {
    const before = await statesBefore(structure, anyCell, states, start);
    const layer: RanLayer = { cell: anyCell, structure, ...exact, before };
    const rows = Int32Array.from(structure.rowsOf(0));
    return await backwardExponents(
      layer,
      rows,
      count ?? stateSizes(anyCell).total,
      settle ?? Math.floor(rows.length / 10),
    );
  } finally {
    dispose([exact, start, states]);
  }
}

/** Exponents along the steps of one sequence, whose rows are given from its first step to its last. */
export async function backwardExponents(
  layer: RanLayer,
  rows: Int32Array,
  count: number,
  settle: number,
): Promise<number[]> {
  const { total: n } = stateSizes(layer.cell);
  if (!Number.isInteger(count) || count < 1 || count > n)
    throw new RangeError(`lyapunovExponents: the count is an integer from 1 to ${n}, got ${count}`);
  if (!(settle >= 0 && settle < rows.length))
    throw new RangeError(
      `lyapunovExponents: settles for ${settle} of ${rows.length} steps; some must be left`,
    );
  let vectors = startingVectors(n, count);
  const sums = new Float64Array(count);
  const block = n <= 64 ? Math.max(1, Math.floor(65536 / (n * n))) : 0;
  let jacobians: Float64Array = new Float64Array(0);
  let first = rows.length;
  for (let t = rows.length - 1; t >= 0; t--) {
    if (block > 0) {
      if (t < first) {
        first = Math.max(0, t + 1 - block);
        jacobians = await stepJacobians(layer, rows.subarray(first, t + 1));
      }
      const jacobian = jacobians.subarray((t - first) * n * n, (t - first + 1) * n * n);
      vectors = matrixProduct(vectors, jacobian, count, n, n);
    } else vectors = await pullBack(layer, new Int32Array(count).fill(rows[t]!), vectors);
    const logs = orthonormalise(vectors, n, count);
    if (t < rows.length - settle) for (let k = 0; k < count; k++) sums[k]! += logs[k]!;
  }
  return Array.from(sums, (s) => s / (rows.length - settle)).sort((a, b) => b - a);
}

/** Orthonormal rows [count, n] that no coordinate system of a model is likely to be special to. */
function startingVectors(n: number, count: number): Float64Array {
  const v = new Float64Array(count * n);
  // The fractional parts of multiples of an irrational number fill (0, 1) evenly.
  for (let i = 0; i < v.length; i++) v[i] = (((i + 1) * 0.6180339887498949) % 1) - 0.5;
  for (let k = 0; k < count; k++) v[k * n + k]! += 2;
  orthonormalise(v, n, count);
  return v;
}
