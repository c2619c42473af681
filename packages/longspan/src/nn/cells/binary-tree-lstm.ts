import { defineCell } from "../../cell/index.js";
import { add, matmul } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { gateBias, glorot, orthogonal } from "../init/index.js";
import { gates } from "./gates.js";
import type { LstmConfig } from "./lstm.js";
import { fromPorts, portStep } from "./port-gates.js";
import { lstmKinds } from "./settings.js";

/**
 * The LSTM over binary trees, with a left and a right child l, r and a forget gate for each, which sees both
 * children through matrices of its own. In the chapter's letters (U reads the input, W the state; the paper
 * has them the other way round):
 *
 *     f_l = sigmoid(b_f + U_f x + W_ll h_l + W_lr h_r)    (10) forget gate of the left child
 *     f_r = sigmoid(b_f + U_f x + W_rl h_l + W_rr h_r)    (10) forget gate of the right child
 *     g   = sigmoid(b_g + U_g x + W_gl h_l + W_gr h_r)    (9)  input gate
 *     i   = tanh(b_i + U_i x + W_il h_l + W_ir h_r)       (12) input
 *     q   = sigmoid(b_q + U_q x + W_ql h_l + W_qr h_r)    (11) output gate
 *     s   = g i + f_l s_l + f_r s_r                       (13) cell state
 *     h   = q tanh(s)                                     (14) output
 *
 * A child that is absent has h = s = 0. Input x [input] at every node; ports left and right; state h, s
 * [hidden]; output h [hidden]. Parameters U [input, 4 hidden] and b [4 hidden] in the order f, g, i, q (the
 * two forget gates share U_f and b_f, as in the paper); Wleft and Wright [hidden, 5 hidden] in the order f_l,
 * f_r, g, i, q. U starts Glorot-uniform, Wleft and Wright orthogonal, gate by gate; b zero but for the forget
 * gates', 1.
 *
 * For trees with more children than two: `naryTreeLstm`.
 *
 * @see Tai, Socher, Manning (2015), "Improved semantic representations from tree-structured long short-term
 * memory networks", equations 9 to 14 with N = 2; section 10.6 of the chapter
 * @example
 * const cell = binaryTreeLstm({ input: 3, hidden: 4 });
 * const forest = trees([{ children: [[1, 2], [], []] }], { ports: ["left", "right"] });
 * const { final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([3, 3]) }, forest);
 * // final.h [1, 4]: the state of the root
 */
export const binaryTreeLstm = defineCell({
  name: "binaryTreeLstm",
  settings: lstmKinds,
  ports: ["left", "right"],
  inputs: ({ input }: LstmConfig): { x: Shape } => ({ x: [input] }),
  state: ({ hidden }): { h: Shape; s: Shape } => ({ h: [hidden], s: [hidden] }),
  params: ({ input, hidden, forgetBias = 1 }) => ({
    U: glorot(input, hidden, { gates: 4 }),
    Wleft: orthogonal(hidden, hidden, { gates: 5 }),
    Wright: orthogonal(hidden, hidden, { gates: 5 }),
    b: gateBias(hidden, [forgetBias, 0, 0, 0]),
  }),
  step({ x, left, right }, { U, Wleft, Wright, b }) {
    const [f, g, i, q] = gates(add(matmul(x, U), b), 4);
    const read = fromPorts([left, right], [Wleft, Wright]);
    const forget = read.forget.map((part) => add(f, part));
    return portStep([left, right], forget, [add(g, read.g), add(i, read.i), add(q, read.q)]);
  },
});
