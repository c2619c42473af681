import type { Equation, Var } from "../autodiff/index.js";
import type { Cell } from "../cell/index.js";
import { spectralRadius } from "../linear-algebra/index.js";
import { normsOfDoubledPowers } from "../linear-algebra/power-norms.js";
import { leafEntries, read, type Tensor, type Value } from "../tensor/index.js";

/** |W^t| at one t. */
export interface NormOfPower {
  readonly t: number;
  /** The 2-norm: the most that t products with W do to a state. */
  readonly norm: number;
}

/** The powers of one recurrent matrix W: what its products alone would do to a state, without gates and activations. */
export interface RecurrentPowers {
  /** The parameter. */
  readonly param: string;
  /** Which of its parts, from 0: [units, parts * units] is `parts` matrices side by side, as of gates. */
  readonly part: number;
  readonly parts: number;
  readonly units: number;
  readonly radius: number;
  readonly norms: readonly NormOfPower[];
}

/** Powers 1, 2, 4, ..., 64. */
const doublings = 7;
/** Multiplications that take a second or so, for all matrices of a layer. */
const affordableWork = 2e9;
/** n^3 times this: a square, and its norm. */
const workOfNorm = 15;

/**
 * The powers of the matrices by which a step multiplies a part of its old state: each parameter [n, k n] that it multiplies with the n numbers
 * of a slot, by itself or times a gate. What else a step does to it is in the Jacobians.
 *
 * @returns none of a layer whose matrices are too large for a second or two: more than one of 256 x 256, or four of 160 x 160
 */
export async function recurrentPowers({
  cell,
  params,
}: {
  readonly cell: Cell;
  readonly params: unknown;
}): Promise<RecurrentPowers[]> {
  const found = recurrentMatrices(cell);
  const work = found.reduce((sum, { units, parts }) => sum + parts * units ** 3, 0);
  if (work * doublings * workOfNorm > affordableWork) return [];
  const values = new Map(leafEntries(params));
  const out: RecurrentPowers[] = [];
  for (const { param, units, parts } of found) {
    const numbers = await read(values.get(param) as Tensor);
    for (let part = 0; part < parts; part++) {
      const matrix = Float64Array.from(
        { length: units * units },
        (_, i) => numbers[Math.floor(i / units) * parts * units + part * units + (i % units)]!,
      );
      if (!matrix.every(Number.isFinite)) continue;
      const norms = normsOfDoubledPowers(matrix, units, doublings);
      out.push({
        param,
        part,
        parts,
        units,
        radius: spectralRadius(matrix, units),
        norms: Array.from(norms, (norm, k) => ({ t: 2 ** k, norm })),
      });
    }
  }
  return out;
}

/** The parameters that a step multiplies a slot of its old state with, each once. */
function recurrentMatrices(cell: Pick<Cell, "trace">): { param: string; units: number; parts: number }[] {
  const { graph, sources } = cell.trace("float64");
  const { equations, stateIn, edge } = graph;
  const paths = new Map<Value, string>(
    graph.values.flatMap(({ variable }, i) => {
      const source = sources[i]!;
      return source.from === "param" ? [[variable, source.path] as const] : [];
    }),
  );
  const old = new Set<Value>([...stateIn.flat(), ...(edge ? edge.state : [])]);
  // A state times a gate, such as the reset gate of a GRU, is still that state.
  for (const { op, inputs, outputs } of equations)
    if (op.name === "mul" && inputs.some((v) => old.has(v)))
      for (const out of outputs) if (out.shape.length === 1) old.add(out as Var);
  const found = new Map<string, { param: string; units: number; parts: number }>();
  for (const { op, inputs, outputs } of equations) {
    const [state, matrix] = inputs;
    const param = matrix && paths.get(matrix);
    if (op.name !== "matmul" || param === undefined || !old.has(state!) || state!.shape.length !== 1)
      continue;
    const [units, columns] = matrix!.shape as [number, number];
    const widths = widthsOfParts(outputs[0]!, equations);
    if (widths.every((width) => width === units)) found.set(param, { param, units, parts: columns / units });
  }
  return [...found.values()];
}

/** The widths of the parts that a product is cut into, such as gates, after what is added to it; else its own. */
function widthsOfParts(product: Value, equations: readonly Equation[]): number[] {
  const sums = new Set([product]);
  const widths: number[] = [];
  for (const { op, inputs, outputs } of equations) {
    if (!inputs.some((v) => sums.has(v))) continue;
    if (op.name === "add") sums.add(outputs[0]!);
    if (op.name === "slice") widths.push(outputs[0]!.shape.at(-1)!);
  }
  return widths.length > 0 ? widths : [product.shape.at(-1)!];
}
