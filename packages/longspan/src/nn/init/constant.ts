import type { ParamSpec } from "../../cell/index.js";
import { check, listOf, number, size } from "../../check/index.js";
import { fromArray, full, type Shape, ShapeError, zeros } from "../../tensor/index.js";
import { specOf } from "./spec.js";

/**
 * Zeros: the usual start of a bias.
 * @param shape the sizes of the axes, one argument each
 * @example zerosInit(4).initialise(Key.of(1), [4], "float32") // [0, 0, 0, 0]
 */
export function zerosInit(...shape: Shape): ParamSpec {
  return specOf("zerosInit", shape, (_, s, dtype) => zeros(s, dtype));
}

/**
 * One number everywhere, such as 1 for the gain of a normalisation.
 * @param value the number
 * @param shape the sizes of the axes, one argument each
 * @example constantInit(1, 3).initialise(Key.of(1), [3], "float32") // [1, 1, 1]
 */
export function constantInit(value: number, ...shape: Shape): ParamSpec {
  check("constantInit", "value", value, number);
  return specOf("constantInit", shape, (_, s, dtype) => full(s, value, dtype));
}

/**
 * A bias of stacked gates, [gates * hidden]: one constant per gate, in the cell's gate order.
 *
 * A forget gate whose bias is 1 starts open, so an LSTM remembers before it has learned to (Gers et al. 2000;
 * section 10.10.2 after Jozefowicz et al. 2015). For the LSTM here, whose gates are stored f, g, i, q:
 * `gateBias(hidden, [1, 0, 0, 0])`.
 *
 * @param hidden units per gate
 * @param values one number per gate
 * @throws ShapeError if no gate is named
 * @example gateBias(2, [1, 0]).initialise(Key.of(1), [4], "float32") // [1, 1, 0, 0]
 */
export function gateBias(hidden: number, values: readonly number[]): ParamSpec {
  check("gateBias", "hidden", hidden, size);
  check("gateBias", "values", values, listOf(number, "a list of one number per gate"));
  if (values.length === 0) throw new ShapeError("gateBias: values holds one number per gate, got none");
  return specOf("gateBias", [values.length * hidden], (_, shape, dtype) =>
    fromArray(
      values.flatMap((v) => new Array<number>(hidden).fill(v)),
      shape,
      dtype,
    ),
  );
}
