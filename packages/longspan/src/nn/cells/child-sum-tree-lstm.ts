import { defineCell } from "../../cell/index.js";
import { add, matmul, mul, sigmoid, tanh } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { constantInit, gateBias, glorot, orthogonal } from "../init/index.js";
import { gates } from "./gates.js";
import type { LstmConfig } from "./lstm.js";
import { lstmKinds } from "./settings.js";

/**
 * The LSTM over trees and graphs in which a node has any number of children, in no order. Each child k has a
 * forget gate of its own, computed on the edge from the child's output and the parent's input. In the
 * chapter's letters (U reads the input, W the state; the paper has them the other way round):
 *
 *     f_k = sigmoid(b_f + U_f x + W_f h_k)    (4) forget gate of child k
 *     H   = sum over k of h_k                 (2)
 *     g   = sigmoid(b_g + U_g x + W_g H)      (3) input gate
 *     i   = tanh(b_i + U_i x + W_i H)         (6) input
 *     q   = sigmoid(b_q + U_q x + W_q H)      (5) output gate
 *     s   = g i + sum over k of f_k s_k       (7) cell state
 *     h   = q tanh(s)                         (8) output
 *
 * A node without children has H = 0 and s = g i. Several nodes may read one child (`graph`): each edge has
 * its own forget gate.
 *
 * Input x [input] at every node; state h, s [hidden]; the message of an edge is (h_k, f_k s_k); output h
 * [hidden]. Parameters U [input, 3 hidden], W [hidden, 3 hidden], b [3 hidden] in the order g, i, q; Uforget
 * [input, hidden], Wforget [hidden, hidden], bforget [hidden]. U and Uforget start Glorot-uniform, W and
 * Wforget orthogonal, gate by gate; b zero, bforget 1.
 *
 * @see Tai, Socher, Manning (2015), "Improved semantic representations from tree-structured long short-term
 * memory networks", equations 2 to 8; section 10.6 of the chapter
 * @example
 * const cell = childSumTreeLstm({ input: 3, hidden: 4 });
 * const forest = trees([{ children: [[1, 2, 3], [], [], []] }]);
 * const { final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([4, 3]) }, forest);
 * // final.h [1, 4]: the state of the root
 */
export const childSumTreeLstm = defineCell({
  name: "childSumTreeLstm",
  settings: lstmKinds,
  inputs: ({ input }: LstmConfig): { x: Shape } => ({ x: [input] }),
  state: ({ hidden }): { h: Shape; s: Shape } => ({ h: [hidden], s: [hidden] }),
  message: ({ hidden }): { h: Shape; s: Shape } => ({ h: [hidden], s: [hidden] }),
  params: ({ input, hidden, forgetBias = 1 }) => ({
    U: glorot(input, hidden, { gates: 3 }),
    W: orthogonal(hidden, hidden, { gates: 3 }),
    b: gateBias(hidden, [0, 0, 0]),
    Uforget: glorot(input, hidden),
    Wforget: orthogonal(hidden, hidden),
    bforget: constantInit(forgetBias, hidden),
  }),
  edge({ x, h, s }, { Uforget, Wforget, bforget }) {
    const f = sigmoid(add(add(matmul(x, Uforget), bforget), matmul(h, Wforget)));
    return { h, s: mul(f, s) };
  },
  step({ x, h, s }, { U, W, b }) {
    const [g, i, q] = gates(add(add(matmul(x, U), b), matmul(h, W)), 3);
    const kept = add(mul(sigmoid(g), tanh(i)), s);
    const out = mul(sigmoid(q), tanh(kept));
    return { state: { h: out, s: kept }, output: out };
  },
});
