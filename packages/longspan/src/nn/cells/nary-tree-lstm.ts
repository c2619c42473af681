import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import { checkSettings, optional, size } from "../../check/index.js";
import { add, matmul } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { gateBias, glorot, orthogonal } from "../init/index.js";
import { gates } from "./gates.js";
import type { LstmConfig } from "./lstm.js";
import { fromPorts, type PortState, portStep } from "./port-gates.js";
import { lstmKinds } from "./settings.js";

/** Settings of `naryTreeLstm`. */
export interface NaryTreeLstmOptions extends LstmConfig {
  /** The most children of a node, N; 2 by default. */
  readonly arity?: number;
}

/** Parameters of `naryTreeLstm`: U [input, 4 hidden], b [4 hidden], and for each child k a Wk [hidden, (N + 3) hidden]. */
export interface NaryTreeLstmSpecs {
  readonly U: ParamSpec;
  readonly b: ParamSpec;
  readonly [child: `W${number}`]: ParamSpec;
}

/**
 * The LSTM over trees whose nodes have up to N children, told apart by where they stand, with a forget gate for each child that sees all
 * children. In the chapter's letters (U reads the input, W the state; the paper has them the other way round):
 *
 *     f_k = sigmoid(b_f + U_f x + sum over l of W_kl h_l)    (10) forget gate of child k
 *     g   = sigmoid(b_g + U_g x + sum over l of W_gl h_l)    (9)  input gate
 *     i   = tanh(b_i + U_i x + sum over l of W_il h_l)       (12) input
 *     q   = sigmoid(b_q + U_q x + sum over l of W_ql h_l)    (11) output gate
 *     s   = g i + sum over k of f_k s_k                      (13) cell state
 *     h   = q tanh(s)                                        (14) output
 *
 * A child that is absent has h = s = 0, so a node may have any number of children up to N, none included. Input x [input] at every node;
 * ports child1, ..., childN: `trees(forest, { ports: cell.ports })`; state h, s [hidden]; output h [hidden]. Parameters U [input, 4 hidden]
 * and b [4 hidden] in the order f, g, i, q (all forget gates share U_f and b_f, as in the paper); W1, ..., WN, one for each child, [hidden,
 * (N + 3) hidden] in the order f_1, ..., f_N, g, i, q. U starts Glorot-uniform, each W orthogonal, gate by gate; b zero but for the forget
 * gates', 1. With N = 2 it is `binaryTreeLstm`; where children have no order, or there is no bound on them, see `childSumTreeLstm`.
 *
 * @see Tai, Socher, Manning (2015), "Improved semantic representations from tree-structured long short-term
 * memory networks", equations 9 to 14; section 10.6 of the chapter
 * @example
 * const cell = naryTreeLstm({ input: 3, hidden: 4, arity: 3 });
 * const forest = trees([{ children: [[1, 2, 3], [], [4], [], []] }], { ports: cell.ports });
 * const { final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([5, 3]) }, forest);
 * // final.h [1, 4]: the state of the root
 */
export function naryTreeLstm(
  options: NaryTreeLstmOptions,
): Cell<{ x: Shape }, { h: Shape; s: Shape }, NaryTreeLstmSpecs, Value> {
  const { arity = 2, ...config } = checkSettings<NaryTreeLstmOptions>("naryTreeLstm", options, kinds);
  return withArity(arity)(config);
}

const kinds = { ...lstmKinds, arity: optional(size) };

function withArity(arity: number) {
  const ports = Array.from({ length: arity }, (_, k) => `child${k + 1}`);
  const weights = ports.map((_, k) => `W${k + 1}` as const);
  return defineCell({
    name: "naryTreeLstm",
    ports,
    inputs: ({ input }: LstmConfig): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape; s: Shape } => ({ h: [hidden], s: [hidden] }),
    params: ({ input, hidden, forgetBias = 1 }): NaryTreeLstmSpecs => ({
      U: glorot(input, hidden, { gates: 4 }),
      b: gateBias(hidden, [forgetBias, 0, 0, 0]),
      ...Object.fromEntries(weights.map((W) => [W, orthogonal(hidden, hidden, { gates: arity + 3 })])),
    }),
    step({ x, ...children }, params) {
      const states = ports.map((port) => children[port] as PortState);
      const [f, g, i, q] = gates(add(matmul(x, params.U), params.b), 4);
      const read = fromPorts(
        states,
        weights.map((W) => params[W]!),
      );
      const forget = read.forget.map((part) => add(f, part));
      return portStep(states, forget, [add(g, read.g), add(i, read.i), add(q, read.q)]);
    },
  });
}
