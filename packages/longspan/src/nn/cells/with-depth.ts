import {
  type Cell,
  CellError,
  defineCell,
  type ParamSpec,
  type Shapes,
  type StepResult,
} from "../../cell/index.js";
import { check, checkSettings, count, flag, func, type KindsOf, optional } from "../../check/index.js";
import { add, matmul, tanh } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { glorot, orthogonal, zerosInit } from "../init/index.js";
import { type CellMaker, checkInner, outputOf } from "./inner-cell.js";
import { sizes } from "./settings.js";

/** Settings of `withDepth`. */
export interface WithDepthConfig {
  /** Features of x. */
  readonly input: number;
  /** Units of the cell inside, and of each layer. */
  readonly hidden: number;
  /** Layers between x(t) and the cell; 0 by default. */
  readonly inputLayers?: number;
  /** Layers between h(t-1) and the cell; 0 by default. */
  readonly transitionLayers?: number;
  /** Layers between what the cell gives and the output; 0 by default. */
  readonly outputLayers?: number;
  /** Whether h(t-1) also goes past the layers of the transition, added to what they give; false by default. */
  readonly skip?: boolean;
  /** The activation of the layers; tanh by default. */
  readonly squash?: (a: Value) => Value;
}

/** A layer's parameters: W [from, to] and b [to]. */
export interface DepthLayerSpecs {
  readonly W: ParamSpec;
  readonly b: ParamSpec;
}

/** The parameters of a cell with deep maps: those of each map's layers, and of the cell inside. */
export interface WithDepthSpecs<P> {
  readonly input: readonly DepthLayerSpecs[];
  readonly transition: readonly DepthLayerSpecs[];
  readonly output: readonly DepthLayerSpecs[];
  readonly cell: P;
}

/**
 * A cell whose three maps are deep, as in figure 10.13b: an MLP in front of the input, one on the way from state to state, and one behind
 * the output.
 *
 *     x'(t) = MLP_input(x(t))
 *     h'(t-1) = MLP_transition(h(t-1)),  with a skip connection h(t-1) + MLP_transition(h(t-1))    (figure 10.13c)
 *     h(t), v(t) = cell(x'(t), h'(t-1))
 *     output(t) = MLP_output(v(t)),  each layer squash(a W + b)
 *
 * Each layer of the transition makes the shortest path from h(t-1) to h(t) longer by one, and the skip connection makes it what it is in
 * the cell alone: `shortestPath` tells. Other slots of the cell's state, such as the s of an LSTM, go from step to step as they do in the
 * cell. The layers in front of the input and behind the output do not depend on the state before, so they run over all steps at once.
 *
 * Input x [input]; state that of the cell; output [hidden], or what the cell gives without layers behind it. Parameters: `input`,
 * `transition` and `output`, a list of { W, b } each, and `cell`. W starts Glorot-uniform, in the transition orthogonal; b zero.
 *
 * @param cell the cell inside: one of the library, such as `rnn`, or a function from { input, hidden } to one; its state has a slot h, a vector
 * @throws CellError if its state has no such slot
 * @see Goodfellow, Bengio, Courville (2016), section 10.5; Pascanu, Gulcehre, Cho, Bengio (2014), "How to construct deep recurrent neural
 * networks"
 * @example
 * const cell = withDepth(rnn, { input: 3, hidden: 4, inputLayers: 1, transitionLayers: 2, outputLayers: 1, skip: true });
 * const params = cell.init(Key.of(1));
 * params.transition.length // 2
 * const { output, final } = unfold(cell, params, { x: zeros([5, 3]) }, chain([4, 1]));
 * // output [5, 4], final.h [2, 4]
 */
export function withDepth<S extends Shapes, P>(
  cell: CellMaker<S, P>,
  config: WithDepthConfig,
): Cell<{ x: Shape }, S, WithDepthSpecs<P>, Value> {
  check("withDepth", "cell", cell, func);
  const settings = checkSettings("withDepth", config, kinds);
  const { input, hidden, inputLayers = 0, transitionLayers = 0, outputLayers = 0 } = settings;
  const { skip = false, squash = tanh } = settings;
  const inner = cell({ input: inputLayers > 0 ? hidden : input, hidden }) as unknown as Cell;
  checkInner("withDepth", inner);
  const units = unitsOf(inner);
  const deep = defineCell({
    name: `${inner.name} with depth`,
    inputs: () => ({ x: [input] }),
    state: () => inner.state as Shapes,
    params: () => ({
      input: layers(inputLayers, input, hidden, glorot),
      transition: layers(transitionLayers, units, units, orthogonal),
      output: layers(outputLayers, outputLayers > 0 ? outputOf("withDepth", inner) : 0, hidden, glorot),
      cell: inner.specs,
    }),
    start: (params, dtype) => inner.start(params.cell as never, dtype),
    step({ x, ...old }, params, context) {
      const mlp = (of: readonly LayerValues[], v: Value) =>
        of.reduce((from, { W, b }) => squash(add(matmul(from, W), b)), v);
      const before = (old as Readonly<Record<string, Value>>).h!;
      const transformed = mlp(params.transition, before);
      const h = skip && transitionLayers > 0 ? add(before, transformed) : transformed;
      const values = { ...old, x: mlp(params.input, x), h };
      const result = inner.step(values as never, params.cell as never, context);
      const { output, ...rest } = result as StepResult<Shapes, Value, unknown>;
      return { ...rest, output: mlp(params.output, output) };
    },
  })(undefined);
  return deep as never;
}

interface LayerValues {
  readonly W: Value;
  readonly b: Value;
}

/** Layers one behind the other. */
function layers(
  n: number,
  from: number,
  to: number,
  start: (rows: number, columns: number) => ParamSpec,
): DepthLayerSpecs[] {
  return Array.from({ length: n }, (_, k) => ({ W: start(k === 0 ? from : to, to), b: zerosInit(to) }));
}

/** Units of the slot h. */
function unitsOf({ name, state }: Cell): number {
  const h = (state as Shapes).h;
  if (h?.length === 1) return h[0]!;
  throw new CellError(
    `withDepth: the layers of the transition are on the way of the slot h, a vector; the state of cell ${name} has ${Object.keys(state).join(", ") || "no slots"}`,
  );
}

const kinds: KindsOf<WithDepthConfig> = {
  ...sizes,
  inputLayers: optional(count),
  transitionLayers: optional(count),
  outputLayers: optional(count),
  skip: optional(flag),
  squash: optional(func),
};
