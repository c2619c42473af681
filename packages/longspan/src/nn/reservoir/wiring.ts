import type { ParamSpec } from "../../cell/index.js";
import { fromArray } from "../../tensor/index.js";
import { orthogonal, sparseInit } from "../init/index.js";
import { specOf } from "../init/spec.js";

/** Which units of a reservoir a unit reads. See `ReservoirConfig`. */
export type Wiring = "sparse" | "ring" | "orthogonal";

/** The recurrent matrix of a reservoir, [hidden, hidden], scaled to a spectral radius. */
export function reservoirMatrix(config: {
  readonly hidden: number;
  readonly wiring: Wiring;
  readonly nonZeros: number;
  readonly radius: number;
}): ParamSpec {
  const { hidden, wiring, nonZeros, radius } = config;
  if (wiring === "sparse") return sparseInit(hidden, { nonZeros, radius });
  if (wiring === "orthogonal") return orthogonal(hidden, hidden, { gain: radius });
  return specOf("reservoir", [hidden, hidden], (_, shape, dtype) => {
    const values = new Float64Array(hidden * hidden);
    for (let unit = 0; unit < hidden; unit++) values[((unit + hidden - 1) % hidden) * hidden + unit] = radius;
    return fromArray(values, shape, dtype);
  });
}
