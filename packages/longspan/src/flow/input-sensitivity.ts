import { linearize } from "../autodiff/index.js";
import { check, func } from "../check/index.js";
import { fromArray, ShapeError, sizeOf, type Tensor, type TypedArray, type Value } from "../tensor/index.js";
import { tensorKind } from "../tensor/kinds.js";
import { type Structure, StructureError } from "../unfold/index.js";
import { structureKind } from "../unfold/kinds.js";

/** How much outputs depend on the inputs that lie so many steps before them. */
export interface SensitivityAtLag {
  /** t - s: steps from the input to the output. Below 0, the input comes after it. */
  readonly lag: number;
  /** The root of the mean of |do(t)/dx(s)|^2 over the pairs at that distance. */
  readonly norm: number;
  readonly smallest: number;
  readonly largest: number;
  /** Pairs of an output and an input of its own sequence. */
  readonly pairs: number;
}

/** What `inputSensitivity` gives. */
export interface InputSensitivity {
  /** Per sequence |do(t)/dx(s)|, [steps, steps], a row for each output. */
  readonly norms: readonly Float64Array[];
  /** The same by t - s, from the latest input to the earliest. */
  readonly lags: readonly SensitivityAtLag[];
}

/**
 * How much each output of a network depends on each input of its sequence:
 *
 *     |do(t)/dx(s)|,   the root of the sum of the squares of all elements of the Jacobian
 *
 * A one-way network gives exactly 0 for s > t, a window of fixed size exactly 0 outside of it, and a two-way network something
 * everywhere, most around t (section 10.3). Every feature of every step is differentiated, so there are as many backward runs as the
 * longest sequence has outputs; several sequences go side by side.
 *
 * @param outputs from inputs [nodes, ...] to outputs [nodes, ...], such as `(x) => layer.apply(params, x, structure).output`
 * @param x rows of the structure @param structure chains
 * @throws StructureError if the structure is not of chains @throws ShapeError if there is no row of output for each node
 * @see Goodfellow, Bengio, Courville (2016), section 10.3
 * @example
 * const layer = recurrent(gru({ input: 3, hidden: 4 }));
 * const params = layer.init(Key.of(1));
 * const structure = chain([5]);
 * const { lags } = await inputSensitivity(
 *   (x) => layer.apply(params, x, structure).output,
 *   normal(Key.of(2), [5, 3]),
 *   structure,
 * );
 * lags[0]; // { lag: -4, norm: 0, smallest: 0, largest: 0, pairs: 1 }: a later input is not seen
 */
export async function inputSensitivity(
  outputs: (x: Value) => Value,
  x: Tensor,
  structure: Structure,
): Promise<InputSensitivity> {
  check("inputSensitivity", "outputs", outputs, func);
  check("inputSensitivity", "x", x, tensorKind);
  check("inputSensitivity", "structure", structure, structureKind);
  if (structure.parts.clock === null)
    throw new StructureError(
      "inputSensitivity: a distance t - s needs a chain, made by chain(lengths): trees and graphs have no clock",
    );
  checkRows("x", x, structure);
  const { value, pullback, dispose } = linearize(outputs, x);
  try {
    checkRows("the output", value, structure);
    const rows = Array.from({ length: structure.sequences }, (_, b) => structure.rowsOf(b));
    const longest = rows.reduce((most, { length }) => Math.max(most, length), 0);
    const [features, width] = [sizeOf(value.shape.slice(1)), sizeOf(x.shape.slice(1))];
    const squares = rows.map(({ length }) => new Float64Array(length * length));
    for (let t = 0; t < longest; t++)
      for (let i = 0; i < features; i++) {
        const chosen = new Float64Array(value.size);
        // Sequences do not see each other: one backward run serves them all.
        for (const own of rows) if (t < own.length) chosen[own[t]! * features + i] = 1;
        const seed = fromArray(chosen, value.shape, value.dtype);
        const gradient = pullback(seed as never) as Tensor;
        const numbers = await gradient.data();
        gradient.dispose();
        seed.dispose();
        for (const [b, own] of rows.entries())
          if (t < own.length) addSquares(squares[b]!, t, own, numbers, width);
      }
    const norms = squares.map((of) => of.map(Math.sqrt));
    return { norms, lags: byDistance(norms, longest) };
  } finally {
    dispose();
  }
}

/** Adds the squares of a gradient's rows to the row t of a matrix over the steps of a sequence. */
function addSquares(
  to: Float64Array,
  t: number,
  rows: readonly number[],
  numbers: TypedArray,
  width: number,
): void {
  for (const [s, row] of rows.entries())
    for (let j = 0; j < width; j++) to[t * rows.length + s]! += numbers[row * width + j]! ** 2;
}

function byDistance(norms: readonly Float64Array[], longest: number): SensitivityAtLag[] {
  const lags = Array.from({ length: Math.max(0, 2 * longest - 1) }, (_, i) => i - (longest - 1));
  return lags.map((lag) => {
    const pairs = norms.flatMap((of) => diagonal(of, lag));
    return {
      lag,
      norm: Math.sqrt(pairs.reduce((sum, v) => sum + v * v, 0) / pairs.length),
      smallest: pairs.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
      largest: pairs.reduce((a, b) => Math.max(a, b), 0),
      pairs: pairs.length,
    };
  });
}

/** The elements [t, t - lag] of a square matrix. */
function diagonal(of: Float64Array, lag: number): number[] {
  const steps = Math.sqrt(of.length);
  const found: number[] = [];
  for (let t = Math.max(0, lag); t < Math.min(steps, steps + lag); t++) found.push(of[t * steps + t - lag]!);
  return found;
}

function checkRows(what: string, { shape }: Tensor, structure: Structure): void {
  if (shape[0] === structure.nodes) return;
  throw new ShapeError(
    `inputSensitivity: ${what} has ${shape[0] ?? "no"} rows, the structure has ${structure.nodes} nodes; each node has an input and an output`,
  );
}
