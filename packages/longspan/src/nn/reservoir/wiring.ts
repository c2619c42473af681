import type { ParamSpec } from "../../cell/index.js";
import type { SparseMatrix } from "../../ops/index.js";
import { type DType, fromArray, type Key, type Shape, type TypedArray } from "../../tensor/index.js";
import { orthogonal, sparseInit } from "../init/index.js";
import { drawSparse, sparseWithRadius } from "../init/sparse.js";
import { specOf } from "../init/spec.js";

/** Which units of a reservoir a unit reads. See `ReservoirConfig`. */
export type Wiring = "sparse" | "ring" | "orthogonal";

/** The recurrent matrix of a reservoir, of the spectral radius that was asked for. */
export function reservoirMatrix(config: {
  readonly hidden: number;
  readonly wiring: Wiring;
  readonly nonZeros: number;
  readonly radius: number;
}): ParamSpec | SparseMatrix<ParamSpec> {
  const { hidden, wiring, nonZeros, radius } = config;
  if (wiring === "orthogonal") return orthogonal(hidden, hidden, { gain: radius });
  if (wiring === "sparse" && nonZeros === hidden) return sparseInit(hidden, { nonZeros, radius });
  if (wiring === "ring")
    return sparseSpecs([1, hidden], {
      values: () => new Float64Array(hidden).fill(radius),
      from: () => Int32Array.from({ length: hidden }, (_, unit) => (unit + hidden - 1) % hidden),
    });
  return sparseSpecs([nonZeros, hidden], {
    values: (key) => sparseWithRadius(key, hidden, nonZeros, radius).values,
    from: (key) => drawSparse(key, hidden, nonZeros).from,
  });
}

/** The parameters of a sparse matrix: its entries, and the row of each, drawn from one key. */
function sparseSpecs(
  shape: Shape,
  draws: { readonly values: (key: Key) => TypedArray; readonly from: (key: Key) => TypedArray },
): SparseMatrix<ParamSpec> {
  const spec = (draw: (key: Key) => TypedArray): ParamSpec => ({
    ...specOf("reservoir", shape, (key: Key, of: Shape, dtype: DType) => fromArray(draw(key), of, dtype)),
    isDrawnWithSiblings: true,
  });
  return { values: spec(draws.values), from: { ...spec(draws.from), dtype: "int32" } };
}
