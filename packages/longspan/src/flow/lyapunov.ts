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
  statesRead,
  stepJacobians,
} from "./layer-steps.js";
import { levelsOf, longestPath, readsFromTheEnd } from "./paths.js";

/** Settings of `lyapunovExponents`. */
export interface LyapunovOptions<S extends Shapes> {
  /** How many exponents, the largest first; all by default. */
  readonly count?: number;
  /**
   * Steps at the end of the sequence, over trees edges next to the roots, that only turn the vectors into their directions; by default a
   * tenth of its length, or of the longest path's.
   */
  readonly settle?: number;
  /** Initial state, one row per sequence; zeros where not given. */
  readonly initial?: Partial<ValuesOf<S>>;
}

/**
 * The leading Lyapunov exponents of a cell along a sequence, or along the paths of trees: the mean logarithmic growth per step of the principal axes of
 *
 *     dh(t)/dh(0) = product of the Jacobians dh(k)/dh(k-1)
 *
 * by the QR method, applied to the transposed product, from the last step to the first: the directions in which gradients travel.
 * Above 0, the sequence is chaotic and gradients explode; below, both the influence of the past and the gradient fade, as exp(lambda lag).
 *
 * Over trees and graphs, and over several sequences, the product is that of the Jacobians dh(n)/dh(m) along the edges m -> n of a path
 * from a leaf to a root, a node that nobody reads. There is one path from each leaf; where several nodes read one, it goes by the one
 * that is farthest from a root. Given is the mean logarithmic growth per edge over all paths: the sum of the growth of all, divided
 * by the sum of their edges.
 *
 * Computed in float64. In a single sequence, a state of up to 64 numbers has its Jacobians formed; a larger one is pulled back through
 * step by step.
 *
 * @returns per step or edge, natural logarithm, in falling order
 * @throws StructureError if no path has two edges
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
  const path = longestPath(structure);
  if (path.length < 2)
    throw new StructureError(
      `lyapunovExponents: expected a chain of at least two steps, or trees with a path of at least two edges, got ${structure.sequences} sequences of ${structure.nodes} nodes in all, the longest path of ${path.length}`,
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
    const sources = await statesRead(structure, anyCell, states, start);
    const layer: RanLayer = { cell: anyCell, structure, ...exact, sources };
    const isOnePath = structure.reads.onePerNode && path.length === structure.nodes;
    const along = isOnePath ? backwardExponents : exponentsOfPaths;
    return await along(
      layer,
      path,
      count ?? stateSizes(anyCell).total,
      settle ?? Math.floor(path.length / 10),
    );
  } finally {
    dispose([exact, start, states]);
  }
}

/** Exponents along one path, whose edges are given from its first to its last; in a chain, those into the rows of a sequence. */
export async function backwardExponents(
  layer: RanLayer,
  edges: Int32Array,
  count: number,
  settle: number,
): Promise<number[]> {
  const { total: n } = stateSizes(layer.cell);
  checkNumbers(n, count, settle, edges.length);
  let vectors = startingVectors(n, count);
  const sums = new Float64Array(count);
  const block = n <= 64 ? Math.max(1, Math.floor(65536 / (n * n))) : 0;
  let jacobians: Float64Array = new Float64Array(0);
  let first = edges.length;
  for (let t = edges.length - 1; t >= 0; t--) {
    if (block > 0) {
      if (t < first) {
        first = Math.max(0, t + 1 - block);
        jacobians = await stepJacobians(layer, edges.subarray(first, t + 1));
      }
      const jacobian = jacobians.subarray((t - first) * n * n, (t - first + 1) * n * n);
      vectors = matrixProduct(vectors, jacobian, count, n, n);
    } else vectors = await pullBack(layer, new Int32Array(count).fill(edges[t]!), vectors);
    const logs = orthonormalise(vectors, n, count);
    if (t < edges.length - settle) for (let k = 0; k < count; k++) sums[k]! += logs[k]!;
  }
  return Array.from(sums, (s) => s / (edges.length - settle)).sort((a, b) => b - a);
}

