import { checkSettings, count, type KindsOf, list, number, orNull, text } from "../check/index.js";
import { formatShape, type Shape, Tensor, Value } from "../tensor/index.js";
import { shapeKind } from "../tensor/kinds.js";

/** One tensor of a gradient, of the parameters or of a batch, looked at after the fact. */
export interface TensorReport {
  /** Its path, such as `layers[0].U`. */
  readonly path: string;
  readonly shape: Shape;
  /** Euclidean norm of its finite elements. */
  readonly norm: number;
  /** Elements that are NaN. */
  readonly nan: number;
  /** Elements that are Inf or -Inf. */
  readonly inf: number;
  /** Index of the first element that is not finite, one number per axis; null if there is none. */
  readonly first: readonly number[] | null;
}

/**
 * Looks at every float tensor of a tree: how large it is, and what in it is not finite. It reads everything back, so it is for
 * after the fact. The reads are issued at once: the tensors may be released while the promise is pending.
 *
 * @param tree tensors in records and arrays; objects of other kinds are passed over.
 * @returns one entry per tensor, in the tree's order
 * @throws TypeError if a leaf holds no data because it is being traced or differentiated
 * @example
 * const [entry] = await reportTensors({ w: tensor([[3, 4], [NaN, Infinity]]) });
 * // { path: "w", shape: [2, 2], norm: 5, nan: 1, inf: 1, first: [1, 0] }
 * console.log(describeNonFinite(entry!)); // "w" [2, 2]: 1 NaN, 1 Inf, first at [1, 0]
 */
export async function reportTensors(tree: unknown): Promise<TensorReport[]> {
  const tensors = plainEntries(tree).filter(([, v]) => v.dtype !== "int32");
  return Promise.all(
    tensors.map(async ([path, v]) => {
      const data = v.data();
      return reportOf(path, v.shape, await data);
    }),
  );
}

/**
 * What in a tensor is not finite, in words; null if nothing is.
 * @example describeNonFinite({ path: "b", shape: [3], norm: 0, nan: 2, inf: 0, first: [0] }) // '"b" [3]: 2 NaN, first at [0]'
 */
export function describeNonFinite(report: TensorReport): string | null {
  checkSettings("describeNonFinite", report, reportKinds);
  const { path, shape, nan, inf, first } = report;
  if (first === null) return null;
  const counts = [nan > 0 ? `${nan} NaN` : "", inf > 0 ? `${inf} Inf` : ""].filter((s) => s !== "");
  return `"${path}" ${formatShape(shape)}: ${counts.join(", ")}, first at ${formatShape(first)}`;
}

function reportOf(path: string, shape: Shape, data: ArrayLike<number>): TensorReport {
  let [nan, inf, first, largest, sum] = [0, 0, -1, 0, 0];
  for (let i = 0; i < data.length; i++) {
    const x = Math.abs(data[i]!);
    if (x < Number.POSITIVE_INFINITY) {
      largest = Math.max(largest, x);
      continue;
    }
    if (first < 0) first = i;
    if (Number.isNaN(x)) nan += 1;
    else inf += 1;
  }
  // Scaled, since the square of a large gradient overflows even in float64.
  if (largest > 0)
    for (let i = 0; i < data.length; i++) if (Number.isFinite(data[i]!)) sum += (data[i]! / largest) ** 2;
  return {
    path,
    shape,
    norm: largest * Math.sqrt(sum),
    nan,
    inf,
    first: first < 0 ? null : indexOf(first, shape),
  };
}

function indexOf(offset: number, shape: Shape): number[] {
  const index: number[] = [];
  let rest = offset;
  for (const n of [...shape].reverse()) {
    index.unshift(rest % n);
    rest = Math.floor(rest / n);
  }
  return index;
}

/** The tensors of a tree that may also hold objects of other kinds, such as structures, which are passed over. */
function plainEntries(tree: unknown, path = ""): [path: string, tensor: Tensor][] {
  if (tree instanceof Tensor) return [[path, tree]];
  if (tree instanceof Value)
    throw new TypeError(`reportTensors: "${path}" is being traced or differentiated and holds no data`);
  if (Array.isArray(tree)) return tree.flatMap((t, i) => plainEntries(t, `${path}[${i}]`));
  if (typeof tree !== "object" || tree === null) return [];
  const prototype = Object.getPrototypeOf(tree);
  if (prototype !== Object.prototype && prototype !== null) return [];
  return Object.entries(tree).flatMap(([k, t]) => plainEntries(t, path === "" ? k : `${path}.${k}`));
}

const reportKinds: KindsOf<TensorReport> = {
  path: text,
  shape: shapeKind,
  norm: number,
  nan: count,
  inf: count,
  first: orNull(list),
};
