import type { ParamSpec } from "../../cell/index.js";
import { check, number, size } from "../../check/index.js";
import { fromArray } from "../../tensor/index.js";
import { specOf } from "./spec.js";

/**
 * A multiple of the identity matrix, [n, n]: the start of a recurrent matrix that copies its state from step
 * to step.
 *
 * @param n rows and columns
 * @param scale the numbers on the diagonal; 1 keeps the state, 0.01 suits tasks with short dependencies
 * @see Le, Jaitly, Hinton (2015), "A simple way to initialize recurrent networks of rectified linear units"
 * @example
 * const irnn = rnn({ input: 2, hidden: 100, activation: "relu", W: identity(100) });
 */
export function identity(n: number, scale = 1): ParamSpec {
  check("identity", "n", n, size);
  check("identity", "scale", scale, number);
  return specOf("identity", [n, n], (_, shape, dtype) => {
    const values = new Float64Array(n * n);
    for (let i = 0; i < n; i++) values[i * n + i] = scale;
    return fromArray(values, shape, dtype);
  });
}