/**
 * Exponents over all paths to nodes that nobody reads. What comes back to a node is that of the node that reads it, pulled back along the
 * edge between them, so that paths share what they have in common, and the edges of one level are pulled back together.
 */
async function exponentsOfPaths(
  layer: RanLayer,
  longest: Int32Array,
  count: number,
  settle: number,
): Promise<number[]> {
  const { total: n } = stateSizes(layer.cell);
  checkNumbers(n, count, settle, longest.length);
  const { steps, waiting } = pathsOf(layer.structure);
  const { reads } = layer.structure;
  interface Arrived {
    readonly vectors: Float64Array;
    readonly sums: Float64Array;
    readonly edges: number;
  }
  const start: Arrived = { vectors: startingVectors(n, count), sums: new Float64Array(count), edges: 0 };
  const arrived = new Map<number, Arrived>();
  const readers = new Set(reads.node);
  const totals = new Float64Array(count);
  let counted = 0;
  for (const edges of steps) {
    const after = edges.map((e) => arrived.get(reads.node[e]!) ?? start);
    const cotangents = new Float64Array(edges.length * count * n);
    after.forEach(({ vectors }, i) => {
      cotangents.set(vectors, i * count * n);
    });
    const repeated = Int32Array.from(edges.flatMap((e) => new Array<number>(count).fill(e)));
    const pulled = await pullBack(layer, repeated, cotangents);
    edges.forEach((e, i) => {
      const vectors = pulled.slice(i * count * n, (i + 1) * count * n);
      const logs = orthonormalise(vectors, n, count);
      const own = after[i]!;
      const sums = own.edges < settle ? own.sums : own.sums.map((s, k) => s + logs[k]!);
      const here = { vectors, sums, edges: own.edges + 1 };
      const from = reads.from[e]!;
      if (from >= 0 && readers.has(from)) arrived.set(from, here);
      else if (here.edges > settle) {
        sums.forEach((s, k) => {
          totals[k]! += s;
        });
        counted += here.edges - settle;
      }
      const node = reads.node[e]!;
      waiting[node]! -= 1;
      if (waiting[node] === 0) arrived.delete(node);
    });
  }
  return Array.from(totals, (s) => s / counted).sort((a, b) => b - a);
}

/**
 * The edges of all paths from leaves, and from initial states, to nodes that nobody reads: in groups that can be gone through together,
 * those of later levels first.
 * @returns waiting: per row, the edges of paths that lead to it
 */
function pathsOf(structure: Structure): { steps: number[][]; waiting: Int32Array } {
  const { reads, nodes } = structure;
  const levels = levelsOf(structure);
  const up = new Int32Array(nodes).fill(-1);
  const toEnd = new Int32Array(nodes);
  const fromSources: number[] = [];
  for (const e of readsFromTheEnd(structure)) {
    const [from, beyond] = [reads.from[e]!, toEnd[reads.node[e]!]! + 1];
    if (from < 0) fromSources.push(e);
    else if (up[from]! < 0 || beyond > toEnd[from]!) {
      up[from] = e;
      toEnd[from] = beyond;
    }
  }
  const waiting = new Int32Array(nodes);
  const steps: number[][] = Array.from({ length: structure.levels }, () => []);
  for (const e of [...up.filter((edge) => edge >= 0), ...fromSources]) {
    waiting[reads.node[e]!]! += 1;
    steps[levels[reads.node[e]!]!]!.push(e);
  }
  return { steps: steps.reverse().filter((edges) => edges.length > 0), waiting };
}

function checkNumbers(n: number, count: number, settle: number, edges: number): void {
  if (!Number.isInteger(count) || count < 1 || count > n)
    throw new RangeError(`lyapunovExponents: the count is an integer from 1 to ${n}, got ${count}`);
  if (!(settle >= 0 && settle < edges))
    throw new RangeError(`lyapunovExponents: settles for ${settle} of ${edges} steps; some must be left`);
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
