import { defineCell } from "../../cell/index.js";
import { add, matmul, mul, sigmoid, tanh } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";
import { gateBias, glorot, orthogonal, zerosInit } from "../init/index.js";
import { gates } from "./gates.js";
import type { LstmConfig } from "./lstm.js";
import { lstmKinds } from "./settings.js";

/**
 * Long short-term memory whose gates also see the cell state, each unit its own (diagonal "peepholes"). The
 * forget and input gates see s(t-1), the output gate s(t).
 *
 *     f(t) = sigmoid(b_f + U_f x(t) + W_f h(t-1) + p_f s(t-1))       (10.40) with a peephole
 *     g(t) = sigmoid(b_g + U_g x(t) + W_g h(t-1) + p_g s(t-1))       (10.42) with a peephole
 *     s(t) = f(t) s(t-1) + g(t) tanh(b_i + U_i x(t) + W_i h(t-1))    (10.41), tanh for its sigmoid
 *     q(t) = sigmoid(b_q + U_q x(t) + W_q h(t-1) + p_q s(t))         (10.44) with a peephole
 *     h(t) = tanh(s(t)) q(t)                                         (10.43)
 *
 * Section 10.10.1 names the three extra parameters without their equations; these are those of Graves (2013),
 * (7) to (11).
 *
 * Input x [input]; state h, s [hidden]; output h(t) [hidden]. Parameters U [input, 4 hidden], W [hidden, 4
 * hidden], b [4 hidden] in the gate order f, g, i, q; p [3 hidden] in the order f, g, q. As in `lstm` at the
 * start, with p zero: it begins as the LSTM without peepholes.
 *
 * @see Gers, Schmidhuber (2000), "Recurrent nets that time and count"; Graves (2013), "Generating sequences
 * with recurrent neural networks"
 * @example
 * const cell = peepholeLstm({ input: 3, hidden: 4 });
 * const { output } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2])); // [6, 4]
 */
export const peepholeLstm = defineCell({
  name: "peepholeLstm",
  settings: lstmKinds,
  inputs: ({ input }: LstmConfig): { x: Shape } => ({ x: [input] }),
  state: ({ hidden }): { h: Shape; s: Shape } => ({ h: [hidden], s: [hidden] }),
  params: ({ input, hidden, forgetBias = 1 }) => ({
    U: glorot(input, hidden, { gates: 4 }),
    W: orthogonal(hidden, hidden, { gates: 4 }),
    b: gateBias(hidden, [forgetBias, 0, 0, 0]),
    p: zerosInit(3 * hidden),
  }),
  step({ x, h, s }, { U, W, b, p }) {
    const [f, g, i, q] = gates(add(add(matmul(x, U), b), matmul(h, W)), 4);
    const [pf, pg, pq] = gates(p, 3);
    const forget = sigmoid(add(f, mul(pf, s)));
    const write = sigmoid(add(g, mul(pg, s)));
    const kept = add(mul(forget, s), mul(write, tanh(i)));
    const out = mul(tanh(kept), sigmoid(add(q, mul(pq, kept))));
    return { state: { h: out, s: kept }, output: out };
  },
});
