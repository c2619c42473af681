import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import { checkSettings, kind, optional, type RequiredKind } from "../../check/index.js";
import { add, matmul, split } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { gateBias, glorot, orthogonal } from "../init/index.js";
import type { LstmConfig } from "./lstm.js";
import { fromPorts, type PortState, portStep } from "./port-gates.js";
import { lstmKinds } from "./settings.js";

/** Settings of `multidimensionalLstm`. */
export interface MultidimensionalLstmOptions extends LstmConfig {
  /** The names of its ports; those of a grid from a corner, vertical and horizontal, by default. */
  readonly ports?: readonly string[];
  /** The forget gates' initial bias; 0 by default. */
  readonly forgetBias?: number;
}

/** Parameters of `multidimensionalLstm` with N ports: U [input, (N + 3) hidden], b, and for each port k a Wk [hidden, (N + 3) hidden]. */
export interface MultidimensionalLstmSpecs {
  readonly U: ParamSpec;
  readonly b: ParamSpec;
  readonly [port: `W${number}`]: ParamSpec;
}

/**
 * The LSTM over grids: a node reads the states of a neighbour in each dimension k, and has a forget gate for each. In the chapter's letters
 * (U reads the input, W the state):
 *
 *     f_k = sigmoid(b_fk + U_fk x + sum over l of W_kl h_l)    forget gate of dimension k
 *     g   = sigmoid(b_g + U_g x + sum over l of W_gl h_l)      input gate
 *     i   = tanh(b_i + U_i x + sum over l of W_il h_l)         input
 *     q   = sigmoid(b_q + U_q x + sum over l of W_ql h_l)      output gate
 *     s   = g i + sum over k of f_k s_k                        cell state
 *     h   = q tanh(s)                                          output
 *
 * As in the paper, but for its peepholes. It differs from `naryTreeLstm` in that each forget gate has weights of the input and a bias of its
 * own. It runs over any structure with ports of these names, such as a chain with `delays`.
 *
 * The forget gates start with bias 0, where other LSTMs have 1: along every path between two nodes the state is multiplied by the gates on
 * it, and the number of paths grows as 2 to the distance. Two gates of sigmoid(0) = 1/2 keep the sum over all paths; two of sigmoid(1) let
 * the state grow by 1.46 at each step.
 *
 * Input x [input] at every node; ports vertical, horizontal; state h, s [hidden]; output h [hidden]. Parameters U [input, (N + 3) hidden]
 * and b [(N + 3) hidden], and a W1, ..., WN for each port, [hidden, (N + 3) hidden], in the order f_1, ..., f_N, g, i, q. U starts
 * Glorot-uniform, each W orthogonal, gate by gate; b zero.
 *
 * @see Graves, Fernandez, Schmidhuber (2007), "Multi-dimensional recurrent neural networks", section 3.1; section 10.3 of the chapter
 * @example
 * const cell = multidimensionalLstm({ input: 3, hidden: 4 });
 * const { output } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, grid([[2, 3]]));
 * // output [6, 4]
 * const skipping = multidimensionalLstm({ input: 3, hidden: 4, ports: ["near", "far"] });
 * const steps = chain([6], { delays: { near: 1, far: 3 } });
 */
export function multidimensionalLstm(
  options: MultidimensionalLstmOptions,
): Cell<{ x: Shape }, { h: Shape; s: Shape }, MultidimensionalLstmSpecs, Value> {
  const { ports = ["vertical", "horizontal"], ...config } = checkSettings<MultidimensionalLstmOptions>(
    "multidimensionalLstm",
    options,
    kinds,
  );
  return withPorts(ports)(config);
}

const portNames: RequiredKind = kind(
  "a list of at least one name",
  (value) => Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string"),
);
const kinds = { ...lstmKinds, ports: optional(portNames) };

function withPorts(ports: readonly string[]) {
  const weights = ports.map((_, k) => `W${k + 1}` as const);
  const gates = ports.length + 3;
  return defineCell({
    name: "multidimensionalLstm",
    ports,
    inputs: ({ input }: LstmConfig): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape; s: Shape } => ({ h: [hidden], s: [hidden] }),
    params: ({ input, hidden, forgetBias = 0 }): MultidimensionalLstmSpecs => ({
      U: glorot(input, hidden, { gates }),
      b: gateBias(hidden, [...ports.map(() => forgetBias), 0, 0, 0]),
      ...Object.fromEntries(weights.map((W) => [W, orthogonal(hidden, hidden, { gates })])),
    }),
    step({ x, ...neighbours }, params) {
      const states = ports.map((port) => neighbours[port] as PortState);
      const own = split(add(matmul(x, params.U), params.b), gates);
      const read = fromPorts(
        states,
        weights.map((W) => params[W]!),
      );
      const forget = read.forget.map((part, k) => add(own[k]!, part));
      const [g, i, q] = own.slice(-3) as [Value, Value, Value];
      return portStep(states, forget, [add(g, read.g), add(i, read.i), add(q, read.q)]);
    },
  });
}
