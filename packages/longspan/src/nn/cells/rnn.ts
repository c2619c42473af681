import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import { specKind } from "../../cell/kinds.js";
import { checkSettings, describe, oneOf, optional, type RequiredKind } from "../../check/index.js";
import { add, clamp, matmul, relu, sigmoid, tanh } from "../../ops/index.js";
import { formatShape, type Shape, ShapeError, sameShape, type Value } from "../../tensor/index.js";
import { glorot, orthogonal, zerosInit } from "../init/index.js";
import { sizes } from "./settings.js";

/** Settings of `rnn`. */
export interface RnnConfig {
  /** Features of x. */
  readonly input: number;
  /** Units of h. */
  readonly hidden: number;
  /** tanh by default; saturated is min(max(a, 0), 1). */
  readonly activation?: "tanh" | "relu" | "sigmoid" | "saturated";
  /** How U starts, [input, hidden]; Glorot-uniform by default. */
  readonly U?: ParamSpec;
  /**
   * How W starts, [hidden, hidden]; orthogonal by default. `identity(hidden)` with relu is the IRNN of Le
   * et al. (2015).
   */
  readonly W?: ParamSpec;
}

/** Parameters of `rnn`: U [input, hidden], W [hidden, hidden], b [hidden]. */
export interface RnnSpecs {
  readonly U: ParamSpec;
  readonly W: ParamSpec;
  readonly b: ParamSpec;
}

/**
 * The recurrent network with hidden-to-hidden connections (figure 10.3).
 *
 *     a(t) = b + W h(t-1) + U x(t)      (10.8)
 *     h(t) = tanh(a(t))                 (10.9), or relu(a(t)), or sigmoid(a(t)), or min(max(a(t), 0), 1)
 *
 * Input x [input]; state h [hidden]; output h(t) [hidden]. The output layer o(t) = c + V h(t) (10.10) is
 * `linear`. Matrices are stored [in, out], so that a row x multiplies from the left: x U. U starts
 * Glorot-uniform, W orthogonal, b zero. The derivative of relu at 0 is 0; that of the saturated activation
 * is 1 at 0 and 1.
 *
 * @throws TypeError for another activation
 * @throws ShapeError if a given U is not [input, hidden] or a given W not [hidden, hidden]
 * @see Goodfellow, Bengio, Courville (2016), equations 10.8 and 10.9
 * @example
 * const cell = rnn({ input: 3, hidden: 4 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.h [2, 4]
 */
export function rnn(config: RnnConfig): Cell<{ x: Shape }, { h: Shape }, RnnSpecs, Value> {
  checkSettings("rnn", config, kinds);
  return cells[config.activation ?? "tanh"](config);
}

const cells = {
  tanh: rnnWith("rnn", tanh),
  relu: rnnWith("rnn.relu", relu),
  sigmoid: rnnWith("rnn.sigmoid", sigmoid),
  saturated: rnnWith("rnn.saturated", (a) => clamp(a, 0, 1)),
};

const named = oneOf(...Object.keys(cells));
const activationKind: RequiredKind = {
  ...named,
  refusal: (subject, value) =>
    new TypeError(
      `${subject} is "tanh", "relu", "sigmoid" or "saturated", got ${describe(value)}; for another one define a cell of your own, with defineCell()`,
    ),
};
const kinds = {
  ...sizes,
  activation: optional(activationKind),
  U: optional(specKind),
  W: optional(specKind),
};

function rnnWith(name: string, activation: (a: Value) => Value) {
  return defineCell({
    name,
    inputs: ({ input }: RnnConfig): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape } => ({ h: [hidden] }),
    params: ({ input, hidden, U, W }): RnnSpecs => ({
      U: checkShape("U", "[input, hidden]", U ?? glorot(input, hidden), [input, hidden]),
      W: checkShape("W", "[hidden, hidden]", W ?? orthogonal(hidden, hidden), [hidden, hidden]),
      b: zerosInit(hidden),
    }),
    step({ x, h }, { U, W, b }) {
      const a = add(add(matmul(x, U), b), matmul(h, W));
      const next = activation(a);
      return { state: { h: next }, output: next };
    },
  });
}

function checkShape(name: string, axes: string, spec: ParamSpec, shape: Shape): ParamSpec {
  if (!sameShape(spec.shape, shape))
    throw new ShapeError(
      `rnn: ${name} is ${formatShape(spec.shape)}, expected ${formatShape(shape)}: ${axes}`,
    );
  return spec;
}
