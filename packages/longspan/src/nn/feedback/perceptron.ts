import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import { checkSettings, type KindsOf, oneOf, optional, size } from "../../check/index.js";
import { add, matmul, relu, sigmoid, tanh } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { glorot, zerosInit } from "../init/index.js";

/** Settings of `perceptron`. */
export interface PerceptronConfig {
  /** Features of x. */
  readonly input: number;
  /** Units. */
  readonly hidden: number;
  /** tanh by default. */
  readonly activation?: "tanh" | "relu" | "sigmoid";
}

/** Parameters of `perceptron`: U [input, hidden], b [hidden]. */
export interface PerceptronSpecs {
  readonly U: ParamSpec;
  readonly b: ParamSpec;
}

/**
 * One hidden layer as a cell without a state: its steps do not depend on each other.
 *
 *     h(t) = tanh(b + U x(t))
 *
 * Input x [input]; no state; output h(t) [hidden]. U starts Glorot-uniform, b zero. With `fedBack`, the net whose only recurrence is from
 * its output: `outputToHidden`.
 *
 * @example
 * const cell = perceptron({ input: 3, hidden: 4 });
 * unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2])).output.shape // [ 6, 4 ]
 */
export function perceptron(
  config: PerceptronConfig,
): Cell<{ x: Shape }, Record<never, never>, PerceptronSpecs, Value> {
  const { activation = "tanh" } = checkSettings("perceptron", config, kinds);
  return cells[activation](config);
}

const activations = { tanh, relu, sigmoid };
const kinds: KindsOf<PerceptronConfig> = {
  input: size,
  hidden: size,
  activation: optional(oneOf(...Object.keys(activations))),
};

const cells = {
  tanh: perceptronWith("perceptron", "tanh"),
  relu: perceptronWith("perceptron.relu", "relu"),
  sigmoid: perceptronWith("perceptron.sigmoid", "sigmoid"),
};

function perceptronWith(name: string, activation: keyof typeof activations) {
  return defineCell({
    name,
    inputs: ({ input }: PerceptronConfig): { x: Shape } => ({ x: [input] }),
    state: () => ({}),
    params: ({ input, hidden }): PerceptronSpecs => ({ U: glorot(input, hidden), b: zerosInit(hidden) }),
    step({ x }: { x: Value }, { U, b }: { U: Value; b: Value }) {
      const h = activations[activation](add(matmul(x, U), b));
      return { state: {}, output: h };
    },
  });
}
